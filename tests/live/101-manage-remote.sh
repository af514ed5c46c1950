#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The management API on its port: TLS without a certificate of the client's, names and
# passwords, sessions, roles; and what OpenManage's clients ask of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

ome=/api/ApplicationService
sessions=/api/SessionService/Sessions
ladder office
agent office
(umask 077 && echo 'correct: horse battery' >"$scratch/password")
must office admin add vera --password-file "$scratch/password"
must office admin add otto --role observer --password-file "$scratch/password"
run 64 office admin add eve --role king --password-file "$scratch/password"
request office
leaf_sign office "$scratch/office.csr" "$scratch/office.pem"
must office chain upload "$scratch/office.pem"
manage office
vera=(-u 'vera:correct: horse battery')
otto=(-u 'otto:correct: horse battery')

# ---- TLS ----
tls() { openssl s_client -connect "${managed[office]}" "$@" </dev/null 2>&1; }
check 'TLS 1.3 is spoken' grep -q '^New, TLSv1.3' <(tls -tls1_3)
check 'so is TLS 1.2, with ECDHE and GCM' grep -q '^New, TLSv1.2, Cipher is ECDHE-.*-GCM' <(tls -tls1_2)
check 'and nothing older' grep -q 'alert protocol version' <(tls -tls1_1 -cipher DEFAULT@SECLEVEL=0)
check_not 'no certificate is asked for' grep -q 'Acceptable client certificate CA\|Requested Signature' \
    <(tls -tls1_3)
equal 'the whole chain is presented' "$(grep -c BEGIN "$scratch/office.pem")" \
    "$(tls -showcerts | grep -c 'BEGIN CERTIFICATE')"

# ---- who ----
answers 200 'whether it is well, anybody may know' office GET /healthz
answers 401 'nothing else' office GET "$ome/Info"
told 'as OpenManage says it' '.error["@Message.ExtendedInfo"][0].MessageId == "CGEN1001"'
answers 200 'a name and a password' office GET "$ome/Info" "${vera[@]}"
told 'the version is one that clients take' '.Version == "4.1.0"'
answers 200 'an observer looks' office GET "$ome/Certificate" "${otto[@]}"
told 'at the certificate' '.value[0].IssuedTo.DistinguishedName == "office.example.com"'
answers 403 'and changes nothing' office DELETE /api/pairgate/v1/requests/x "${otto[@]}"
answers 401 'a wrong password' office GET "$ome/Info" -u vera:wrong
answers 401 'no Basic' office GET "$ome/Info" -H 'Authorization: Bearer x'
answers 200 'OpenManage with a port, blanks behind it, and a body in a GET' office GET "$ome/Info" \
    "${vera[@]}" -H "Host: ${managed[office]} " -H 'Content-Type: application/json' -d null

# ---- sessions ----
login='{"UserName":"vera","Password":"correct: horse battery","SessionType":"API"}'
answers 201 'a session' office POST "$sessions" "${json[@]}" "$login" -u ignored:wrong
token=(-H "X-Auth-Token: $(header X-Auth-Token)")
id=$(field .Id)
told 'is as clients read it' '.["@odata.id"] == "/api/SessionService/Sessions('"'$id'"')" and
    .Roles == ["ADMINISTRATOR"] and .Password == null'
answers 200 'its token alone' office GET "$ome/Info" "${token[@]}"
answers 200 'all sessions' office GET "$sessions" "${token[@]}"
told 'are counted' ".[\"@odata.count\"] == 1 and .value[0].Id == \"$id\""
answers 200 'one session' office GET "$sessions('$id')" "${vera[@]}"
answers 403 'an observer ends no other one' office DELETE "$sessions('$id')" "${otto[@]}"
answers 204 'it is ended' office DELETE "$sessions(%27$id%27)" "${token[@]}"
check 'without a body' test ! -s "$out"
answers 401 'its token is dead at once' office GET "$ome/Info" "${token[@]}"
answers 404 'and the session is none' office GET "$sessions('$id')" "${vera[@]}"
answers 201 'another session' office POST "$sessions" "${json[@]}" "$login"
token=(-H "X-Auth-Token: $(header X-Auth-Token)")
must office admin passwd vera --password-file "$scratch/password"
answers 401 'is ended by a new password, though it be of the same second' office GET "$ome/Info" "${token[@]}"
answers 401 'a wrong password opens none' office POST "$sessions" "${json[@]}" "${login/horse/cow}"
answers 400 'nor does none at all' office POST "$sessions" "${json[@]}" '{"UserName":"vera"}'
told 'which is named' '.error["@Message.ExtendedInfo"][0] | .MessageId == "CGEN6002" and .MessageArgs[0] == "Password"'
answers 400 'nor what is no JSON' office POST "$sessions" "${json[@]}" '{"UserName"'
told 'which is told' '.error["@Message.ExtendedInfo"][0].MessageId == "CGEN1004"'
check_not 'no password and no token is in the state' \
    grep -rqF -e 'horse battery' -e "${token[1]#*: }" "$scratch/office"

# ---- a request, a chain ----
csr='{"DistinguishedName":"office.example.com","DepartmentName":"Ops & Migration","BusinessName":"Exemple, SA",
"Locality":"Saint-\u00c9tienne","State":"Auvergne/Rh\u00f4ne-Alpes","Country":"FR","Email":"ops@example.com",
"San":"office.example.com,127.0.0.1"}'
generate() { answers "$1" "$2" office POST "$ome/Actions/ApplicationService.GenerateCSR" "${vera[@]}" "${json[@]}" "$3"; }
generate 200 'a signing request' "$csr"
field .CertificateData >"$scratch/by-api.csr"
equal 'has the subject that was asked for' \
    'C=FR,ST=Auvergne/Rhône-Alpes,L=Saint-Étienne,O=Exemple, SA,OU=Ops & Migration,CN=office.example.com,emailAddress=ops@example.com' \
    "$(openssl req -in "$scratch/by-api.csr" -noout -subject -nameopt sep_comma_plus,utf8 | sed 's/^subject=//; s/, *\([A-Z]\)/,\1/g; s/,SA/, SA/; s/ = /=/g')"
equal 'and its names, in order, and no others' 'DNS:office.example.com, IP Address:127.0.0.1' \
    "$(openssl req -in "$scratch/by-api.csr" -noout -text | sed -n '/Alternative Name/{n;s/^ *//p}')"
names() { openssl req -in <(field .CertificateData) -noout -text | grep -c 'Alternative Name' || true; }
for san in '.San = null' 'del(.San)'; do
    generate 200 "a signing request with $san" "$(jq -c "$san" <<<"$csr")"
    equal 'asks for no alternative name: nothing is added' 0 "$(names)"
done
generate 200 'the first one again' "$csr"
field .CertificateData >"$scratch/by-api.csr"
# wrong PROPERTY JQ-CHANGE: refused, and named.
wrong()
{
    generate 400 "$2" "$(jq -c "$2" <<<"$csr")"
    told "names $1" ".error[\"@Message.ExtendedInfo\"][0] | .MessageId == \"CGEN6002\" and (.Message | contains(\"$1\"))"
}
wrong Country '.Country = "FRA"'
wrong Email '.Email = "nobody"'
wrong Locality '.Locality = ""'
wrong BusinessName 'del(.BusinessName)'
wrong SAN '.San = "a.example,b.example,c.example,d.example,e.example"'
for san in -1 '[a,b]' test.dell.i 'a.example, b.example' "$(printf 'a%.0s' {1..66}).example"; do
    wrong 'Subject Alternative Name(s)' ".San = \"$san\""
done

upload() { answers "$1" "$2" office POST "$ome/Actions/ApplicationService.UploadCertChain" "${vera[@]}" \
    -H 'Content-Type: application/octet-stream' -H 'Accept: application/octet-stream' --data-binary "$3"; }
# says ID ARGUMENT
says() { told "says $2" ".error[\"@Message.ExtendedInfo\"][0] | .MessageId == \"$1\" and .MessageArgs[0] == \"$2\""; }
upload 400 'what is no certificate' nonsense
told 'is a file that is invalid' '.error["@Message.ExtendedInfo"][0].MessageId == "CSEC9002"'
upload 400 'an empty file' ''
leaf_sign office "$scratch/by-api.csr" "$scratch/new.pem"
openssl x509 -in "$scratch/new.pem" >"$scratch/alone.pem"
upload 400 'a leaf alone' "@$scratch/alone.pem"
says CGEN1008 'Invalid certificate chain provided.'
leaf_sign office "$scratch/by-api.csr" "$scratch/server.pem" eku=serverAuth
upload 400 'a leaf for servers alone' "@$scratch/server.pem"
says CGEN1008 'No Client/Server authentication EKU present in leaf certificate.'
told 'and all findings besides, with our ids' '.error.findings | length > 0 and all(.id | startswith("PGC"))'
openssl req -new -newkey rsa:2048 -nodes -keyout "$scratch/other.key" -subj /CN=office.example.com \
    -addext subjectAltName=DNS:office.example.com -out "$scratch/other.csr" 2>"$err"
leaf_sign office "$scratch/other.csr" "$scratch/other.pem"
upload 400 "somebody else's key" "@$scratch/other.pem"
says CGEN1008 'Invalid CSR key.'

# The switch: connections that are open stay as they are, new ones see the new chain.
before=$(tls | openssl x509 -noout -serial)
mkfifo "$scratch/slow"
openssl s_client -quiet -connect "${managed[office]}" <"$scratch/slow" >"$scratch/slow.out" 2>/dev/null &
slow=$!
exec 9>"$scratch/slow"
printf 'GET /healthz HTTP/1.1\r\nHost: office\r\n' >&9
upload 200 'the chain' "@$scratch/new.pem"
after=$(tls | openssl x509 -noout -serial)
check 'is presented at once' test "$before" != "$after"
printf 'Connection: close\r\n\r\n' >&9
exec 9>&-
wait "$slow" || true
check 'a connection of before has its answer' grep -q '"status":"ok"' "$scratch/slow.out"
upload 200 'the same again' "@$scratch/new.pem"

# ---- an RSA leaf, and clients of TLS 1.2 that know no PSS ----
run 0 office request new --key rsa2048 --cn office.example.com --san DNS:office.example.com --san IP:127.0.0.1
cp "$out" "$scratch/rsa.csr"
leaf_sign office "$scratch/rsa.csr" "$scratch/rsa.pem"
must office chain upload "$scratch/rsa.pem"
for hash in SHA256 SHA384 SHA512; do
    for scheme in RSA RSA-PSS; do
        check "TLS 1.2 is signed with $scheme+$hash" \
            grep -q '^Peer signature type: RSA' <(tls -tls1_2 -sigalgs "$scheme+$hash" -CAfile "$scratch/rsa.pem" -verify_return_error)
    done
done
check_not 'with SHA-1 it is not' grep -q '^Peer signature type' <(tls -tls1_2 -sigalgs 'RSA+SHA1' -cipher DEFAULT@SECLEVEL=0)
check 'TLS 1.3 has PSS alone' grep -q '^Peer signature type: RSA-PSS' <(tls -tls1_3)

# ---- guesses ----
# (A minute may end in between; a name that was guessed at is slow, so each is another.)
for i in {1..24}; do
    api office GET "$ome/Info" -u "guess$i:guess"
    if [[ $status != 401 ]]; then break; fi
done
equal 'ten wrong passwords in a minute shut the address' 400 "$status"
told 'says so' '.error.findings[0].id == "PGA2705"'
answers 429 'which our own part tells by its number' office GET /api/pairgate/v1/requests -u vera:guess
check 'with the time to wait' test "$(header Retry-After)" -gt 0
listen_end office
