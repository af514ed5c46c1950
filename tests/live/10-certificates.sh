#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From init to an uploaded chain as an administrator does it, with openssl as the CA: requests,
# checks, refusals that change nothing, undo, anchors, the built-in CA, kill -9 at any moment.
. "$(dirname "$0")/lib.sh"

# shows SENTENCE TEXT...: the last command printed each of them.
shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

# state_of NAME: everything that an upload could have changed.
state_of()
{
    (cd "$scratch/$1" && find identity trust -type l -printf '%p -> %l\n' \
        -o -type f -exec sha256sum {} + 2>/dev/null | sort) || true
}

# unchanged NAME BEFORE SENTENCE
unchanged() { equal "$1: $3" "$2" "$(state_of "$1")"; }

identity_of() { readlink "$scratch/$1/identity/current"; }

anchors_of() { pg "$1" trust list --json | jq -r '.anchors[].issued_to'; }

# ---- init ----
run 2 node identity show
run 2 node request new
run 64 node init --name '*.example.com'
run 64 node init --name node.example.com --key dsa
check_not 'wrong usage makes no state' test -e "$scratch/node"
run 0 node init --name node.example.com
shows 'init says who it is' node.example.com 'self-signed' 'chain upload'
run 2 node init --name node.example.com
shows 'a second init is refused' PGA2001
equal 'the state is for its owner alone' 700 "$(stat -c %a "$scratch/node")"
equal 'the key is for its owner alone' 600 "$(stat -c %a "$scratch/node/identity/1/key.pem")"
run 0 node identity show --json
equal 'identity show' 'node.example.com self-signed 1' \
    "$(jq -r '"\(.name) \(.origin) \(.identity)"' "$out")"
for key in p384 p521 rsa2048 rsa3072 ed25519; do
    run 0 "key-$key" init --name node.example.com --key "$key"
    check "openssl reads the key of $key" \
        openssl pkey -check -noout -in "$scratch/key-$key/identity/current/key.pem"
done

# ---- requests ----
request node
equal 'the PEM alone is on standard output' "$(cat "$scratch/node.csr")" "$(cat "$out")"
shows 'the explanation says where the request is' requests/ request.pem 'chain upload'
check 'openssl verifies the request' openssl req -in "$scratch/node.csr" -verify -noout
equal 'the alternatives are in the order given' \
    'DNS:node.example.com, IP Address:127.0.0.1' \
    "$(openssl req -in "$scratch/node.csr" -noout -text | grep -A1 'Alternative' | tail -n 1 | sed 's/^ *//')"
first=$(pg node request list --json | jq -r '.requests[0].id')
cp "$scratch/node.csr" "$scratch/first.csr"
request node --o 'Exemple, S.A.' --c FR --l 'Évry'
cp "$scratch/node.csr" "$scratch/second.csr"
equal 'the subject is what was asked for' \
    'subject=C=FR,L=Évry,O=Exemple, S.A.,CN=node.example.com' \
    "$(openssl req -in "$scratch/second.csr" -noout -subject -nameopt utf8,sep_comma_plus)"
run 0 node request list --json
equal 'both requests are kept' 2 "$(jq '.requests | length' "$out")"
run 0 node request show "$first"
equal 'a request is shown again' "$(cat "$scratch/first.csr")" "$(cat "$out")"
run 0 node request new --json
check 'JSON has the request' jq -e '.id and (.request | startswith("-----BEGIN"))' "$out"
run 0 node request drop "$(jq -r .id "$out")"
run 2 node request drop 00000000
run 2 node request drop ../identity
run 2 node request show nonsense
run 1 node request new --cn '*.example.com'
shows 'a wildcard is no name' PGC2012 Remedy
run 64 node request new --cn a --c fr
run 64 node request new --cn a --san 'IP:host'
run 64 node request new --cn a --purpose clock
run 64 node request new --cn a --key rsa1024
run 0 node request list --json
equal 'refused requests leave nothing' 2 "$(jq '.requests | length' "$out")"

# ---- chain check: no state, no network ----
ladder office
leaf_sign office "$scratch/first.csr" "$scratch/first.pem"
leaf_sign office "$scratch/second.csr" "$scratch/second.pem"
run 0 nobody chain check "$scratch/first.pem"
shows 'the verdict comes first' 'Accepted under policy default: 3 certificates.'
shows 'the ladder' 'Issued To' 'CA1-Inter' 'CA-Racine' 'No findings.'
run 0 nobody chain check --json "$scratch/first.pem"
check 'the JSON is that of the contract' jq -e '.accepted == true and .policy == "default" and
    .chain.count == 3 and (.chain.ladder | length) == 3 and .findings == [] and
    (.chain.ladder[0] | keys) == ["issued_by","issued_to","not_after","not_before","sha256","spki_sha256"]' "$out"
equal 'the SHA-256 is that of openssl' \
    "$(openssl x509 -in "$scratch/first.pem" -outform DER | sha256sum | cut -d' ' -f1)" \
    "$(jq -r '.chain.ladder[0].sha256' "$out")"
run 0 nobody chain check --request "$scratch/first.csr" "$scratch/first.pem"
run 1 nobody chain check --json --request "$scratch/second.csr" "$scratch/first.pem"
check 'the finding has every field' jq -e '.accepted == false and (.findings[0] |
    .id and .rule == "request-key" and .severity == "error" and .rung == 0 and .message and
    .detail and .remedy and .ome.id == "CGEN1008" and .ome.args == ["Invalid CSR key."])' "$out"
# shellcheck disable=SC2016 # the inner shell expands them
check 'a chain comes through a pipe' sh -c 'cat "$1" | "$2" chain check -' - \
    "$scratch/first.pem" "$PAIRGATE"
leaf_sign office "$scratch/first.csr" "$scratch/server.pem" eku=serverAuth
run 1 nobody chain check "$scratch/server.pem"
shows 'a refusal says why and what to do' 'Refused under policy default' leaf-eku Remedy
run 1 nobody chain check --at 2099-01-01T00:00:00Z --policy strict "$scratch/first.pem"
run 0 nobody chain check --at 2099-01-01T00:00:00Z "$scratch/first.pem"
shows 'dates are a warning at upload' 'warning: '
check_not 'chain check makes no state' test -e "$scratch/nobody"
run 2 nobody chain check "$scratch/no-such-file"
run 2 nobody chain check --request "$scratch/no-such-file" "$scratch/first.pem"
run 1 nobody chain check --request "$scratch/first.pem" "$scratch/first.pem"
run 2 nobody chain check "$scratch"

# ---- nonsense is refused, and nothing changes ----
before=$(state_of node)
printf 'nonsense\n' >"$scratch/bad-text"
: >"$scratch/bad-empty"
head -c 5000 /dev/urandom >"$scratch/bad-random"
openssl x509 -in "$scratch/first.pem" -outform DER -out "$scratch/bad-der"
head -c 900 "$scratch/first.pem" >"$scratch/bad-cut"
cat "$scratch/first.pem" "$scratch/node/identity/1/key.pem" >"$scratch/bad-key"
cp "$scratch/first.pem.leaf" "$scratch/bad-incomplete"
cp "$scratch/first.csr" "$scratch/bad-request"
head -c 2000000 /dev/zero | tr '\0' 'A' >"$scratch/bad-large"
for bad in "$scratch"/bad-*; do
    run 1 node chain upload "$bad"
    shows 'every refusal is told' 'Nothing has changed.' Remedy
    run 1 node chain upload "$bad" --json
    check 'and in JSON' jq -e '.accepted == false and .identity == null and
        (.findings | length) > 0' "$out"
done
run 1 node chain upload "$scratch/server.pem"
run 2 node chain upload "$scratch/no-such-file"
foreign stranger office
run 1 node chain upload "$scratch/stranger.pem"
shows 'another key is refused' request-key
unchanged node "$before" 'no refusal changed anything'

# ---- upload, two pending requests, undo ----
run 0 node chain upload "$scratch/second.pem"
shows 'upload says what it did' 'Installed as identity 2' 'trust anchor' 'chain undo'
equal 'the root is an anchor' CA-Racine "$(anchors_of node)"
equal 'the key of the second request came along' \
    "$(openssl req -in "$scratch/second.csr" -pubkey -noout)" \
    "$(openssl pkey -in "$scratch/node/identity/current/key.pem" -pubout)"
run 0 node request list --json
equal 'the request is marked, and both are kept' '2 true' \
    "$(jq -r --arg first "$first" '[.requests[] | select(.used != null) | .id] as $used |
        "\(.requests | length) \(($used | length) == 1 and $used[0] != $first)"' "$out")"
run 0 node chain upload "$scratch/second.pem"
shows 'the same again changes nothing' 'nothing has changed'
equal 'the same again is the same identity' 2 "$(identity_of node)"
run 0 node chain show --ladder
equal 'the ladder has two columns' 'node.example.com CA1-Inter|CA1-Inter CA-Racine|CA-Racine CA-Racine|' \
    "$(tail -n +2 "$out" | tr -s ' ' | tr '\n' '|')"
run 0 node chain upload "$scratch/first.pem"
equal 'the older request is answered too' 3 "$(identity_of node)"
run 0 node chain undo
equal 'undo goes back' 2 "$(identity_of node)"
run 0 node chain undo
equal 'undo goes back to the first' 1 "$(identity_of node)"
equal 'the anchor went with the chain' '' "$(anchors_of node)"
unchanged_key=$(openssl pkey -in "$scratch/node/identity/current/key.pem" -pubout | sha256sum)
run 2 node chain undo
shows 'there is an end' PGC2023
equal 'the first identity is untouched' "$unchanged_key" \
    "$(openssl pkey -in "$scratch/node/identity/current/key.pem" -pubout | sha256sum)"
run 0 node chain upload "$scratch/first.pem"
run 0 node chain show --json
equal 'a chain can come back' 'chain 3' "$(jq -r '"\(.origin) \(.chain.count)"' "$out")"

# A new certificate for the key in use needs no request.
openssl req -new -key "$scratch/node/identity/current/key.pem" -subj /CN=node.example.com \
    -addext subjectAltName=DNS:node.example.com -out "$scratch/renew.csr"
pg node request drop "$first" >/dev/null
leaf_sign office "$scratch/renew.csr" "$scratch/renew.pem"
run 0 node chain upload "$scratch/renew.pem"
shows 'a renewal with the same key' 'Installed as identity'

# ---- anchors ----
mkdir -p "$scratch/ca/twin"
ca_new twin-root CA-Racine
ca_new twin CA1-Inter twin-root
leaf_sign twin "$scratch/renew.csr" "$scratch/twin.pem"
before=$(state_of node)
run 1 node chain upload "$scratch/twin.pem"
shows 'a root of the same name with another key needs a word' PGC2030 --confirm-anchor
unchanged node "$before" 'a twin changed nothing'
run 1 node trust import "$scratch/ca/twin-root/cert.pem"
run 0 node trust import --confirm-anchor "$scratch/ca/twin-root/cert.pem"
run 0 node trust import "$scratch/ca/twin-root/cert.pem"
equal 'there are two anchors of one name' $'CA-Racine\nCA-Racine' "$(anchors_of node)"
twin=$(openssl x509 -in "$scratch/ca/twin-root/cert.pem" -outform DER | sha256sum | cut -c 1-64)
run 0 node trust show "$twin"
check 'trust show prints the certificate' openssl x509 -in "$out" -noout
run 0 node trust remove -y "${twin:0:12}"
equal 'one anchor is left' CA-Racine "$(anchors_of node)"
run 2 node trust remove "$twin"
run 2 node trust remove nothex
run 64 node trust remove "${twin:0:4}"
own=$(pg node trust list --json | jq -r '.anchors[0].sha256')
run 1 node trust remove "$own"
shows 'the own root goes with the chain' PGC2035
run 1 node trust import "$scratch/first.pem"
run 1 node trust import "$scratch/first.pem.leaf"
shows 'a leaf is no anchor' PGC2032
run 1 node trust import "$scratch/bad-text"
run 0 node chain upload --confirm-anchor "$scratch/twin.pem"
equal 'the confirmed chain brought its own root' "$twin" \
    "$(pg node trust list --json | jq -r '.anchors[0].sha256')"

# ---- a single certificate ----
run 1 node certificate upload "$scratch/renew.pem"
shows 'a chain is pointed to chain upload' 'chain upload'
leaf_sign office "$scratch/renew.csr" "$scratch/single.pem" eku=serverAuth
run 0 node certificate upload "$scratch/single.pem.leaf"
equal 'a single certificate brings no anchor' '' "$(anchors_of node)"
run 0 node chain undo

# ---- wrong states ----
chmod 755 "$scratch/node"
run 2 node identity show
shows 'an open state names the remedy' PGA1004 'chmod 700'
chmod 700 "$scratch/node"
previous=$(pg node identity show --json | jq .previous)
chmod 644 "$scratch/node/identity/$previous/key.pem"
before=$(state_of node)
run 2 node chain undo
shows 'an open key is named' PGB1013 'chmod 600'
unchanged node "$before" 'no step back to an open key'
chmod 600 "$scratch/node/identity/$previous/key.pem"
run 0 node identity show
mkdir "$scratch/empty" && chmod 700 "$scratch/empty"
run 2 empty chain upload "$scratch/first.pem"
shows 'no identity: init' PGA1002 'pairgate init'

# ---- the built-in CA ----
run 2 authority ca show
run 2 authority ca issue --request "$scratch/renew.csr"
run 0 authority ca init --name 'Built-in Root' --intermediate --key p384
shows 'ca init' 'Built-in Root issuing' root-key.pem
run 2 authority ca init --name Other
run 0 authority ca issue --request "$scratch/second.csr" --out "$scratch/issued.pem"
csplit -s -z -f "$scratch/part-" "$scratch/issued.pem" '/-----BEGIN/' '{*}'
for purpose in sslserver sslclient; do
    check "openssl verifies strictly for $purpose" openssl verify -x509_strict \
        -purpose "$purpose" -CAfile "$scratch/part-02" -untrusted "$scratch/part-01" \
        "$scratch/part-00"
done
run 0 node chain upload "$scratch/issued.pem"
run 0 authority ca issue --request "$scratch/second.csr" --days 30 --json
equal 'the whole chain is in the answer' 3 "$(jq -r .pem "$out" | grep -c BEGIN)"
run 64 authority ca issue --request "$scratch/second.csr" --days 0
run 64 authority ca issue
run 1 authority ca issue --request "$scratch/first.pem"
openssl req -new -newkey rsa:1024 -nodes -keyout "$scratch/weak.key" -subj '/CN=*.example.com' \
    -out "$scratch/weak.csr" 2>/dev/null
run 1 authority ca issue --request "$scratch/weak.csr"
shows 'what the rules refuse is not issued' 'Not issued' algorithm common-name
check_not 'and nothing is printed' test -s "$out"
run 1 authority ca issue --request "$scratch/weak.csr" --json
check 'the same in JSON' jq -e '.accepted == false and .pem == null' "$out"
sed '3s/./A/5' "$scratch/second.csr" >"$scratch/tampered.csr"
run 1 authority ca issue --request "$scratch/tampered.csr"

# ---- kill -9 at any moment of an upload ----
member killed office
cp "$scratch/killed.pem" "$scratch/one.pem"
request killed
leaf_sign office "$scratch/killed.csr" "$scratch/two.pem"
one=$(openssl x509 -in "$scratch/one.pem" -outform DER | sha256sum | cut -c 1-64)
two=$(openssl x509 -in "$scratch/two.pem" -outform DER | sha256sum | cut -c 1-64)
whole=0
new=0
for ((i = 0; i < 60; i++)); do
    if ((i % 2)); then file=$scratch/one.pem; else file=$scratch/two.pem; fi
    spawn killed "$scratch/killed.log" chain upload "$file"
    sleep "0.0$((RANDOM % 6))$((RANDOM % 10))"
    kill -KILL -- "-$spawned" 2>/dev/null || true
    wait "$spawned" 2>/dev/null || true
    seen=$(pg killed chain show --json | jq -r '.chain.ladder[0].sha256')
    key=$(openssl pkey -in "$scratch/killed/identity/current/key.pem" -pubout)
    if [[ $seen == "$one" || $seen == "$two" ]] && [[ $(anchors_of killed) == CA-Racine ]] &&
        [[ $key == "$(openssl x509 -in "$scratch/killed/identity/current/chain.pem" -pubkey -noout)" ]]; then
        whole=$((whole + 1))
    fi
    if [[ $seen == "$(openssl x509 -in "$file" -outform DER | sha256sum | cut -c 1-64)" ]]; then
        new=$((new + 1))
    fi
done
equal 'after each kill the identity is one of the two, whole' 60 "$whole"
printf 'of 60 killed uploads %d had been made\n' "$new"
run 0 killed chain upload "$scratch/one.pem"
run 0 killed chain upload "$scratch/two.pem"
equal 'and the next upload works' "$two" \
    "$(pg killed chain show --json | jq -r '.chain.ladder[0].sha256')"
equal 'nothing half-made is left' '' "$(find "$scratch/killed/identity" -name '*.new')"

# ---- two at once wait for each other ----
spawn killed "$scratch/a.log" chain upload "$scratch/one.pem"
a=$spawned
spawn killed "$scratch/b.log" chain upload "$scratch/two.pem"
b=$spawned
ends 0 "$a" 20 'one of two uploads at once'
ends 0 "$b" 20 'the other one'
