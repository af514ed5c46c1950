#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Clients that are not pairgate, with a good and with a bad certificate: a refusal in JSON and
# nothing else, whatever they ask for.
. "$(dirname "$0")/lib.sh"

ladder office
ladder stranger Stranger-Root Stranger-Inter
member source office
member target office
foreign good office
foreign bad stranger
foreign expired office at='2020-01-01 00:00:00' days=30
key_new "$scratch/alone.key" ec
openssl req -x509 -new -key "$scratch/alone.key" -subj /CN=alone -days 30 -out "$scratch/alone.pem"
cp "$scratch/alone.pem" "$scratch/alone.leaf.pem"
: >"$scratch/alone.chain.pem"
listen target
address=$(at target)

# asks NAME METHOD PATH [BODY]: $status and $scratch/answer of curl with that certificate.
asks()
{
    status=$(curl -sk --max-time 20 --cert "$scratch/$1.pem" --key "$scratch/$1.key" -X "$2" \
        ${4+--data-binary "$4"} -H 'Content-Type: application/json' -o "$scratch/answer" \
        -w '%{http_code}' "https://$address$3" || true)
}

v1=/pairgate/v1/
one=${v1}migrations/m-x/generations/1
for who in good bad expired alone; do
    for request in 'GET /' 'OPTIONS /' 'GET /../../etc/passwd' "GET ${v1}pairing/hello" \
        "DELETE ${v1}migrations/m-x" "POST ${v1}pairing/hello" "POST ${v1}pairing/nonce" \
        "POST ${v1}pairing/verdict" "POST ${v1}pairing/authorize" "GET ${v1}migrations/m-x" \
        "PUT $one/pages/0" "PUT $one/manifest" "GET $one/missing" "PUT $one/segments/0" \
        "POST ${v1}migrations/m-x/freeze" "POST ${v1}migrations/m-x/seal" \
        "POST ${v1}migrations/m-x/commit" "POST ${v1}migrations/m-x/countersign" \
        "POST ${v1}migrations/m-x/abort"; do
        read -r method path <<<"$request"
        rm -f "$scratch/answer"
        if [[ $method == GET ]]; then asks "$who" "$method" "$path"; else
            asks "$who" "$method" "$path" '{"version":1}'
        fi
        if [[ $status == 4?? && $(jq -r 'type' "$scratch/answer" 2>/dev/null) == object ]]; then
            ok "$who certificate, $request: refused with $status"
        else
            not_ok "$who certificate, $request: refused in JSON, got $status" "$scratch/answer"
        fi
    done
done

# through_openssl NAME: what openssl gets for a request.
through_openssl()
{
    (printf 'POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}' && sleep 2) |
        timeout 15 openssl s_client -quiet -tls1_3 -connect "$address" \
            -cert "$scratch/$1.leaf.pem" -key "$scratch/$1.key" \
            -cert_chain "$scratch/$1.chain.pem" 2>/dev/null
}
check 'openssl s_client with a good certificate: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(through_openssl good)
check 'openssl s_client with a bad certificate: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(through_openssl bad)

through_gnutls()
{
    cat "$scratch/$1.leaf.pem" "$scratch/$1.chain.pem" >"$scratch/$1.gnutls.pem"
    (printf 'POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}' && sleep 2) |
        timeout 15 gnutls-cli --insecure --x509certfile "$scratch/$1.gnutls.pem" \
            --x509keyfile "$scratch/$1.key" --port "${address##*:}" 127.0.0.1 2>&1
}
check 'gnutls-cli with a good certificate: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(through_gnutls good)
check 'gnutls-cli with a bad certificate: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(through_gnutls bad)

# A body larger than allowed, headers without end, a length that lies.
head -c 5000000 /dev/zero | tr '\0' ' ' >"$scratch/huge"
asks good POST /pairgate/v1/pairing/hello "@$scratch/huge"
check 'a body of 5 MB is refused' test "${status:0:1}" = 4 -o "$status" = 000
status=$(curl -sk --max-time 20 --cert "$scratch/good.pem" --key "$scratch/good.key" \
    -H "X-Long: $(head -c 40000 "$scratch/huge" | tr ' ' a)" -o "$scratch/answer" \
    -w '%{http_code}' "https://$address/" || true)
check 'a header block of 40 kB is refused' test "${status:0:1}" = 4 -o "$status" = 000

nothing_moved target
pairs source target
listen_end target
