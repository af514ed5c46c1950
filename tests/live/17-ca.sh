#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The built-in CA as an administrator of VMCA uses certool: a key and a certool.cfg for each
# machine, the whole chain in the output, a root of one's own, a renewed one, revocation; read
# by openssl and by GnuTLS's certtool.
. "$(dirname "$0")/lib.sh"

# shows SENTENCE TEXT...: the last command printed each of them.
shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

# parts FILE NAME: NAME.leaf, NAME.issuers and NAME.root of a chain.
parts()
{
    local n
    csplit -s -z -f "$scratch/part-" "$1" '/-----BEGIN/' '{*}'
    n=$(find "$scratch" -maxdepth 1 -name 'part-*' | wc -l)
    cp "$scratch/part-00" "$2.leaf"
    cp "$(printf '%s/part-%02d' "$scratch" $((n - 1)))" "$2.root"
    cat "$scratch"/part-* >"$2.issuers"
    rm "$scratch"/part-*
}

# verifies SENTENCE NAME [OPTION...]
verifies()
{
    local sentence=$1 name=$2
    shift 2
    check "$sentence" openssl verify -x509_strict "$@" -CAfile "$name.root" \
        -untrusted "$name.issuers" "$name.leaf"
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }

# config NAME LINE...: a certool.cfg; lines replace those of the same key.
config()
{
    local file=$scratch/$1.cfg line
    shift
    printf '%s\n' '#' '# Template file for a CSR request' '#' '' \
        '# Country is needed and has to be 2 characters' 'Country = US' 'Name = node' \
        'Organization = Example, Inc.' 'OrgUnit = Évaluation' 'State = California' \
        'Locality = Palo Alto' 'IPAddress = 127.0.0.1' 'Email = email@example.com' \
        'Hostname = node.example.com' >"$file"
    for line; do
        sed -i "/^${line%%=*}=/d" "$file"
        printf '%s\r\n' "$line" >>"$file"
    done
}

for kind in ec rsa3072; do
    run 0 "ca-$kind" ca init --name "Lab $kind" --key "$kind"
    config node
    run 0 "ca-$kind" ca genkey --privkey="$scratch/$kind.key" --pubkey="$scratch/$kind.pub"
    equal 'the private key is for its owner alone' 600 "$(stat -c %a "$scratch/$kind.key")"
    equal 'the public key belongs to it' "$(openssl pkey -in "$scratch/$kind.key" -pubout)" \
        "$(cat "$scratch/$kind.pub")"
    # The document's own command line, both spellings of an option in it.
    run 0 "ca-$kind" ca issue --privkey="$scratch/$kind.key" --cert "$scratch/$kind.crt" \
        --Name=machine --config "$scratch/node.cfg"
    shows 'what comes next is said' 'identity import' 'hosts can be replaced'
    shows 'the DNS says another name' PGC4033
    parts "$scratch/$kind.crt" "$scratch/$kind"
    verifies 'openssl verifies it as a server' "$scratch/$kind" -purpose sslserver \
        -verify_hostname node.example.com
    verifies 'and as a client' "$scratch/$kind" -purpose sslclient -verify_ip 127.0.0.1
    check 'certtool verifies it' certtool --verify --load-ca-certificate \
        "$scratch/$kind.root" --infile "$scratch/$kind.crt"
    equal 'the subject is what the file said' \
        'subject=C=US,ST=California,L=Palo Alto,O=Example, Inc.,OU=Évaluation,CN=machine' \
        "$(openssl x509 -in "$scratch/$kind.crt" -noout -subject -nameopt utf8,sep_comma_plus)"
    equal 'the alternatives too' \
        'DNS:node.example.com, IP Address:127.0.0.1, email:email@example.com' \
        "$(openssl x509 -in "$scratch/$kind.crt" -noout -ext subjectAltName | sed -n '2s/^ *//p')"
    equal 'it begins ten minutes ago' yes "$(
        from=$(date -d "$(openssl x509 -in "$scratch/$kind.crt" -noout -startdate | cut -d= -f2)" +%s)
        age=$(($(date +%s) - from))
        ((age >= 600 && age < 700)) && echo yes || echo "$age s")"
done

# ---- what certool.cfg may say ----
config domain 'DomainComponent = vsphere.local' 'Name = short'
run 0 ca-ec ca issue --no-dns --config "$scratch/domain.cfg" --privkey "$scratch/new.key" \
    --cert "$scratch/domain.crt"
equal 'a key that is not there is made' 600 "$(stat -c %a "$scratch/new.key")"
equal 'domain components come first' 'subject=DC=local,DC=vsphere,C=US' \
    "$(openssl x509 -in "$scratch/domain.crt" -noout -subject -nameopt utf8,sep_comma_plus | cut -d, -f1-3)"
refused_config()
{
    local sentence=$1 id=$2
    shift 2
    config bad "$@"
    run 1 ca-ec ca issue --no-dns --config "$scratch/bad.cfg" --privkey "$scratch/ec.key"
    shows "$sentence" "$id" Remedy
}
refused_config 'Country has two characters' PGC4031 'Country = USA'
refused_config 'Country has two characters' PGC4031 'Country = '
refused_config 'Hostname must be there' PGC4032 'Hostname = '
refused_config 'no wildcard' PGC4032 'Hostname = *.example.com'
refused_config 'one machine a certificate' PGC4025 'Hostname = a.example.com, b.example.com'
refused_config 'an unknown key is told' PGC4030 'Colour = red'
refused_config 'a line without an equals sign' PGC4030 'nonsense'
refused_config 'an address is an address' PGC4030 'IPAddress = 300.1.1.1'
refused_config 'a domain is a domain' PGC4030 'DomainComponent = a..b'
printf 'Country = US\nCountry = FR\nHostname = a.example.com\n' >"$scratch/twice.cfg"
run 1 ca-ec ca issue --no-dns --config "$scratch/twice.cfg" --privkey "$scratch/ec.key"
shows 'a key twice' PGC4030 twice
openssl genrsa -traditional -out "$scratch/weak.key" 1024 2>/dev/null
chmod 600 "$scratch/weak.key"
run 1 ca-ec ca issue --no-dns --config "$scratch/node.cfg" --privkey "$scratch/weak.key"
run 64 ca-ec ca issue --config "$scratch/node.cfg"
run 64 ca-ec ca issue --config "$scratch/node.cfg" --request "$scratch/x" --privkey x

# ---- requests: one leaf, one machine ----
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/two.key" \
    -subj /CN=one.example.com -addext 'subjectAltName=DNS:one.example.com,DNS:two.example.com' \
    -out "$scratch/two.csr" 2>/dev/null
run 1 ca-ec ca issue --request "$scratch/two.csr"
shows 'one leaf for two machines is refused' PGC4025 one.example.com two.example.com
run 0 ca-ec ca issue --request "$scratch/two.csr" --multi-server --out "$scratch/two.crt"
openssl req -new -key "$scratch/two.key" -subj /CN=one.example.com \
    -addext 'subjectAltName=DNS:one.example.com,DNS:one' -out "$scratch/short.csr"
run 0 ca-ec ca issue --request "$scratch/short.csr" --out "$scratch/short.crt"

# ---- the record, revocation ----
run 0 ca-ec ca list --json
equal 'everything issued is on record' 4 "$(jq '.issued | length' "$out")"
equal 'by the serial number openssl shows' 1 \
    "$(jq --arg s "$(serial_of "$scratch/ec.crt")" '[.issued[] | select(.serial == $s)] | length' "$out")"
run 0 ca-ec ca crl --out "$scratch/empty.crl"
parts "$scratch/two.crt" "$scratch/two"
verifies 'nothing is revoked' "$scratch/two" -crl_check -CRLfile "$scratch/empty.crl"
run 0 ca-ec ca revoke --reason keyCompromise "$(serial_of "$scratch/two.crt" | tr 'A-F' 'a-f')"
run 1 ca-ec ca revoke "$(serial_of "$scratch/two.crt")"
shows 'twice is once' PGC4021
run 2 ca-ec ca revoke 00FF
run 2 ca-ec ca revoke ../../ca/key
run 64 ca-ec ca revoke --reason mood "$(serial_of "$scratch/ec.crt")"
for kind in ec rsa3072; do
    run 0 "ca-$kind" ca crl --days 7 --out "$scratch/$kind.crl"
    check 'openssl verifies the list' sh -c \
        "openssl crl -in '$scratch/$kind.crl' -CAfile '$scratch/$kind.root' -noout 2>&1 | grep -q 'verify OK'"
    openssl crl -in "$scratch/$kind.crl" -noout -text >"$scratch/crl.text"
    check 'it has a number' grep -q 'X509v3 CRL Number' "$scratch/crl.text"
    check 'and the authority key identifier' grep -q 'X509v3 Authority Key Identifier' "$scratch/crl.text"
    check 'certtool reads it' certtool --crl-info --infile "$scratch/$kind.crl"
done
check_not 'openssl finds it revoked' openssl verify -crl_check -CRLfile "$scratch/ec.crl" \
    -CAfile "$scratch/two.root" -untrusted "$scratch/two.issuers" "$scratch/two.leaf"
verifies 'and the others not' "$scratch/ec" -crl_check -CRLfile "$scratch/ec.crl"
check 'the reason is in it' sh -c "openssl crl -in '$scratch/ec.crl' -noout -text | grep -q 'Key Compromise'"
equal 'numbers rise' yes "$(
    a=$(openssl crl -in "$scratch/empty.crl" -noout -crlnumber | cut -d= -f2)
    b=$(openssl crl -in "$scratch/ec.crl" -noout -crlnumber | cut -d= -f2)
    ((a < b)) && echo yes)"

# ---- renewing the root ----
before=$(openssl x509 -in "$scratch/ec.root" -pubkey -noout)
cp "$scratch/ec.crt" "$scratch/old.crt"
run 64 ca-ec ca root
run 64 ca-ec ca root renew
run 64 ca-ec ca root renew --same-key --new-key ec
run 64 ca-ec ca root mend --same-key
run 0 ca-ec ca root renew --same-key
openssl x509 -in "$scratch/ca-ec/ca/chain.pem" -out "$scratch/same.root"
equal 'the same key' "$before" "$(openssl x509 -in "$scratch/same.root" -pubkey -noout)"
check 'what was issued verifies under the renewed root' openssl verify -x509_strict \
    -CAfile "$scratch/same.root" "$scratch/ec.leaf"
run 0 ca-ec ca root renew --new-key p384
openssl x509 -in "$scratch/ca-ec/ca/chain.pem" -out "$scratch/next.root"
equal 'a new key has a name of its own' 'subject=CN = Lab ec G2' \
    "$(openssl x509 -in "$scratch/next.root" -noout -subject)"
check_not 'it does not vouch for the old ones' openssl verify -CAfile "$scratch/next.root" "$scratch/ec.leaf"
run 0 ca-ec ca issue --no-dns --config "$scratch/node.cfg" --privkey "$scratch/ec.key" --cert "$scratch/next.crt"
parts "$scratch/next.crt" "$scratch/next"
verifies 'it issues' "$scratch/next"
check 'the CAs before it are kept' test -s "$scratch/ca-ec/ca.1/key.pem" -a -s "$scratch/ca-ec/ca.2/key.pem"
run 0 ca-ec ca crl --out "$scratch/next.crl"
check_not 'its list is of its own certificates' grep -q 'Serial Number' \
    <(openssl crl -in "$scratch/next.crl" -noout -text)

# With an intermediate whose root key was taken away.
run 0 deep ca init --name Deep --intermediate
mv "$scratch/deep/ca/root-key.pem" "$scratch/safe.key"
run 0 deep ca issue --no-dns --config "$scratch/node.cfg" --privkey "$scratch/ec.key" --cert "$scratch/deep.crt"
run 2 deep ca root renew --same-key
shows 'the root key is missed' PGC4023 --root-key
run 2 deep ca root renew --same-key --root-key "$scratch/ec.key"
run 0 deep ca root renew --same-key --root-key "$scratch/safe.key"
parts "$scratch/deep.crt" "$scratch/deep"
openssl storeutl -certs "$scratch/deep/ca/chain.pem" 2>/dev/null |
    awk '/BEGIN/{n++} n==2' | sed -n '/BEGIN/,/END/p' >"$scratch/deep.root"
verifies 'the old leaf verifies under the renewed root' "$scratch/deep"
run 0 deep ca root renew --new-key ec
run 0 deep ca issue --no-dns --config "$scratch/node.cfg" --privkey "$scratch/ec.key" --cert "$scratch/deep2.crt"
parts "$scratch/deep2.crt" "$scratch/deep2"
verifies 'and the new one under the new root' "$scratch/deep2"
equal 'whose chain is whole' 3 "$(grep -c BEGIN "$scratch/deep2.crt")"

# ---- a root made elsewhere (C-05) ----
ladder office
run 64 custom ca import --cert "$scratch/ca/office/chain.pem"
chmod 600 "$scratch/ca/office/key.pem" "$scratch/ca/office-root/key.pem"
run 1 custom ca import --cert "$scratch/ca/office/chain.pem" --key "$scratch/ca/office-root/key.pem"
shows 'another key' PGC2022
run 1 custom ca import --cert "$scratch/ca/office/cert.pem" --key "$scratch/ca/office/key.pem"
shows 'issuers are missing' PGC4022
run 1 custom ca import --cert "$scratch/ec.leaf" --key "$scratch/ec.key"
run 0 custom ca import --cert "$scratch/ca/office/chain.pem" --key "$scratch/ca/office/key.pem"
run 2 custom ca import --cert "$scratch/ca/office/chain.pem" --key "$scratch/ca/office/key.pem"
run 0 custom ca import --replace --cert "$scratch/ca/office/chain.pem" --key "$scratch/ca/office/key.pem"
run 0 custom ca issue --no-dns --config "$scratch/node.cfg" --privkey "$scratch/ec.key" --cert "$scratch/custom.crt"
equal 'everything is signed with the full chain' 3 "$(grep -c BEGIN "$scratch/custom.crt")"
parts "$scratch/custom.crt" "$scratch/custom"
verifies 'and verifies' "$scratch/custom" -purpose sslserver
chmod 644 "$scratch/ca/office/key.pem"
run 2 custom ca import --replace --cert "$scratch/ca/office/chain.pem" --key "$scratch/ca/office/key.pem"
shows 'a key that others can read' PGB1013

# ---- kill -9 while the root is renewed: one CA or the other, whole ----
whole=0
for ((i = 0; i < 30; i++)); do
    spawn ca-ec "$scratch/kill.log" ca root renew --new-key ec
    sleep "0.0$((RANDOM % 6))$((RANDOM % 10))"
    kill -KILL -- "-$spawned" 2>/dev/null || true
    wait "$spawned" 2>/dev/null || true
    if pg ca-ec ca show >/dev/null 2>&1 &&
        [[ $(openssl pkey -in "$scratch/ca-ec/ca/key.pem" -pubout) == "$(openssl x509 -in "$scratch/ca-ec/ca/chain.pem" -pubkey -noout)" ]]; then
        whole=$((whole + 1))
    fi
done
equal 'after each kill there is a whole CA' 30 "$whole"

# ---- its keys encrypted at rest ----
printf 'a passphrase\n' >"$scratch/secret" && chmod 600 "$scratch/secret"
clear_keys() { grep -rl 'BEGIN PRIVATE KEY' "$scratch/vault" || true; }
run 0 vault ca init --name 'Vault CA' --intermediate
run 0 vault identity encrypt-key --passphrase-file "$scratch/secret"
shows 'a directory of a CA alone will do' 'Encrypted 2 keys'
equal 'no key of the CA lies in the clear' '' "$(clear_keys)"
equal 'openssl reads it with the passphrase' \
    "$(openssl x509 -in "$scratch/vault/ca/chain.pem" -noout -pubkey)" \
    "$(openssl pkey -in "$scratch/vault/ca/key.pem" -passin "file:$scratch/secret" -pubout)"
openssl req -new -newkey rsa:2048 -nodes -keyout "$scratch/v.key" -subj /CN=v.example.com \
    -addext subjectAltName=DNS:v.example.com -out "$scratch/v.csr" 2>/dev/null
issues() { run "$1" vault ca issue --request "$scratch/v.csr" --out "$scratch/v.pem"; }
issues 0
parts "$scratch/v.pem" "$scratch/v"
verifies 'it issues' "$scratch/v"
cp -a "$scratch/vault" "$scratch/taken"
mv "$scratch/taken/ca/root-key.pem" "$scratch/root.away"
run 0 taken ca root renew --same-key --root-key "$scratch/root.away"
run 0 vault ca root renew --same-key
run 0 vault ca root renew --new-key ec
equal 'what is renewed is encrypted, and what it replaces' '' "$(clear_keys)"
cp "$scratch/vault/ca/chain.pem" "$scratch/vault.chain"
cp -p "$scratch/vault/ca/key.pem" "$scratch/vault.key"
run 0 moved ca import --cert "$scratch/vault.chain" --key "$scratch/vault.key" \
    --passphrase-file "$scratch/secret"
check 'taken over, it issues with the same key' cmp "$scratch/vault.chain" "$scratch/moved/ca/chain.pem"
mv "$scratch/secret" "$scratch/away"
issues 2
shows 'without the passphrase nothing is issued' PGC2080
run 0 vault ca show
mv "$scratch/away" "$scratch/secret"
run 0 vault identity decrypt-key
shows 'and back: two of each of three generations' 'Decrypted 6 keys'
issues 0
run 0 vault audit verify
