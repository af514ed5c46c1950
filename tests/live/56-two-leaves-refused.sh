#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two leaves that are not accepted: by policy, by their vouching, by date; pins of either key;
# and what foreign clients and servers see of them.
. "$(dirname "$0")/lib.sh"

ladder office
member_split source office
member_split target office
member_split other office
listen target

spki() { jq -r "$2.spki_sha256" < <(pg "$1" identity show --json); }
vouch=$scratch/source/identity/current/vouch
cp "$vouch" "$scratch/vouch"

# ---- policy ome, on whichever side ----
refused source target leaves source -- --policy ome
check 'it says so by name' grep -q PGP1035 <(pg source pair "$(at target)" --policy ome)
listen other --policy ome
refused source other leaves source
check 'and the listener told it' event_seen other 'any(.findings[]?; .id == "PGP1035")'
listen_end other

# ---- the vouching ----
sed -i /^client/d "$vouch"
refused source target leaves source
check 'missing' grep -q PGP1200 <(pg source pair "$(at target)")
cp "$scratch/other/identity/current/vouch" "$vouch"
refused source target leaves source
check 'that of another appliance' grep -q PGP1201 <(pg source pair "$(at target)")
{ sed -n 's/^client/server/p' "$scratch/vouch"; sed -n 's/^server/client/p' "$scratch/vouch"; } >"$vouch"
refused source target leaves source
check 'the other way round' grep -q PGP1201 <(pg source pair "$(at target)")
pg source doctor --json >"$out" </dev/null || true
check 'doctor says so too' jq -e 'any(.findings[]; .id == "PGP1201")' "$out"
cp "$scratch/vouch" "$vouch"
pairs source target

# ---- the leaf that is not presented counts as much ----
agent old
request old --purpose server
leaf_sign office "$scratch/old.csr" "$scratch/old.server.pem" eku=serverAuth \
    at='2020-01-01 00:00:00' days=30
request old --purpose client
leaf_sign office "$scratch/old.csr" "$scratch/old.client.pem" eku=clientAuth
must old chain upload "$scratch/old.server.pem" "$scratch/old.client.pem"
refused old target validity source
check 'the finding says which leaf' grep -q 'server leaf: ' <(pg old pair "$(at target)")

# ---- pins: the key that is presented ----
pairs source target --pin "$(spki target '')"
run 1 source pair "$(at target)" --pin "$(spki target .client)"
check 'the key of the leaf that is not presented is no pin' grep -q PGP1022 "$out"

# ---- foreign eyes ----
hello()
{
    (printf 'POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}' && sleep 1) |
        timeout 15 openssl s_client -quiet -tls1_3 -connect "$(at target)" -cert_chain "$scratch/f.chain.pem" \
            -cert "$1" -key "$scratch/f.key" 2>/dev/null
}
foreign f office eku=clientAuth
check 'openssl s_client with a client leaf alone: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(hello "$scratch/f.leaf.pem")
leaf_sign office "$scratch/f.csr" "$scratch/f.server.pem" eku=serverAuth
check 'and with a server leaf: HTTP 4xx' \
    grep -qE '^HTTP/1\.1 4' <(hello "$scratch/f.server.pem.leaf")
openssl s_client -tls1_3 -connect "$(at target)" -cert "$scratch/f.leaf.pem" -key "$scratch/f.key" \
    </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 >"$scratch/seen" || true
equal 'a client sees the server leaf' \
    "$(openssl x509 -in "$scratch/target.server.pem" -noout -fingerprint -sha256)" "$(cat "$scratch/seen")"
key_new "$scratch/plain.key" ec
openssl req -x509 -new -key "$scratch/plain.key" -subj /CN=plain -days 30 -out "$scratch/plain.pem"
openssl s_server -tls1_3 -accept 127.0.0.1:0 -cert "$scratch/plain.pem" -key "$scratch/plain.key" \
    -Verify 5 -verify_return_error -verify_quiet -naccept 1 -CAfile "$scratch/ca/office-root/cert.pem" \
    -purpose sslclient >"$scratch/server.log" 2>&1 < <(sleep 5) &
server=$!
port=$(server_port "$scratch/server.log") || die 'openssl s_server listens'
pg source pair "127.0.0.1:$port" >"$out" 2>"$err" </dev/null || true
kill "$server" 2>/dev/null || true
wait "$server" 2>/dev/null || true
sed -n '/BEGIN CERT/,/END CERT/p' "$scratch/server.log" >"$scratch/seen.pem"
equal 'a server sees the client leaf, and takes it for a client' \
    "$(openssl x509 -in "$scratch/source.client.pem" -noout -fingerprint -sha256)" \
    "$(openssl x509 -in "$scratch/seen.pem" -noout -fingerprint -sha256)"
listen_end target
