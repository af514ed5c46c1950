#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Chains of 11 and of 100 certificates are refused within the handshake's deadline.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
address=$(at target)

for n in 11 100; do
    long_ladder "long$n" "$n" ec
    foreign "client$n" "long$n"
    equal "$n certificates" "$n" "$(grep -c '^-----BEGIN CERT' "$scratch/client$n.pem")"
    leaf_sign "long$n" "$scratch/source.csr" "$scratch/source-$n.pem"
    run 1 source chain upload "$scratch/source-$n.pem" --json

    # As a client of the listener.
    started=$SECONDS
    timeout 30 curl -sk --cert "$scratch/client$n.leaf.pem" --key "$scratch/client$n.key" \
        -o "$scratch/answer" -X POST --data '{}' "https://$address/pairgate/v1/pairing/hello" || true
    (printf 'POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}' && sleep 20) |
        timeout 30 openssl s_client -quiet -tls1_3 -connect "$address" -no_ign_eof \
            -cert "$scratch/client$n.leaf.pem" -key "$scratch/client$n.key" \
            -cert_chain "$scratch/client$n.chain.pem" >"$scratch/answer" 2>/dev/null &
    client=$!
    if wait_for 15 process_has_ended "$client"; then
        ok "$n certificates: the listener ends the connection"
        check_not "$n certificates: no good answer" grep -qE '^HTTP/1\.1 2' "$scratch/answer"
    else
        not_ok "$n certificates: the connection is still open after $((SECONDS - started)) s" \
            "$scratch/answer"
        kill "$client" 2>/dev/null || true
    fi
    pairs source target

    # As a server that the source dials.
    openssl s_server -accept 127.0.0.1:0 -tls1_3 -Verify 20 -cert "$scratch/client$n.leaf.pem" \
        -key "$scratch/client$n.key" -cert_chain "$scratch/client$n.chain.pem" \
        >"$scratch/server$n" 2>&1 </dev/zero &
    server=$!
    port=$(server_port "$scratch/server$n") || die 'openssl s_server starts'
    started=$SECONDS
    status=0
    pg source pair "127.0.0.1:$port" --json >"$out" 2>"$err" </dev/null || status=$?
    kill "$server" 2>/dev/null || true
    check "$n certificates of a server: not paired" test "$status" = 1 -o "$status" = 2
    check "$n certificates of a server: within the deadline" test $((SECONDS - started)) -le 45
done

# An agent that presents eleven all the same is told why.
leaf_sign long11 "$scratch/source.csr" "$scratch/source-11.pem"
plant source "$scratch/source-11.pem"
run 1 source pair "$address" --json
check 'eleven certificates of an agent break depth' finding_in "$out" depth
nothing_moved target source
listen_end target
