#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# chain verify and chain lint, on chains and revocation lists made by openssl.
. "$(dirname "$0")/lib.sh"

# shows SENTENCE TEXT...: the last command printed each of them.
shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

# verify WANTED ARGUMENT...: no state directory is needed.
verify()
{
    local wanted=$1 status=0
    shift
    "$PAIRGATE" chain verify "$@" >"$out" 2>"$err" || status=$?
    equal "chain verify $*" "$wanted" "$status"
}

ids() { jq -r '[.findings[] | select(.severity == "error") | .id] | unique | join(" ")' "$out"; }

cd "$scratch"
cat >conf <<'CONF'
[ca]
default_ca = d
[d]
dir = .
database = index
new_certs_dir = .
serial = serial
crlnumber = number
default_md = sha256
default_days = 300
default_crl_days = 30
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[limited]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
nameConstraints = critical, permitted;DNS:other.example.com
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, dataEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:node.example.com, DNS:*.nodes.example.com, IP:192.0.2.10
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[list]
authorityKeyIdentifier = keyid
CONF
: >index
echo 11223344556677889900 >serial
echo 01 >number

# make NAME SUBJECT ISSUER EXTENSIONS [REQUEST-OF]: a certificate; ISSUER self for a root.
make()
{
    local name=$1 request=${5:-$1}
    if [[ ! -f $request.key ]]; then
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$request.key" 2>/dev/null
    fi
    openssl req -new -key "$request.key" -subj "/CN=$2" -config conf -out "$name.csr"
    if [[ $3 == self ]]; then
        openssl ca -batch -config conf -selfsign -keyfile "$name.key" -in "$name.csr" \
            -extensions "$4" -notext -out "$name.pem" 2>/dev/null
    else
        openssl ca -batch -config conf -keyfile "$3.key" -cert "$3.pem" -in "$name.csr" \
            -extensions "$4" -notext -out "$name.pem" 2>/dev/null
    fi
}

crl_of()
{
    openssl ca -config conf -gencrl -keyfile "$1.key" -cert "$1.pem" -crlexts list \
        -out "$2" 2>/dev/null
}

make root 'Verify Root' self root
make stranger 'Stranger' self root
make inter 'Verify Issuing CA' root intermediate
make limited 'Verify Issuing CA' root limited inter
make cross 'Verify Issuing CA' stranger intermediate inter
make leaf node.example.com inter leaf
check 'openssl finds the chain good' openssl verify -x509_strict -purpose sslserver \
    -CAfile root.pem -untrusted inter.pem leaf.pem

# ---- ways to an anchor ----
verify 0 --trust root.pem --untrusted inter.pem leaf.pem
shows 'the way is drawn' 'Valid: 3 certificates' 'Verify Root' 'Verify Issuing CA' 'No findings'
cat leaf.pem inter.pem >chain.pem
verify 0 --trust root.pem chain.pem
openssl crl2pkcs7 -nocrl -certfile inter.pem -certfile leaf.pem -certfile root.pem -out bag.p7b
verify 0 --trust root.pem --peer-name node.example.com bag.p7b
verify 1 --trust root.pem leaf.pem
shows 'a missing issuer is named' PGC3001 'Verify Issuing CA'
verify 1 --trust stranger.pem chain.pem --json
equal 'a stranger is no anchor' PGC3001 "$(ids)"
verify 0 --trust stranger.pem --untrusted inter.pem --untrusted cross.pem leaf.pem --json
equal 'the cross certificate is the way' 'Stranger' "$(jq -r '.path[-1].issued_to' "$out")"
verify 0 --trust root.pem --untrusted limited.pem --untrusted inter.pem --untrusted stranger.pem leaf.pem
verify 1 --trust root.pem --untrusted limited.pem leaf.pem --json
equal 'a name outside the constraints' PGC1110 "$(ids)"
verify 0 --trust leaf.pem leaf.pem
verify 0 --trust inter.pem leaf.pem

# ---- time, name, purpose ----
verify 1 --trust root.pem --at 2020-01-01T00:00:00Z chain.pem --json
equal 'before its time' PGC1181 "$(ids)"
verify 1 --trust root.pem --at 2099-01-01T00:00:00Z chain.pem --json
equal 'after its time' PGC1180 "$(ids)"
for name in node.example.com NODE.example.com. a.nodes.example.com 192.0.2.10; do
    verify 0 --trust root.pem --peer-name "$name" chain.pem
done
for name in example.com a.b.nodes.example.com nodes.example.com 192.0.2.11; do
    verify 1 --trust root.pem --peer-name "$name" chain.pem --json
    equal "it is not $name" PGC3020 "$(ids)"
done
verify 0 --trust root.pem --purpose server chain.pem
verify 1 --trust root.pem --purpose client chain.pem --json
equal 'it is no client' PGC3010 "$(ids)"

# ---- revocation ----
crl_of inter inter.crl
verify 0 --trust root.pem --crl inter.crl chain.pem
shows 'the root gave no list' PGC3045
crl_of root root.crl
cat inter.crl root.crl >both.crl
verify 0 --trust root.pem --crl both.crl chain.pem
shows 'all lists are there' 'No findings'
openssl ca -config conf -gencrl -keyfile inter.key -cert inter.pem -crlexts list -md sha1 \
    -out sha1.crl 2>/dev/null
verify 1 --trust root.pem --crl sha1.crl chain.pem --json
equal 'its only list is signed with SHA-1' PGC1400 "$(ids)"
cat sha1.crl both.crl >more.crl
verify 0 --trust root.pem --crl more.crl chain.pem
shows 'a list signed with SHA-1 is passed over' 'No findings'
openssl ca -config conf -keyfile inter.key -cert inter.pem -revoke leaf.pem 2>/dev/null
crl_of inter inter.crl
verify 1 --trust root.pem --crl inter.crl chain.pem --json
equal 'the leaf is revoked' PGC3046 "$(ids)"
openssl crl -in inter.crl -outform DER -out inter.der
verify 1 --trust root.pem --crl inter.der chain.pem --json
equal 'a list in DER says the same' PGC3046 "$(ids)"
verify 1 --trust root.pem --crl root.pem chain.pem
shows 'a certificate is no list' PGC3040
sed 's/^crlnumber.*//' conf >conf-without
openssl ca -config conf-without -gencrl -keyfile root.key -cert root.pem -crlexts list \
    -out no-number.crl 2>/dev/null
verify 1 --trust root.pem --crl no-number.crl chain.pem
shows 'a list without a number is refused' PGC3040 cRLNumber

# ---- a bundle with something unreadable; usage ----
{ cat root.pem; printf -- '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'; } >bundle.pem
verify 0 --trust bundle.pem chain.pem
shows 'what cannot be read is left out' PGC3050
verify 64 chain.pem
verify 64 --trust root.pem
verify 64 --trust root.pem --purpose both chain.pem
verify 64 --trust root.pem --at tomorrow chain.pem
verify 2 --trust nowhere.pem chain.pem
verify 2 --trust root.pem nowhere.pem
verify 1 --trust root.pem conf

# ---- advice ----
status=0
"$PAIRGATE" chain lint chain.pem >"$out" 2>"$err" || status=$?
equal 'chain lint is never a refusal' 0 "$status"
shows 'dataEncipherment is flagged' PGC3102 'dataEncipherment'
status=0
"$PAIRGATE" chain lint --json chain.pem >"$out" 2>"$err" || status=$?
equal 'chain lint --json' 0 "$status"
equal 'no advice is an error' 0 "$(jq '[.findings[] | select(.severity == "error")] | length' "$out")"
status=0
"$PAIRGATE" chain lint nowhere.pem >"$out" 2>"$err" || status=$?
equal 'a file that is not there' 2 "$status"
