#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An identity of two leaves, as an administrator makes, sees, renews and undoes it.
. "$(dirname "$0")/lib.sh"

ladder office
ladder stranger Stranger-Root Stranger-Inter
agent node

leaf_of() { jq -r ".chain.ladder[0].leaves.$1.spki_sha256" "$out"; }
key_in() { openssl pkey -in "$scratch/node/identity/current/$1" -pubout -outform DER | sha256sum | cut -d' ' -f1; }
current() { readlink "$scratch/node/identity/current"; }

# ---- two requests, two answers, one upload ----
request node --purpose server
server_request=$(pg node request list --json | jq -r '.requests[-1].id')
leaf_sign office "$scratch/node.csr" "$scratch/server.pem" eku=serverAuth
request node --purpose client
client_request=$(pg node request list --json | jq -r --arg other "$server_request" \
    ".requests[].id | select(. != \$other)")
leaf_sign office "$scratch/node.csr" "$scratch/client.pem" eku=clientAuth
run 1 node chain upload "$scratch/server.pem"
check 'half of it is refused by name' grep -q leaf-eku "$out"
run 1 nobody chain check --policy ome "$scratch/server.pem" "$scratch/client.pem"
check 'policy ome keeps the single leaf' grep -q 'PGP1035 leaves' "$out"
run 0 nobody chain check --json "$scratch/client.pem" "$scratch/server.pem"
equal 'no finding' '[]' "$(jq -c .findings "$out")"
run 0 node chain upload --json "$scratch/client.pem" "$scratch/server.pem"
equal 'both requests are answered' "$server_request $client_request" \
    "$(jq -r '"\(.request) \(.client_request)"' "$out")"
equal 'the ladder has three rungs' 3 "$(jq '.chain.ladder | length' "$out")"
run 0 node chain upload "$scratch/server.pem" "$scratch/client.pem"
check 'the same again changes nothing' grep -q 'nothing has changed' "$out"

# ---- shown ----
run 0 node chain show --json
equal 'the server leaf has its key' "$(key_in key.pem)" "$(leaf_of server)"
equal 'and the client leaf its own' "$(key_in client-key.pem)" "$(leaf_of client)"
equal 'key files are for the owner alone' '600 600' \
    "$(stat -c %a "$scratch/node/identity/current/"{,client-}key.pem | paste -sd ' ')"
run 0 node chain show
equal 'the text has two leaves' 2 "$(grep -cE '^   0  .*, (server|client)$' "$out")"
run 0 node chain show --ladder
equal 'and so have the two columns' 2 "$(grep -c '^node.example.com' "$out")"
run 0 node identity show
equal 'identity show has both keys' 2 "$(grep -c 'SHA-256 ' "$out")"
run 0 node identity show --json
equal 'and so has its JSON' "$(key_in client-key.pem)" "$(jq -r .client.spki_sha256 "$out")"
pg node doctor --json >"$out" || true
equal 'doctor looks at both' 2 "$(jq '.identity.rungs[0].leaves | length' "$out")"
check_not 'and finds no fault with them' jq -e 'any(.findings[]; .severity == "error")' "$out"
check 'openssl verifies the server leaf for servers' openssl verify -purpose sslserver \
    -CAfile "$scratch/ca/office/chain.pem" "$scratch/node/identity/current/chain.pem"
check 'and the client leaf for clients' openssl verify -purpose sslclient \
    -CAfile "$scratch/ca/office/chain.pem" "$scratch/node/identity/current/client-chain.pem"

# ---- kept, undone, restored ----
two=$(current)
run 0 node identity self-sign --replace-chain
check_not 'a self-signed identity has one leaf' test -e "$scratch/node/identity/current/client-key.pem"
run 0 node chain undo
equal 'undo brings both back' "$two" "$(current)"
run 0 node identity restore 1
run 0 node identity restore "$two"
run 0 node identity backups --json
equal 'backups know both' true "$(jq ".identities[] | select(.identity == $two) | has(\"client\")" "$out")"
printf 'a long passphrase\n' >"$scratch/pass"
chmod 600 "$scratch/pass"
run 0 node identity encrypt-key --passphrase-file "$scratch/pass"
check 'both keys are encrypted at rest' test 2 = \
    "$(grep -l ENCRYPTED "$scratch/node/identity/$two/"*key.pem | wc -l)"
run 0 node identity decrypt-key
rm "$scratch/node/identity/$two/client-key.pem"
cp "$scratch/node/identity/$two/key.pem" "$scratch/node/identity/$two/client-key.pem"
run 0 node identity restore 1
run 2 node identity restore "$two"
check 'a client key that is another one is damage' grep -q PGC2021 "$err"

# ---- one of the two renewed ----
agent node2
enrol_split node2 office
server_before=$(pg node2 identity show --json | jq -r .spki_sha256)
request node2 --purpose client
leaf_sign office "$scratch/node2.csr" "$scratch/renewed.pem" eku=clientAuth
run 1 node2 chain upload "$scratch/renewed.pem"
run 64 node2 chain upload --client --server "$scratch/renewed.pem"
run 0 node2 chain upload --client "$scratch/renewed.pem"
run 0 node2 identity show --json
equal 'the server leaf stays' "$server_before" "$(jq -r .spki_sha256 "$out")"
equal 'the client leaf is the new one' \
    "$(openssl x509 -in "$scratch/renewed.pem" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)" \
    "$(jq -r .client.spki_sha256 "$out")"
openssl x509 -in "$scratch/renewed.pem" -out "$scratch/renewed.leaf.pem"
run 0 node2 store create partners
run 0 node2 trust import --store partners --alias own "$scratch/renewed.leaf.pem"
run 1 node2 trust remove -y --store partners own
check "the client leaf's certificate is the system's own too" grep -q PGC4003 "$err"
request node2 --purpose server
leaf_sign stranger "$scratch/node2.csr" "$scratch/strange.pem" eku=serverAuth
run 1 node2 chain upload --server "$scratch/strange.pem"
check 'two leaves need one ladder' grep -q 'complete\|extra' "$out"

# ---- brought along ----
foreign s office eku=serverAuth
foreign c office eku=clientAuth
run 1 node2 identity import --cert "$scratch/s.pem" --cert "$scratch/c.leaf.pem" --key "$scratch/s.key"
check 'each leaf needs its key' grep -q PGC2022 "$err"
run 0 node2 identity import --cert "$scratch/s.pem" --cert "$scratch/c.leaf.pem" \
    --key "$scratch/c.key" --key "$scratch/s.key"
run 0 node2 identity show --json
equal 'two keys come along' true "$(jq '.imported and has("client")' "$out")"
