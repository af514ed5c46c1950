#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Identities: self-sign, import (PEM, encrypted PEM, PKCS#12 by openssl, gnutls and keytool), chains
# from several files, backups, restore, prune, changes to be confirmed, keys encrypted at rest,
# permissions, services.
. "$(dirname "$0")/lib.sh"

shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

identity_of() { readlink "$scratch/$1/identity/current"; }
key_of() { openssl pkey -in "$scratch/$1/identity/current/key.pem" -pubout "${@:2}"; }
leaf_text() { openssl x509 -in "$scratch/$1/identity/current/chain.pem" -noout -text; }
# The files an administrator can look at: the database is an audit's and not of interest.
state_of() { (cd "$scratch/$1" && find . -type l -printf '%p -> %l\n' -o -type f ! -name lock ! -name 'state.db*' -exec sha256sum {} + | sort); }

ladder office
agent node

# ---- self-sign ----
before=$(key_of node)
run 0 node identity self-sign
shows 'what it did' 'Identity:    2 (self-signed, by self-sign)' 'Nothing has to be restarted'
check_not 'a new key' test "$before" = "$(key_of node)"
equal 'of the same kind' 'Public-Key: (256 bit)' "$(leaf_text node | sed -n 's/.*\(Public-Key: .*\)/\1/p')"
before=$(key_of node)
run 0 node identity self-sign --keep-key --days 100 --name new.example.com
equal '--keep-key keeps it' "$before" "$(key_of node)"
shows 'for the new name' new.example.com
check 'for 100 days and no more' openssl x509 -in "$scratch/node/identity/current/chain.pem" \
    -noout -checkend $((99 * 86400))
check_not 'for 100 days' openssl x509 -in "$scratch/node/identity/current/chain.pem" \
    -noout -checkend $((100 * 86400))
check 'openssl verifies it by itself' openssl verify -x509_strict -purpose sslserver \
    -CAfile "$scratch/node/identity/current/chain.pem" "$scratch/node/identity/current/chain.pem"
for kind in rsa3072:3072 p384:384 ed25519:ED25519; do
    run 0 node identity self-sign --key "${kind%:*}"
    check "--key ${kind%:*}" grep -q "${kind#*:}" <(leaf_text node)
done
run 0 node identity self-sign
check 'the kind stays: Ed25519' grep -q ED25519 <(leaf_text node)
run 64 node identity self-sign --key ec --keep-key
run 64 node identity self-sign --days 0
run 64 node identity self-sign --key dsa
run 1 node identity self-sign --name '*.example.com'
run 0 node identity show --json
equal 'it is marked as such' 'self-signed false 7' \
    "$(jq -r '"\(.origin) \(.imported) \(.epoch)"' "$out")"

# ---- a chain from several files, in any order ----
request node
leaf_sign office "$scratch/node.csr" "$scratch/node.pem"
root=$scratch/ca/office-root/cert.pem inter=$scratch/ca/office/cert.pem leaf=$scratch/node.pem.leaf
run 0 nobody chain check "$root" "$leaf" "$inter"
run 1 nobody chain check --policy ome "$inter" "$root" "$leaf"
check_not 'not even policy ome finds an order in several files' grep -q ' order' "$out"
run 1 nobody chain check "$root" "$leaf"
shows 'one is missing' complete
printf 'nonsense\n' >"$scratch/nonsense"
run 1 nobody chain check "$root" "$leaf" "$inter" "$scratch/nonsense"
shows 'the bad file is named' nonsense
openssl crl2pkcs7 -nocrl -certfile "$root" -certfile "$inter" -out "$scratch/cas.p7b"
run 0 node chain upload "$scratch/cas.p7b" "$leaf"
equal 'the chain is in order' 'node.example.com CA1-Inter CA-Racine' \
    "$(pg node chain show --json | jq -r '[.chain.ladder[].issued_to] | join(" ")')"
run 1 node identity self-sign
shows 'a CA-signed identity is not replaced by accident' PGA2015 --replace-chain
run 0 node identity self-sign --replace-chain
run 0 node chain undo
equal 'the chain is back' chain "$(pg node identity show --json | jq -r .origin)"

# ---- import ----
foreign other office
run 2 node identity import --cert "$scratch/other.pem" --key "$scratch/nothing"
chmod 644 "$scratch/other.key"
run 2 node identity import --cert "$scratch/other.pem" --key "$scratch/other.key"
shows 'a key for everybody to read is refused' "chmod 600 '$scratch/other.key'"
chmod 600 "$scratch/other.key"
before=$(state_of node)
run 1 node identity import --cert "$scratch/node.pem" --key "$scratch/other.key"
shows 'another key' PGC2022
leaf_sign office "$scratch/other.csr" "$scratch/weak.pem" eku=clientAuth
run 1 node identity import --cert "$scratch/weak.pem" --key "$scratch/other.key"
shows 'our rules hold' leaf-eku 'Nothing has changed.'
run 64 node identity import --cert "$scratch/other.pem"
run 64 node identity import --cert "$scratch/other.pem" --key "$scratch/other.key" --purpose x
equal 'no refusal changed anything' "$before" "$(state_of node)"
run 0 node identity import --cert "$scratch/other.pem" --key "$scratch/other.key" --purpose tomcat
shows 'what it did' 'chain with an imported key, by import' \
    '1. restart Tomcat' '2. disable TFTP' '3. enable TFTP'
equal 'the key came along' "$(openssl pkey -in "$scratch/other.key" -pubout)" "$(key_of node)"
equal 'its root is an anchor' CA-Racine "$(pg node trust list --json | jq -r '.anchors[].issued_to')"
run 0 node identity import --cert "$inter" --cert "$leaf" --cert "$root" --json \
    --key "$scratch/node/identity/8/key.pem"
equal 'certificates in three files' 'chain true' "$(jq -r '"\(.origin) \(.imported)"' "$out")"
run 0 node identity import --cert "$scratch/other.pem.leaf" --key "$scratch/other.key"
equal 'a certificate alone' single "$(pg node identity show --json | jq -r .origin)"
openssl req -x509 -new -key "$scratch/other.key" -subj /CN=own.example.com -days 99 \
    -addext subjectAltName=DNS:own.example.com -addext extendedKeyUsage=serverAuth,clientAuth \
    -addext keyUsage=digitalSignature -addext basicConstraints=critical,CA:FALSE \
    -out "$scratch/own.pem"
run 0 node identity import --cert "$scratch/own.pem" --key "$scratch/other.key"
equal 'one that signed itself is marked as such' self-signed "$(pg node identity show --json | jq -r .origin)"

printf 'pass word é\nsecond line\n' >"$scratch/pass"
printf 'wrong\n' >"$scratch/wrong"
chmod 600 "$scratch/pass" "$scratch/wrong"
openssl pkcs8 -topk8 -v2 aes-256-cbc -in "$scratch/other.key" -passout "file:$scratch/pass" \
    -out "$scratch/other.enc"
chmod 600 "$scratch/other.enc"
run 0 node identity import --cert "$scratch/other.pem" --key "$scratch/other.enc" \
    --passphrase-file "$scratch/pass"
run 1 node identity import --cert "$scratch/other.pem" --key "$scratch/other.enc" \
    --passphrase-file "$scratch/wrong"
shows 'a wrong passphrase' PGC2082
run 64 node identity import --cert "$scratch/other.pem" --key "$scratch/other.enc"
shows 'no terminal, no passphrase' PGA2014
chmod 644 "$scratch/pass"
run 2 node identity import --cert "$scratch/other.pem" --key "$scratch/other.enc" \
    --passphrase-file "$scratch/pass"
shows 'a passphrase for everybody to read' PGB1013
run 2 node identity import --cert "$scratch/other.pem" --key "$scratch/other.enc" \
    --passphrase-file /dev/null
check_not 'nobody is told to chmod a device' grep -q chmod "$err"
chmod 600 "$scratch/pass"
# A terminal: script(1) makes one; the passphrase must not be echoed.
if command -v script >/dev/null; then
    export PAIRGATE_STATE=$scratch/node
    (wait_for 20 grep -q 'Passphrase' "$scratch/typescript" && printf 'pass word é\n' && sleep 1) |
        script -qfec "'$PAIRGATE' identity import --cert '$scratch/other.pem' --key '$scratch/other.enc'" \
            "$scratch/typescript" >/dev/null 2>&1 || true
    unset PAIRGATE_STATE
    check 'the terminal asks' grep -q 'Passphrase of the key:' "$scratch/typescript"
    check 'and it works' grep -q 'by import' "$scratch/typescript"
    check_not 'without echo' grep -q 'pass word' "$scratch/typescript"
fi

# imports NAME FILE LEAF: a PKCS#12 of some tool. Its passphrase is ASCII.
printf 'pass word 12\n' >"$scratch/pass"
imports()
{
    run 0 node identity import --p12 "$2" --passphrase-file "$scratch/pass"
    equal "$1: the leaf" "$(openssl x509 -in "$3" -noout -fingerprint -sha256)" \
        "$(openssl x509 -in "$scratch/node/identity/current/chain.pem" -noout -fingerprint -sha256)"
    equal "$1: its key" "$(openssl x509 -in "$3" -noout -pubkey)" "$(key_of node)"
}

for kind in ec rsa2048; do
    key_new "$scratch/p.key" "$kind"
    openssl req -new -key "$scratch/p.key" -subj /O=Example/CN=p.example.com \
        -addext subjectAltName=DNS:p.example.com -out "$scratch/p.csr"
    leaf_sign office "$scratch/p.csr" "$scratch/p.pem"
    for options in '' '-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1'; do
        # shellcheck disable=SC2086 # several words
        openssl pkcs12 -export $options -inkey "$scratch/p.key" -in "$scratch/p.pem.leaf" \
            -certfile "$scratch/ca/office/chain.pem" -passout "file:$scratch/pass" -out "$scratch/p.p12"
        imports "openssl $kind $options" "$scratch/p.p12" "$scratch/p.pem.leaf"
        equal "openssl $kind $options: the chain" 3 "$(grep -c BEGIN "$scratch/node/identity/current/chain.pem")"
    done
    if command -v certtool >/dev/null; then
        certtool --to-p12 --load-privkey "$scratch/p.key" --load-certificate "$scratch/p.pem.leaf" \
            --p12-name p --password "$(head -n 1 "$scratch/pass")" --outder --outfile "$scratch/g.p12" 2>/dev/null
        imports "gnutls $kind" "$scratch/g.p12" "$scratch/p.pem.leaf"
    fi
done
run 1 node identity import --p12 "$scratch/p.p12" --passphrase-file "$scratch/wrong"
shows 'a wrong passphrase of a PKCS#12' PGC2082
run 1 node identity import --p12 "$scratch/p.pem" --passphrase-file "$scratch/pass"
shows 'no PKCS#12' PGC2084
printf 'mot de passé\n' >"$scratch/wrong"
run 1 node identity import --p12 "$scratch/p.p12" --passphrase-file "$scratch/wrong"
shows 'a wrong one that is not ASCII' PGC2082
cp -p "$scratch/pass" "$scratch/ascii"
printf 'пароль é\n' >"$scratch/pass"
openssl pkcs12 -export -inkey "$scratch/p.key" -in "$scratch/p.pem.leaf" \
    -passout "file:$scratch/pass" -out "$scratch/text.p12"
imports 'a passphrase that is not ASCII' "$scratch/text.p12" "$scratch/p.pem.leaf"
openssl pkcs12 -export -inkey "$scratch/p.key" -in "$scratch/p.pem.leaf" -keypbe PBE-SHA1-3DES \
    -certpbe PBE-SHA1-3DES -passout "file:$scratch/pass" -out "$scratch/text.p12"
run 1 node identity import --p12 "$scratch/text.p12" --passphrase-file "$scratch/pass"
shows 'with 3DES such a one is refused with the way out' PGC2084 AES-256
mv "$scratch/ascii" "$scratch/pass"
if openssl pkcs12 -export -legacy -inkey "$scratch/p.key" -in "$scratch/p.pem.leaf" \
    -passout "file:$scratch/pass" -out "$scratch/rc2.p12" 2>/dev/null; then
    run 1 node identity import --p12 "$scratch/rc2.p12" --passphrase-file "$scratch/pass"
    shows 'RC2 is refused with the way out' PGC2084 AES-256
fi
run 0 node identity import --p12 "$scratch/p.p12" --passphrase-fd 7 7<"$scratch/pass" 2>/dev/null
if command -v keytool >/dev/null; then
    keytool -genkeypair -alias a -keyalg EC -groupname secp256r1 -storetype PKCS12 \
        -dname CN=java.example.com -ext san=dns:java.example.com -ext eku=serverAuth,clientAuth \
        -ext ku:c=digitalSignature -keystore "$scratch/java.p12" -storepass:file "$scratch/pass" 2>/dev/null
    keytool -exportcert -alias a -rfc -keystore "$scratch/java.p12" -storepass:file "$scratch/pass" \
        >"$scratch/java.pem" 2>/dev/null
    imports keytool "$scratch/java.p12" "$scratch/java.pem"
else
    echo 'no keytool: that part is left out'
fi

# ---- backups, restore, prune ----
agent old
run 0 old identity prune
shows 'nothing to prune' 'Removed 0'
for _ in 1 2 3; do must old identity self-sign; done
run 0 old identity backups
shows 'the list' Epoch Reason init self-sign '*4'
run 0 old identity restore 2
run 0 old identity backups --json
equal 'newest first, with epochs' '4:4 3:3 2:5* 1:1' \
    "$(jq -r '[.identities[] | "\(.identity):\(.epoch)\(if .current then "*" else "" end)"] | join(" ")' "$out")"
run 2 old identity restore 2
run 2 old identity restore 9
shows 'no such' PGC2070
run 64 old identity restore x
run 1 old identity prune
shows 'not before it was seen' PGC2072
printf 'seen 2027-06-15T12:00:00Z\n' >"$scratch/old/identity/2/seen"
run 0 old identity prune
equal 'the newest other is kept' '2 4' "$(pg old identity backups --json | jq -r '[.identities[].identity] | sort | join(" ")')"
run 0 old identity prune --keep 0
equal 'none is kept' 2 "$(pg old identity backups --json | jq -r '[.identities[].identity] | join(" ")')"
run 2 old chain undo
run 0 old identity self-sign
equal 'no number is given twice' 5 "$(identity_of old)"

# ---- to be confirmed ----
agent wait
request wait
leaf_sign office "$scratch/wait.csr" "$scratch/wait.pem"
run 0 wait chain upload --confirm-within 1h "$scratch/wait.pem"
shows 'it says until when' 'Goes back to identity 1 at' 'identity confirm'
run 1 wait identity self-sign --replace-chain
shows 'one at a time' PGC2073
run 0 wait identity show --json
check 'in JSON' jq -e '.confirm_by != null' "$out"
run 0 wait identity confirm
run 2 wait identity confirm
equal 'confirmed is for good' 2 "$(identity_of wait)"
run 0 wait identity self-sign --replace-chain --confirm-within 1s
equal 'in use for a second' 3 "$(identity_of wait)"
sleep 1.1
run 0 wait identity show
shows 'whichever command comes next takes it back, and says so' \
    'identity 3 was not confirmed until' 'back to identity 2' 'Identity:    2'
equal 'back' 2 "$(identity_of wait)"
equal 'with its anchor' CA-Racine "$(pg wait trust list --json | jq -r '.anchors[].issued_to')"
run 2 wait identity confirm
shows 'too late' PGC2074
run 0 wait identity restore 3 --confirm-within 1h
run 0 wait chain undo
equal 'going back by hand ends it' 2 "$(identity_of wait)"
check_not 'and leaves no deadline' test -e "$scratch/wait/identity/rollback"
run 64 wait identity restore 3 --confirm-within soon

# ---- encrypted at rest ----
agent sealed
request sealed
leaf_sign office "$scratch/sealed.csr" "$scratch/sealed.pem"
printf 'short\n' >"$scratch/short" && chmod 600 "$scratch/short"
run 1 sealed identity encrypt-key --passphrase-file "$scratch/short"
run 64 sealed identity encrypt-key
cp "$scratch/pass" "$scratch/secret" && chmod 600 "$scratch/secret"
run 0 sealed identity encrypt-key --passphrase-file "$scratch/secret"
shows 'all of them' 'Encrypted 2 keys'
equal 'no key lies in the clear' '' "$(grep -rl 'BEGIN PRIVATE KEY' "$scratch/sealed" || true)"
check 'openssl reads it with the passphrase' key_of sealed -passin "file:$scratch/secret"
equal 'with AES-256 and 600000 rounds of HMAC-SHA-256' 'aes-256-cbc hmacWithSHA256 0927C0' \
    "$(openssl asn1parse -in "$scratch/sealed/identity/current/key.pem" |
        sed -n 's/.*:\(aes-256-cbc\|hmacWithSHA256\|0927C0\)$/\1/p' | sort -r | tr '\n' ' ' |
        awk '{print $2, $1, $3}')"
run 0 sealed chain upload "$scratch/sealed.pem"
equal 'an answer to a sealed request is sealed' '' "$(grep -rl 'BEGIN PRIVATE KEY' "$scratch/sealed" || true)"
run 0 sealed identity self-sign --keep-key --replace-chain
run 0 sealed chain undo
must sealed request new
equal 'new keys too' '' "$(grep -rl 'BEGIN PRIVATE KEY' "$scratch/sealed" || true)"
run 1 sealed identity encrypt-key --passphrase-file "$scratch/pass"
shows 'another file' PGC2081
mv "$scratch/secret" "$scratch/away"
run 0 sealed identity show
run 2 sealed identity self-sign --keep-key --replace-chain
shows 'without the passphrase' PGC2080
mv "$scratch/away" "$scratch/secret"
cp "$scratch/wrong" "$scratch/mix" && chmod 600 "$scratch/mix"
ln -sfn "$scratch/mix" "$scratch/sealed/passphrase"
run 1 sealed identity decrypt-key
shows 'with a wrong one' PGC2082
ln -sfn "$scratch/secret" "$scratch/sealed/passphrase"
member partner office
listen partner
pairs sealed partner
listen_end partner
listen sealed
run 0 partner pair "$(at sealed)" --json
listen_end sealed
run 0 sealed identity decrypt-key
check 'in the clear again' key_of sealed
check_not 'and no link' test -L "$scratch/sealed/passphrase"

# ---- permissions at load ----
for open in 644:identity/current/key.pem:600 750:identity/2:700 711:identity:700; do
    path=${open#*:} path=${path%:*}
    chmod "${open%%:*}" "$scratch/sealed/$path"
    run 2 sealed identity self-sign --keep-key --replace-chain
    shows "$path" PGB1013 "chmod ${open##*:} '"
    eval "$(sed -n "s/.*mend it with: \(chmod .*\)/\1/p" "$err")"
    equal "$path is mended by the command named" "${open##*:}" "$(stat -Lc %a "$scratch/sealed/$path")"
done
run 0 sealed identity show

# ---- services ----
run 0 sealed identity services
shows 'of the identity' 'Nothing has to be restarted' 'purpose migration'
for row in 'tomcat-ECDSA|restart Tomcat,disable TFTP,enable TFTP' \
    'ipsec|restart Cisco DRF Local,restart Cisco DRF Master' \
    'CallManager|restart CallManager,restart CAPF,restart CTI' \
    'CAPF|restart CallManager,restart CAPF' 'TVS|restart TVS' 'cup|' \
    'usage-meter|stop All,stop vmware-um-journal,stop vmware-um-login,stop vmware-um-schedule,restart appliance' \
    'machine-ssl|stop all,start vmafdd,start vmdird,start vmcad,start all'; do
    equal "services of ${row%%|*}" "${row#*|}" \
        "$(pg sealed identity services "${row%%|*}" --json | jq -r '[.services[] | "\(.verb) \(.service)"] | join(",")')"
done
run 64 sealed identity services tomact
shows 'a purpose that is none' PGC2015 tomact
before=$(state_of sealed)
run 2 sealed identity self-sign --replace-chain --apply
shows 'no hook, no change' PGA2011
equal 'nothing was changed' "$before" "$(state_of sealed)"
mkdir -m 700 "$scratch/sealed/hooks"
cat >"$scratch/sealed/hooks/services" <<'HOOK'
#!/bin/sh
echo "$# $1|$2" >>"$PAIRGATE_STATE/../hook.log"
env | sort >"$PAIRGATE_STATE/../hook.env"
ls /proc/self/fd | wc -l >"$PAIRGATE_STATE/../hook.fds"
pwd >>"$PAIRGATE_STATE/../hook.env"
echo to standard output
[ "$2" != CAPF ]
HOOK
chmod 775 "$scratch/sealed/hooks/services"
run 2 sealed identity services tomcat --apply
shows 'a hook for others to write' PGA2012 'chmod go-w'
chmod 700 "$scratch/sealed/hooks/services"
printf '# ours\nmigration: stop A b, start A b\n' >"$scratch/sealed/services"
SECRET=1 run 0 sealed identity self-sign --replace-chain --apply --json
equal 'the steps in order' $'2 stop|A b\n2 start|A b' "$(cat "$scratch/hook.log")"
equal 'standard output is ours alone' 1 "$(wc -l <"$out")"
check 'the output of the hook is on standard error' grep -q 'to standard output' "$err"
equal 'its environment is clean' 'LC_ALL PAIRGATE_PURPOSE PAIRGATE_STATE PATH PWD' \
    "$(sed -n 's/=.*//p' "$scratch/hook.env" | grep -v '^_$' | tr '\n' ' ' | sed 's/ $//')"
equal 'and it has no descriptors of ours' 4 "$(cat "$scratch/hook.fds")"
printf 'migration: restart CAPF, restart CTI\n' >"$scratch/sealed/services"
: >"$scratch/hook.log"
run 2 sealed identity services --apply
shows 'a step that fails' PGA2013 'restart CAPF'
equal 'ends it' '2 restart|CAPF' "$(cat "$scratch/hook.log")"
printf 'migration: bounce A\n' >"$scratch/sealed/services"
run 2 sealed identity services
shows 'a table that cannot be read' PGA2010 bounce
