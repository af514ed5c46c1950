#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Trust as an administrator of VECS, Usage Meter or Unified CM knows it: stores, lists, removal
# and its undoing, what is published and what that does to the store, one signed document from
# appliance to appliance, revocation lists.
. "$(dirname "$0")/lib.sh"

# shows SENTENCE TEXT...: the last command printed each of them.
shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

anchors_of() { pg "$1" trust list --json | jq -r '.anchors[].issued_to' | sort | paste -sd, -; }
sha256_of() { openssl x509 -in "$1" -outform DER | sha256sum | cut -c 1-64; }
sha1_of() { openssl x509 -in "$1" -outform DER | sha1sum | cut -c 1-40; }
ski_of() { openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | sed -n '2s/[ :]//gp'; }
sequence_of() { pg "$1" trust status --json | jq '[.lists[] | select(.publisher == null)][0].sequence'; }

# root NAME CN: $scratch/NAME.pem, a root of openssl's.
root()
{
    ca_new "$1" "$2"
    cp "$scratch/ca/$1/cert.pem" "$scratch/$1.pem"
}

# run_later DAYS STATUS NAME ARGUMENT...: the same that many days from now. faketime and the
# sanitizers do not go together.
run_later()
{
    local days=$1 want=$2 name=$3 got=0
    shift 3
    if is_sanitized; then return; fi
    PAIRGATE_STATE=$scratch/$name timeout -k 5 "$command_seconds" faketime "+$days days" \
        "$PAIRGATE" "$@" >"$out" 2>"$err" </dev/null || got=$?
    equal "$name: in $days days pairgate $* ends with $want" "$want" "$got"
}

ladder office
member node office
root custom 'Internal CA'
root proxy 'Proxy CA'

# ---- stores ----
run 0 node store list
equal 'the thirteen stores of VECS come first, in its order' \
    'MACHINE_SSL_CERT,TRUSTED_ROOTS,TRUSTED_ROOT_CRLS,machine,vsphere-webclient,vpxd,vpxd-extension,hvc,data-encipherment,APPLMGMT_PASSWORD,SMS,wcp,KMS_ENCRYPTION' \
    "$(sed -n '2,14p' "$out" | cut -d' ' -f1 | paste -sd, -)"
run 0 node store list --json
equal 'import into CAPF-trust is local, removal is not' 'local all' \
    "$(jq -r '.stores[] | select(.store == "CAPF-trust") | "\(.import_scope) \(.delete_scope)"' "$out")"
run 0 node store create partners
run 64 node store create partners
run 0 node audit show --json --kind trust
equal 'a store that is made is in the record, one that is not is not' 'create-store partners' \
    "$(jq -r 'select(.event == "create-store") | "\(.event) \(.subject)"' "$out")"
run 64 node store create machine
run 64 node store create ../identity
run 64 node store create CAPF-trust2
run 64 node trust list --store MACHINE_SSL_CRT
shows 'a near miss is told' 'did you mean MACHINE_SSL_CERT?'
run 64 node trust list --store machine_ssl_cert
shows 'names are case-sensitive' 'did you mean MACHINE_SSL_CERT?'
run 0 node trust list --store MACHINE_SSL_CERT --json
equal 'the identity is the entry of that store' '__MACHINE_CERT node.example.com' \
    "$(jq -r '.entries[] | "\(.alias) \(.issued_to)"' "$out")"
run 1 node trust remove -y --store MACHINE_SSL_CERT __MACHINE_CERT
shows 'a system identity is not removed' PGC4003

# ---- import, list, show ----
run 0 node trust import --alias custom-internal-certificate-authority "$scratch/custom.pem"
run 0 node trust import "$scratch/proxy.pem"
run 0 node trust list --text
check 'the alias is the SHA-1 of the certificate' grep -qx "Alias : $(sha1_of "$scratch/proxy.pem")" "$out"
shows 'the text has the key identifier' 'X509v3 Subject Key Identifier' \
    "$(openssl x509 -in "$scratch/custom.pem" -noout -ext subjectKeyIdentifier | sed -n '2s/ //gp')"
equal 'times are shown as YYYYMMDDHHMMSSZ' 3 "$(grep -cE 'Not After : [0-9]{14}Z$' "$out")"
run 0 node trust list --filter subject~internal --filter 'expired=no' --json
equal 'all criteria must hold' 1 "$(jq '.anchors | length' "$out")"
run 0 node trust list --filter subject~internal --filter origin=published --json
equal 'one that does not hold hides it' 0 "$(jq '.anchors | length' "$out")"
run 0 node trust list --filter "ski=$(ski_of "$scratch/proxy.pem")" --json
equal 'filters know the key identifier' 'Proxy CA' "$(jq -r '.anchors[].issued_to' "$out")"
run 64 node trust list --filter colour~red
run 64 node trust list --filter subject
for which in custom-internal-certificate-authority "$(sha256_of "$scratch/custom.pem")" \
    "$(sha1_of "$scratch/custom.pem")" "$(ski_of "$scratch/custom.pem")" 'Internal CA' \
    "$(sha256_of "$scratch/custom.pem" | cut -c 1-10)"; do
    run 0 node trust show "$which"
    equal "show finds $which" "$(sha256_of "$scratch/custom.pem")" "$(sha256_of "$out")"
done
check 'certtool reads it too' sh -c "certtool -i <'$out' | grep -q 'Internal CA'"
check 'the file of an anchor is one that openssl reads' openssl x509 -noout \
    -in "$scratch/node/trust/anchors/$(sha256_of "$scratch/custom.pem").pem"
run 1 node trust import --alias custom-internal-certificate-authority \
    --store partners "$scratch/ca/office/chain.pem"
shows 'one certificate a file' PGC2036
run 0 node trust import --store partners --alias balancer "$scratch/node.pem.leaf"
run 1 node trust import --store partners --alias balancer "$scratch/proxy.pem"
shows 'an alias stands for one certificate' PGC4004
run 1 node trust import --store partners --alias 'bad alias' "$scratch/proxy.pem"
run 1 node trust remove -y --store partners balancer
shows 'the certificate of the identity is no other store'"'"'s either' PGC4003
root imposter 'Internal CA'
run 1 node trust import "$scratch/imposter.pem"
shows 'a name with another key' PGC2030 --confirm
run 0 node trust import --confirm "$scratch/imposter.pem"
run 64 node trust show 'Internal CA'
shows 'a subject that two have is refused' 'more than one'

# ---- times (M-05) ----
openssl x509 -in "$scratch/proxy.pem" -outform DER -out "$scratch/time.der"
python3 - "$scratch/time.der" <<'END'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
i = b.index(b"\x17\x0d") + 14
b[i] = ord("z")
open(sys.argv[1], "wb").write(b)
END
openssl x509 -inform DER -in "$scratch/time.der" -out "$scratch/time.pem"
run 1 node trust import --store partners "$scratch/time.pem"
shows 'a time that is none is refused' PGC4005

# ---- remove and undo ----
proxy=$(sha256_of "$scratch/proxy.pem")
own=$(pg node trust list --json | jq -r '.anchors[] | select(.origin == "chain") | .sha256')
run 1 node trust remove "$proxy"
shows 'without a word nothing goes' PGA4001
got=0
printf 'yes\n' | pg node trust remove "$proxy" >"$out" 2>"$err" || got=$?
equal 'another word is no confirmation' 1 "$got"
equal 'and nothing changed' 'CA-Racine,Internal CA,Internal CA,Proxy CA' "$(anchors_of node)"
got=0
printf '%s\n' "${proxy:0:8}" | pg node trust remove "$proxy" >"$out" 2>"$err" || got=$?
equal 'the first digits are' 0 "$got"
shows 'what goes was shown' 'Proxy CA' "$proxy"
equal 'it is gone' 'CA-Racine,Internal CA,Internal CA' "$(anchors_of node)"
run 0 node trust list --removed --json
equal 'a tombstone is left' "$proxy" "$(jq -r '.removed[].sha256' "$out")"
run 0 node trust undo "$proxy"
equal 'undo brings it back' 'CA-Racine,Internal CA,Internal CA,Proxy CA' "$(anchors_of node)"
run 2 node trust undo "$proxy"
run 0 node trust remove -y "$proxy"
run_later 31 2 node trust undo "$proxy"
run 0 node trust import "$scratch/proxy.pem"
run 1 node trust remove -y "$own"
shows 'the own root goes with the chain' PGC2035
agent lonely
run 0 lonely trust import "$scratch/proxy.pem"
run 1 lonely trust remove -y "$proxy"
shows 'the last anchor stays' PGC4006

# ---- who depends on it ----
run 0 node trust import "$scratch/ca/office-root/cert.pem"
run 1 node trust remove -y "$own"
shows 'what depends on an anchor is named' PGA4002 'own chain (node.example.com)'
run 0 node trust remove -y --force "$own"
python3 - "$scratch/node/state.db" <<'END'
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
row = dict.fromkeys((c[1] for c in db.execute("PRAGMA table_info(grants)") if c[3]), "")
row |= dict.fromkeys((c[1] for c in db.execute("PRAGMA table_info(grants)") if c[2] == "INTEGER"), 0)
row |= dict.fromkeys((c[1] for c in db.execute("PRAGMA table_info(grants)") if c[2] == "BLOB"), b"")
row |= {"peer_name": "other.example.com", "expires": int(time.time()) + 3600}
db.execute("INSERT INTO grants (%s) VALUES (%s)" % (",".join(row), ",".join("?" * len(row))),
           list(row.values()))
db.commit()
END
run 1 node trust remove -y "$proxy"
shows 'a live pairing is named' PGA4002 'pairing with other.example.com'
run 0 node trust remove -y --force "$proxy"
run 0 node trust undo "$proxy"
python3 -c 'import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute("UPDATE grants SET revoked=1"); d.commit()' \
    "$scratch/node/state.db"

# ---- publish, refresh, the store follows (V-23) ----
root shared 'Shared CA'
shared=$(sha256_of "$scratch/shared.pem")
run 1 node trust publish "$scratch/ca/office/chain.pem"
shows 'a file with several needs a word' PGA4006 --chain
run 0 node trust publish --chain "$scratch/ca/office/chain.pem"
run 0 node trust publish "$scratch/shared.pem"
shows 'publish says the id' "$(ski_of "$scratch/shared.pem")"
run 0 node trust publish "$scratch/shared.pem"
shows 'once is enough' 'published already'
run 1 node trust publish --store partners "$scratch/shared.pem"
shows 'a store of our own is not published' PGC4013
run 1 node trust publish --store MACHINE_SSL_CERT "$scratch/shared.pem"
equal 'publishing alone changes no store' 0 \
    "$(pg node trust list --filter sha256="$shared" --json | jq '.anchors | length')"
run 0 node trust list --published
shows 'the listing is that of dir-cli' 'Number of certificates:' '#1:' 'CN(id):' 'Subject DN:' \
    'CRL present:' "$(ski_of "$scratch/shared.pem")"
run 0 node trust refresh --json
equal 'refresh adds it' 1 "$(jq .added "$out")"
equal 'with the auto-refresh flag' 'true Shared CA' \
    "$(pg node trust list --filter origin=published --json | jq -r '.anchors[] | "\(.auto_refresh) \(.issued_to)"')"
run 0 node trust refresh --json
equal 'again nothing changes' '0 0 0' "$(jq -r '"\(.added) \(.removed) \(.kept)"' "$out")"
run 0 node trust remove -y "$shared"
shows 'beforehand it is said that it comes back' 'still published' 'brings it back'
run 0 node trust refresh
equal 'and it does' 1 "$(pg node trust list --filter sha256="$shared" --json | jq '.anchors | length')"
run 0 node trust publish "$scratch/custom.pem"
run 0 node trust refresh --json
equal 'a hand-added one that is published gets the flag' 1 "$(jq .kept "$out")"
run 1 node trust unpublish "$scratch/custom.pem"
run 0 node trust unpublish -y "$scratch/custom.pem"
run 0 node trust refresh --json
equal 'and leaves with it' 1 "$(jq .removed "$out")"
run 0 node trust undo custom-internal-certificate-authority
shows 'an undo after an unpublishing is for this appliance alone' 'back here alone' 'pairgate trust publish'
run 0 node trust refresh --json
equal 'a hand-added one that is not published stays' 0 "$(jq .removed "$out")"
run 2 node trust unpublish -y "$scratch/custom.pem"
shows 'what is not published is not unpublished' PGC4012
run 0 node trust unpublish -y --id "$(ski_of "$scratch/shared.pem" | tr 'A-F' 'a-f' | sed 's/../&:/g;s/:$//')"
run 0 node trust refresh
equal 'by id in either spelling' 0 \
    "$(pg node trust list --filter sha256="$shared" --json | jq '.anchors | length')"

# ---- the same key renewed (T-30), two of one subject (V-08), no identifier (T-34) ----
run 0 node trust publish "$scratch/shared.pem"
cp -r "$scratch/ca/shared" "$scratch/ca/renewed"
rm "$scratch/ca/renewed/cert.pem"
root renewed 'Shared CA'
run 0 node trust publish "$scratch/renewed.pem"
shows 'a renewal with the same key is told' "renews $shared"
run 64 node trust unpublish -y --id "$(ski_of "$scratch/shared.pem")"
shows 'an id that two have is refused' 'more than one'
run 0 node trust unpublish -y "$scratch/shared.pem"
equal 'the other one is still there' 1 \
    "$(pg node trust list --published --json | jq --arg id "$(ski_of "$scratch/shared.pem")" '[.lists[].entries[] | select(.id == $id)] | length')"
run 0 node trust refresh
printf '%s\n' basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign \
    subjectKeyIdentifier=none >"$scratch/bare.ext"
openssl req -new -newkey rsa:2048 -nodes -keyout "$scratch/bare.key" -subj '/CN=Bare CA' \
    -out "$scratch/bare.csr" 2>/dev/null
openssl x509 -req -in "$scratch/bare.csr" -signkey "$scratch/bare.key" -days 99 \
    -extfile "$scratch/bare.ext" -out "$scratch/bare.pem" 2>/dev/null
run 0 node trust import "$scratch/bare.pem"
bits=$(openssl x509 -in "$scratch/bare.pem" -pubkey -noout | openssl rsa -pubin -RSAPublicKey_out \
    -outform DER 2>/dev/null | sha1sum | cut -c 1-40)
spki=$(openssl x509 -in "$scratch/bare.pem" -pubkey -noout | openssl pkey -pubin -outform DER |
    sha1sum | cut -c 1-40)
run 0 node trust match "${bits^^}" "$spki"
shows 'an id is matched without an identifier' "SHA-1 of the key's bits" \
    'SHA-1 of the SubjectPublicKeyInfo'
run 0 node trust match
run 1 node trust match 00112233445566778899AABBCCDDEEFF00112233
shows 'what matches nothing is told' 'has this id'

# ---- prune ----
faketime '-400 days' openssl req -x509 -newkey rsa:2048 -nodes -keyout "$scratch/old.key" \
    -subj '/CN=Old CA' -days 30 -addext keyUsage=critical,keyCertSign -out "$scratch/old.pem" 2>/dev/null
run 0 node trust import "$scratch/old.pem"
run 0 node trust publish "$scratch/old.pem"
run 0 node trust prune --expired --unused --dry-run --json
equal 'only what is expired and unused' 'Old CA' "$(jq -r '.pruned[].issued_to' "$out")"
check 'a dry run changes nothing' test -e "$scratch/node/trust/anchors/$(sha256_of "$scratch/old.pem").pem"
run 1 node trust prune --expired
run 0 node trust prune --expired --unused -y
run 0 node trust refresh
check_not 'it stays away, for it was unpublished too' \
    test -e "$scratch/node/trust/anchors/$(sha256_of "$scratch/old.pem").pem"
run 64 node trust prune

# ---- one signed document ----
member other office
run 0 node trust export "$scratch/list.json"
run 1 lonely trust adopt "$scratch/list.json"
shows 'a signer without an anchor' PGA4003
run 0 other trust adopt "$scratch/list.json"
check 'what is published arrives' grep -q 'Shared CA' <(pg other trust list)
run 0 other trust adopt "$scratch/list.json"
cp "$scratch/list.json" "$scratch/first.json"
before=$(sequence_of node)
run 0 node trust publish "$scratch/proxy.pem"
equal 'each change has the next number' "$((before + 1))" "$(sequence_of node)"
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
check 'the next list arrives' grep -q 'Proxy CA' <(pg other trust list)
run 1 other trust adopt "$scratch/first.json"
shows 'a lower number is refused' PGA4004
jq -c '.body = (.body | @base64d | sub("sequence [0-9]+"; "sequence 900") | @base64)' \
    "$scratch/list.json" >"$scratch/forged.json"
run 1 other trust adopt "$scratch/forged.json"
shows 'a changed body is refused' PGA4003
for bad in '{}' '[]' nonsense '{"v":2}' '{"v":1,"kind":"holding","body":"","chain":[],"signature":""}'; do
    printf '%s' "$bad" >"$scratch/bad.json"
    run 1 other trust adopt "$scratch/bad.json"
done
run_later 40 1 other trust adopt "$scratch/list.json"
if ! is_sanitized; then shows 'a list out of date is refused' PGA4005; fi
run 1 node trust adopt "$scratch/list.json"
member forger office
run 0 forger trust publish "$scratch/imposter.pem"
mkdir -p "$scratch/forger/trust/published"
sed -i "s/^list .*/list $(pg node trust status --json | jq -r '.lists[0].list')/;s/^sequence .*/sequence 5000/" \
    "$scratch/forger/trust/published/own.pem"
run 0 forger trust export "$scratch/stolen.json"
run 1 other trust adopt "$scratch/stolen.json"
shows 'a list stays its publisher'"'"'s' PGA4009 'before'
run 0 node trust unpublish -y "$scratch/proxy.pem"
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
check_not 'unpublished here is removed there' grep -q 'Proxy CA' <(pg other trust list)

# ---- who holds what ----
run 0 other trust status --export "$scratch/other.json"
run 0 node trust status --import "$scratch/other.json"
run 0 node trust status --json
equal 'the publisher knows who is up to date' 'CN=other.example.com current' \
    "$(jq -r '.lists[0].holders[] | "\(.holder) \(.standing)"' "$out")"
run 0 node trust publish "$scratch/proxy.pem"
run 0 node trust status
shows 'and who is not' 'behind by 1'
run 1 node trust status --import "$scratch/list.json"

# ---- removal everywhere (M-28, M-29) ----
run 0 node trust import --store CAPF-trust --alias capf "$scratch/proxy.pem"
run 0 other trust import --store CAPF-trust --alias capf "$scratch/proxy.pem"
run 0 node trust import --store tomcat-trust --alias peer "$scratch/proxy.pem"
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
equal 'an import into tomcat-trust reaches the others' 1 \
    "$(pg other trust list --store tomcat-trust --json | jq '.entries | length')"
# carried: what node publishes is adopted by the other.
carried()
{
    sleep 1
    run 0 node trust export "$scratch/list.json"
    run 0 other trust adopt "$scratch/list.json"
}
run 0 node trust remove -y --store tomcat-trust peer
shows 'beforehand it is said that it goes everywhere' 'of every appliance that adopts'
check_not 'and not that it comes back' grep -q 'brings it back. Unpublish' "$err"
carried
equal 'it goes there too' 0 "$(pg other trust list --store tomcat-trust --json | jq '.entries | length')"
run 0 node trust undo peer
shows 'an undo reaches as far as an import' 'published again'
carried
equal 'so it is back there' 1 "$(pg other trust list --store tomcat-trust --json | jq '.entries | length')"
run 0 node trust remove -y --store CAPF-trust capf
sleep 1
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
equal 'an import into CAPF-trust is local, its removal is everywhere' 0 \
    "$(pg other trust list --store CAPF-trust --json | jq '.entries | length')"
sleep 1
run 0 other trust import --store CAPF-trust --alias capf "$scratch/proxy.pem"
run 0 other trust refresh
equal 'what is imported after that stays' 1 \
    "$(pg other trust list --store CAPF-trust --json | jq '.entries | length')"
run 0 node trust undo capf
shows 'an undo of what is imported locally is local' 'back here alone' 'import it there'
run 0 other trust remove -y --store CAPF-trust capf
carried
equal 'and stays so' '1 0' \
    "$(pg node trust list --store CAPF-trust --json | jq '.entries | length') $(pg other trust list --store CAPF-trust --json | jq '.entries | length')"

# ---- revocation lists ----
dir=$scratch/ca/office-root
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$dir/index" "crlnumber=$dir/number" \
    'default_md=sha256' 'default_crl_days=9' 'crl_extensions=x' '[x]' \
    'authorityKeyIdentifier=keyid' >"$dir/cnf"
: >"$dir/index"
echo 05 >"$dir/number"
gencrl() { openssl ca -gencrl -config "$dir/cnf" -cert "$dir/cert.pem" -keyfile "$dir/key.pem" -out "$1" 2>/dev/null; }
gencrl "$scratch/one.crl"
gencrl "$scratch/two.crl"
run 0 node trust import-crl "$scratch/two.crl"
run 0 node trust import-crl "$scratch/two.crl"
shows 'the same again' '1 unchanged'
run 1 node trust import-crl "$scratch/one.crl"
shows 'an older one is refused' PGC4009
run 0 lonely trust list
run 1 lonely trust import-crl "$scratch/two.crl"
shows 'its CA must be known' PGC4007
run 0 lonely trust import-crl --issuer "$dir/cert.pem" "$scratch/two.crl"
run 0 node trust publish "$dir/cert.pem"
run 0 node trust import-crl --publish "$scratch/two.crl"
run 0 node trust list --published
shows 'a published CA has its list beside it' 'CRL present:	yes'
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
equal 'and the list travels with it' 1 \
    "$(pg other store list --json | jq '.stores[] | select(.store == "TRUSTED_ROOT_CRLS") | .entries')"
mkdir "$scratch/www"
cp "$scratch/two.crl" "$scratch/www/root.crl"
head -c 30000000 /dev/zero >"$scratch/www/large.crl"
(cd "$scratch/www" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$scratch/www.log" 2>&1 &
web=$!
check 'a web server runs' wait_for 10 grep -q 'port [0-9]' "$scratch/www.log"
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$scratch/www.log")
run 0 node trust import-crl --url "http://127.0.0.1:$port/root.crl" "$scratch/two.crl"
gencrl "$scratch/www/root.crl"
run 0 node trust refresh --crl
shows 'the next list is fetched' '1 taken'
openssl crl -in "$scratch/www/root.crl" -outform DER -out "$scratch/www/root.der"
run 0 node trust import-crl --url "http://127.0.0.1:$port/large.crl" "$scratch/www/root.crl"
run 2 node trust refresh --crl --json
check 'what could not be fetched is a finding' jq -e '.findings[0].id == "PGA4008"' "$out"
shows 'a list without end is not taken' PGA4008
run 0 node trust import-crl --url "http://127.0.0.1:$port/gone.crl" "$scratch/www/root.der"
run 2 node trust refresh --crl
run 0 node trust import-crl --url "https://127.0.0.1:$port/root.crl" "$scratch/www/root.crl"
run 2 node trust refresh --crl
shows 'only http is fetched' 'no http address'
kill "$web" 2>/dev/null || true
wait "$web" 2>/dev/null || true
