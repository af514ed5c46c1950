#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No number that a peer says becomes the size of a request for memory before it has met its limit:
# the largest one that the worker makes is that of a pairing, whatever is announced.
. "$(dirname "$0")/faultpoints.sh"

foreign client office
under scarce
listen target
port=${listener_port[target]}
number_of_largest=6

# largest: of the worker, in bytes.
largest() { number target "$number_of_largest"; }

# begins BYTES...: what a client of TLS begins with; closed when nobody answers.
begins()
{
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    { printf '%b' "$1" && head -c 65536 /dev/zero; } >&5 2>/dev/null || true
    timeout 20 cat <&5 >/dev/null || true
    exec 5<&-
}

# says TEXT: within TLS, with a certificate of the same CA.
says()
{
    { printf '%b' "$1" && sleep 1; } | timeout 20 openssl s_client -quiet -tls1_3 \
        -connect "127.0.0.1:$port" -cert "$scratch/client.leaf.pem" -key "$scratch/client.key" \
        -cert_chain "$scratch/client.chain.pem" >>"$scratch/answers" 2>/dev/null || true
}

pairs source target
code target
migrate first || die 'a migration succeeds'
usual=$(largest)
check "the usual one is seen: $usual bytes" test "$usual" -ge 4194304 -a "$usual" -lt 8388608

begins '\x16\x03\x01\xff\xff\x01\xff\xff\xff'
begins '\x16\x03\x01\x40\x00\x01\xff\xff\xff'
begins '\x16\x03\x01\x00\x2c\x01\x00\x00\x28\x03\x03'
post='POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: x\r\n'
put='PUT /pairgate/v1/migrations/m-x/generations/4294967295/segments/4294967295 HTTP/1.1\r\nHost: x\r\n'
for length in 524289 4194304 4294967295 9223372036854775807 18446744073709551615 99999999999999999999; do
    says "${post}Content-Length: $length\r\n\r\n{"
    says "${put}Content-Length: $length\r\nPairgate-Length: $length\r\nContent-Encoding: zstd\r\n\r\n\x28"
done
says "${post}Content-Length: 60\r\n\r\n{\"role\":\"source\",\"duration_s\":99999999999999999999,\"x\":[[[[["
check 'they were answered' grep -q '^HTTP/1.1 4' "$scratch/answers"
check_not 'and none well' grep -q '^HTTP/1.1 2' "$scratch/answers"
equal 'no request for memory was larger than the usual ones' "$usual" "$(largest)"
pairs source target
listen_end target
