#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests: every purpose of documents 003 and 004 as openssl and certtool read it, subjects and
# alternative names as given, --overwrite, request diff, damaged requests.
. "$(dirname "$0")/lib.sh"

shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

agent node

# ---- every purpose, bit by bit ----
srv='TLS Web Server Authentication'
cli='TLS Web Client Authentication'
srv_cli="$srv, TLS Web Client Authentication"
all="$srv_cli, IPSec End System"
ds_ke='Digital Signature, Key Encipherment'

# asks_for PURPOSE KEY SERVERS EKU KU [BASIC]: openssl's words for each extension.
asks_for()
{
    local purpose=$1 key=$2 servers=$3 eku=$4 ku=$5 basic=${6:-} text
    run 0 node request new --purpose "$purpose" --key "$key" --cn node.example.com \
        --san DNS:node.example.com
    cp "$out" "$scratch/r.csr"
    check "$purpose: openssl verifies it" openssl req -in "$scratch/r.csr" -verify -noout
    text=$(openssl req -in "$scratch/r.csr" -noout -text)
    equal "$purpose: extended key usage" "$eku" \
        "$(sed -n '/X509v3 Extended Key Usage/{n;s/^ *//;p}' <<<"$text")"
    equal "$purpose: key usage" "$ku" "$(sed -n '/X509v3 Key Usage/{n;s/^ *//;p}' <<<"$text")"
    equal "$purpose: basic constraints" "$basic" \
        "$(sed -n '/X509v3 Basic Constraints/{n;s/^ *//;p}' <<<"$text")"
    if [[ $servers == several ]]; then
        run 0 node request new --purpose "$purpose" --key "$key" --cn node.example.com \
            --multi-server --san DNS:a.example.com --san DNS:b.example.com
    else
        run 64 node request new --purpose "$purpose" --key "$key" --cn node.example.com \
            --san DNS:a.example.com --san DNS:b.example.com
        shows "$purpose is for one server" PGC2052
        run 64 node request new --purpose "$purpose" --key "$key" --cn node.example.com \
            --multi-server
    fi
}

de='Data Encipherment'
asks_for migration ec several "$srv_cli" 'Digital Signature'
asks_for migration rsa2048 several "$srv_cli" "$ds_ke"
asks_for server ed25519 several "$srv" 'Digital Signature'
asks_for client ec several "$cli" 'Digital Signature'
asks_for CallManager rsa2048 several "$srv_cli" "$ds_ke, $de"
asks_for CallManager-ECDSA ec several "$srv_cli" "$ds_ke, $de"
asks_for CAPF rsa2048 one "$srv" "$ds_ke, Certificate Sign" 'CA:TRUE, pathlen:0'
asks_for ipsec rsa2048 one "$all" "$ds_ke, $de"
asks_for tomcat rsa2048 several "$srv_cli" "$ds_ke, $de"
asks_for tomcat-ECDSA p384 several "$srv_cli" "$ds_ke, $de"
asks_for TVS rsa2048 one "$srv_cli" "$ds_ke, $de"
asks_for cup rsa2048 one "$all" "$ds_ke, $de, Key Agreement"
asks_for cup-ECDSA p521 one "$all" "$ds_ke, $de, Key Agreement"
asks_for cup-xmpp rsa2048 several "$all" "$ds_ke, $de, Key Agreement"
asks_for cup-xmpp-ECDSA ec several "$all" "$ds_ke, $de, Key Agreement"
asks_for cup-xmpp-s2s rsa2048 several "$all" "$ds_ke, $de, Key Agreement"
asks_for cup-xmpp-s2s-ECDSA ec several "$all" "$ds_ke, $de, Key Agreement"

# The raw bytes of the three masks of document 004.
openssl_mask()
{
    openssl req -in "$scratch/$1.csr" -outform DER | openssl asn1parse -inform DER |
        sed -n '/X509v3 Key Usage/{n;n;s/.*DUMP\]://p}'
}
for row in CAPF:030202A4 TVS:030204B0 cup:030203B8; do
    pg node request new --purpose "${row%:*}" --key rsa2048 >"$scratch/mask.csr" 2>/dev/null
    equal "${row%:*}: the bits of key usage" "${row#*:}" "$(openssl_mask mask)"
done

run 64 node request new --purpose tomcat-ECDSA --key rsa3072
shows 'an ECDSA purpose needs an EC key' PGC2051
run 64 node request new --purpose cup-ECDSA --key ed25519
run 64 node request new --purpose capf
run 0 node request new --purpose CAPF --cn node.example.com
shows 'what comes of each is said: a CA certificate becomes no identity' 'request diff CSR FILE'
run 0 node request new --purpose server
shows 'a server certificate alone' 'certificate upload FILE'
run 0 node request new
shows 'a chain' 'chain upload FILE'
run 0 node request profiles
shows 'the purposes are listed' cup-xmpp-s2s-ECDSA 'EC only' 'CA:TRUE'
equal 'all sixteen' 16 "$(pg node request profiles --json | jq '.profiles | length')"
run 0 node request new --purpose tomcat
equal 'an RSA purpose has an RSA key unless told' 'Public-Key: (3072 bit)' \
    "$(openssl req -in "$out" -noout -text | sed -n 's/.*\(Public-Key:.*\)/\1/p')"
run 0 node request new --key rsa4096
equal 'rsa4096' 'Public-Key: (4096 bit)' \
    "$(openssl req -in "$out" -noout -text | sed -n 's/.*\(Public-Key:.*\)/\1/p')"

# ---- names ----
pg node request list --json | jq -r '.requests[].id' |
    while read -r id; do pg node request drop "$id" >/dev/null; done
name=$'日本語 Ελλάς \U1F512'
run 0 node request new --c JP --st '東京都' --l 'Chiyoda-ku' --o "$name" --ou 'R&D, "Lab"+1' \
    --cn 'nœud.example.com' --email admin@example.com --san DNS:b.example.com \
    --san URI:sip:node@example.com --san email:ops@example.com --san 2001:db8::7 \
    --san DNS:a.example.com --san 192.0.2.7
cp "$out" "$scratch/names.csr"
equal 'the subject, attribute by attribute' \
    "C=JP
ST=東京都
L=Chiyoda-ku
O=$name
OU=R&D, \"Lab\"+1
CN=nœud.example.com
emailAddress=admin@example.com" \
    "$(openssl req -in "$scratch/names.csr" -noout -subject -nameopt utf8,sep_multiline,sname |
        tail -n +2 | sed 's/^ *//')"
equal 'the alternatives in the order given, and nothing more' \
    'DNS:b.example.com, URI:sip:node@example.com, email:ops@example.com, IP Address:2001:DB8:0:0:0:0:0:7, DNS:a.example.com, IP Address:192.0.2.7' \
    "$(openssl req -in "$scratch/names.csr" -noout -text | sed -n '/Alternative Name/{n;s/^ *//;p}')"
shows 'and pairgate tells them so' \
    'DNS:b.example.com, URI:sip:node@example.com, email:ops@example.com, IP:2001:db8::7'
if command -v certtool >/dev/null; then
    certtool --crq-info --infile "$scratch/names.csr" >"$scratch/gnutls" 2>&1
    check 'gnutls verifies the request' grep -q 'Self signature: verified' "$scratch/gnutls"
    check 'gnutls reads the URI' grep -q 'URI: sip:node@example.com' "$scratch/gnutls"
    check 'gnutls reads the subject' grep -qF 'EMAIL=admin@example.com' "$scratch/gnutls"
else
    echo 'no certtool: gnutls not asked'
fi
long64=$(printf '木%.0s' {1..64})
run 0 node request new --cn a --o "$long64"
equal '64 characters, whatever their bytes' "$long64" \
    "$(openssl req -in "$out" -noout -subject -nameopt utf8,sname,sep_multiline | sed -n 's/^ *O=//p')"
run 64 node request new --cn a --o "${long64}木"
run 64 node request new --cn a --o $'bad\x01'
run 64 node request new --cn a --o $'\xff\xfe'
run 64 node request new --cn a --san email:nobody
run 64 node request new --cn a --san 'email:A <a@example.com>'
run 64 node request new --cn a --san URI:nothing
run 64 node request new --cn a --san 'URI:http://é.example.com'
run 64 node request new --cn a --san DNS:é.example.com

# ---- many pending, one answered, overwritten ----
agent many
request many
cp "$scratch/many.csr" "$scratch/one.csr"
made=$(pg many request list --json | jq -r '.requests[0].created')
first=$(pg many request list --json | jq -r '.requests[0].id')
request many
cp "$scratch/many.csr" "$scratch/two.csr"
must many request new --purpose server
ladder office
leaf_sign office "$scratch/one.csr" "$scratch/one.pem"
run 0 many chain upload "$scratch/one.pem"
shows 'the answer is known by its key' "it answers the request of $made ($first, for migration)"
run 0 many chain undo
run 0 many chain upload "$scratch/one.pem" --json
equal 'the same in JSON' "$first $made" "$(jq -r '"\(.request) \(.requested)"' "$out")"
run 0 many request new --overwrite
shows '--overwrite says what it costs' "Dropped request $first" 'no longer'
equal 'one of the purpose is left, and other purposes stay' 'migration server' \
    "$(pg many request list --json | jq -r '[.requests[].purpose] | sort | join(" ")')"
leaf_sign office "$scratch/two.csr" "$scratch/two.pem"
run 1 many chain upload "$scratch/two.pem"
shows 'its answer has come too late' request-key

# ---- what the CA changed ----
run 0 many request diff "$scratch/one.csr" "$scratch/one.pem"
shows 'nothing' 'what was asked for'
leaf_sign office "$scratch/one.csr" "$scratch/web.pem" eku=serverAuth \
    san=DNS:many.example.com,DNS:www.example.com
run 1 nobody request diff "$scratch/one.csr" "$scratch/web.pem"
shows 'the template' PGC2062 'IP:127.0.0.1' PGC2063 'DNS:www.example.com' PGC2064 clientAuth Remedy
run 1 nobody request diff "$scratch/one.csr" "$scratch/web.pem" --json
equal 'the same in JSON' 'false PGC2062 PGC2063 PGC2064' \
    "$(jq -r '"\(.same) \([.findings[].id] | join(" "))"' "$out")"
run 1 nobody request diff "$scratch/two.csr" "$scratch/one.pem"
shows 'another key' 'error: PGC2060'
openssl req -new -key "$scratch/ca/office/key.pem" -subj /O=Other/CN=many.example.com \
    -addext keyUsage=digitalSignature,keyAgreement \
    -addext basicConstraints=critical,CA:TRUE -out "$scratch/three.csr"
leaf_sign office "$scratch/three.csr" "$scratch/three.pem"
openssl req -new -key "$scratch/ca/office/key.pem" -subj /O=Same/CN=many.example.com \
    -addext keyUsage=digitalSignature,keyAgreement \
    -addext basicConstraints=critical,CA:TRUE -out "$scratch/four.csr"
run 1 nobody request diff "$scratch/four.csr" "$scratch/three.pem"
shows 'subject, key usage, CA' PGC2061 'O=Other' PGC2066 keyAgreement PGC2068
run 1 nobody request diff "$scratch/one.pem" "$scratch/one.pem"
run 64 nobody request diff "$scratch/one.csr"
if command -v certtool >/dev/null; then
    printf 'cn = "many.example.com"\ntls_www_server\nsigning_key\nexpiration_days = 90\n' >"$scratch/t"
    certtool --generate-certificate --load-request "$scratch/one.csr" \
        --load-ca-certificate "$scratch/ca/office/cert.pem" \
        --load-ca-privkey "$scratch/ca/office/key.pem" --template "$scratch/t" \
        --outfile "$scratch/gnutls.pem" 2>/dev/null
    run 1 nobody request diff "$scratch/one.csr" "$scratch/gnutls.pem"
    shows 'what gnutls made of it' PGC2062 PGC2064 clientAuth
fi

# ---- a damaged request stands in nobody's way ----
agent hurt
request hurt
cp "$scratch/hurt.csr" "$scratch/good.csr"
good=$(pg hurt request list --json | jq -r '.requests[0].id')
for damage in 'truncate -s 0 request.pem' 'rm meta' 'rm request.pem' 'sed -i 3d request.pem'; do
    must hurt request new
    id=$(pg hurt request list --json | jq -r --arg good "$good" '.requests[] | select(.id != $good) | .id')
    (cd "$scratch/hurt/requests/$id" && eval "$damage")
    run 0 hurt request list
    shows "$damage" "$good" PGC2019 "requests/$id" 'request drop'
    run 0 hurt request list --json
    equal "$damage: in JSON" "1 $id" "$(jq -r '"\(.requests | length) \(.damaged[0].id)"' "$out")"
    run 0 hurt request show "$good"
    run 2 hurt request show "$id"
    run 0 hurt request new --json
    pg hurt request drop "$(jq -r .id "$out")" >/dev/null 2>&1
    run 0 hurt request drop "$id"
    run 0 hurt request list --json
    equal "$damage: gone" '1 0' "$(jq -r '"\(.requests | length) \(.damaged | length)"' "$out")"
done
must hurt request new
rm "$scratch/hurt/requests/"*/meta
cp -a "$scratch/hurt" "$scratch/worse"
must hurt request new
request hurt
leaf_sign office "$scratch/hurt.csr" "$scratch/hurt.pem"
run 0 hurt chain upload "$scratch/hurt.pem"
shows 'an upload passes it over, and says so' PGC2019 'Installed as identity'
rm -rf "$scratch/worse/requests/$good" && : >"$scratch/worse/requests/$good"
run 0 worse request list
run 0 worse request drop "$good"

# ---- an open folder or key ----
id=$(pg many request list --json | jq -r '.requests[] | select(.purpose == "migration") | .id')
pg many request show "$id" >"$scratch/open.csr" 2>/dev/null
leaf_sign office "$scratch/open.csr" "$scratch/open.pem"
chmod 755 "$scratch/many/requests/$id"
run 2 many chain upload "$scratch/open.pem"
shows 'an open folder is refused with the command that mends it' PGB1013 \
    "chmod 700 '$scratch/many/requests/$id"
mend=$(sed -n "s/.*mend it with: \(chmod .*\)/\1/p" "$err")
eval "$mend"
run 0 many chain upload "$scratch/open.pem"
