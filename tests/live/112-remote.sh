#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pairgate --remote: the same commands on another appliance, over TLS, by its management API.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

ladder office
member office office
member laptop office
agent stranger
must office admin add --password-file <(echo 'correct horse battery') mary
manage office
front=https://${managed[office]}
export PAIRGATE_PASSWORD_FILE=$scratch/password
(umask 077 && echo 'correct horse battery' >"$PAIRGATE_PASSWORD_FILE")
pin=$(pg office identity show --json | jq -r .spki_sha256)

# there STATUS [COMMAND...]: by the laptop, whose anchor is the office's root.
there() { run "$1" laptop --remote "$front" --user mary "${@:2}"; }

# ---- the same answers ----
must office identity show --json
cp "$out" "$scratch/here"
there 0 identity show
check 'it prints what the command prints there' cmp "$scratch/here" "$out"
there 0 request new --cn office.example.com --san DNS:a.example.com --san DNS:b.example.com
told 'lists and options arrive' '.san | test("a.example.com.*b.example.com")'
id=$(field .id)
field .request >"$scratch/new.csr"
there 0 request show "$id"
told 'an operand arrives' ".id == \"$id\""
there 0 chain check "$scratch/office.pem"
told 'a file arrives' '.accepted'
there 1 chain check "$scratch/new.csr"
told 'what is refused is refused with 1 and its findings' '(.accepted | not) or .error'
there 0 request drop "$id"
there 2 request show "$id"
told 'a failure is the one of the command' '.error.id | startswith("PGC")'
there 0 audit show --kind request
check 'items are printed one a line' jq -e -s 'length > 1 and all(.[]; .kind == "request")' "$out"
there 0 ca init --name 'Another CA'
there 0 ca crl --days 3
check 'what is no JSON comes as it is' grep -q 'BEGIN X509 CRL' "$out"
must office admin list --json
there 0 admin add --role observer --password-file <(echo 'another long one') paul
there 0 admin list
check 'a secret arrives, by a file, and what he may' \
    jq -e -s 'any(.[]; .name == "paul" and .role == "observer")' "$out"

# ---- what does not go there ----
there 64 listen --into /tmp
there 64 request show
there 64 request show one two
there 64 request show "$id" --no-such-option
run 64 laptop --remote http://localhost identity show
run 64 laptop --remote "$front" identity show
check 'without --user nothing is asked' grep -q -e '--user' "$err"

# ---- who answers ----
run 1 stranger --remote "$front" --user mary identity show
check 'a root that is not trusted is refused' grep -q PGA2807 "$err"
run 0 stranger --remote "$front" --user mary --ca "$scratch/ca/office-root/cert.pem" identity show
run 0 stranger --remote "$front" --user mary --pin "$pin" identity show
run 1 stranger --remote "$front" --user mary --pin "${pin//[0-9]/0}" identity show
run 1 laptop --remote "${front/127.0.0.1/localhost}" --user mary identity show
check 'another name than the certificate has is refused' grep -q PGA2807 "$err"
run 64 laptop --remote "$front" --user mary --insecure identity show
check_not 'nothing was sent to whom was refused' grep -q PGA2807 "$scratch/office.events.err"

# ---- a job is followed to its end ----
member target office
listen target
tree "$scratch/estate" 3
code target
there 0 migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
check 'its events come as the command prints them' \
    jq -e -s 'last | .event == "receipt"' "$out"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
there 2 migrate "$(at target)" "$scratch/nowhere" --code-file "$scratch/target.code"
check 'and a failure with its status' jq -e -s 'last | .error.id' "$out"
listen_end target
listen_end office
