#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TLS 1.3 or nothing; no tickets.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
foreign stranger office
listen target
address=$(at target)
cert=(-cert "$scratch/stranger.leaf.pem" -key "$scratch/stranger.key"
    -cert_chain "$scratch/stranger.chain.pem")

# client_hello OPTION...: true when openssl says that a handshake was completed.
client_hello()
{
    timeout 15 openssl s_client -connect "$address" "${cert[@]}" "$@" </dev/null \
        >"$scratch/hello" 2>&1 || true
    grep -qE '^New, TLSv1\.[0-9], Cipher is [A-Z]' "$scratch/hello"
}

check_not 'TLS 1.2 is refused' client_hello -tls1_2
check_not 'TLS 1.1 is refused' client_hello -tls1_1 -cipher 'ALL:@SECLEVEL=0'
check 'TLS 1.3 gets through the handshake' client_hello -tls1_3
check_not 'and gets no session ticket' grep -q 'New Session Ticket\|NewSessionTicket' "$scratch/hello"
check_not 'curl with TLS 1.2 gets no answer' curl -sk --max-time 15 --tls-max 1.2 \
    --cert "$scratch/stranger.pem" --key "$scratch/stranger.key" "https://$address/"
pairs source target

# The other way round: the source does not talk TLS 1.2 to a target.
openssl s_server -accept 127.0.0.1:0 -tls1_2 -Verify 1 -cert "$scratch/stranger.leaf.pem" \
    -key "$scratch/stranger.key" -cert_chain "$scratch/stranger.chain.pem" \
    >"$scratch/server" 2>&1 </dev/zero &
server=$!
if port=$(server_port "$scratch/server"); then
    status=0
    pg source pair "127.0.0.1:$port" --json >"$out" 2>"$err" </dev/null || status=$?
    check 'the source refuses a TLS 1.2 target' test "$status" = 1 -o "$status" = 2
else
    not_ok 'openssl s_server starts' "$scratch/server"
fi
kill "$server" 2>/dev/null || true
nothing_moved target source
listen_end target
