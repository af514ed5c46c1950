#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What can be refused without a password is refused before one is asked for. There is no terminal
# here, so that being asked is PGA2014.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

# refuses STATUS ID NAME COMMAND...: with this id, unasked.
refuses()
{
    local want=$1 id=$2
    shift 2
    run "$want" "$@"
    check "  by $id" grep -q "$id" "$err"
    check_not '  and nobody was asked' grep -q PGA2014 "$err"
}
# asks NAME COMMAND...: nothing speaks against it, and the question comes.
asks()
{
    run 64 "$@"
    check '  which asks' grep -q PGA2014 "$err"
}

ladder office
member office office
agent laptop
(umask 077 && echo 'correct horse battery' >"$scratch/password")

# ---- administrators ----
must office admin add --password-file "$scratch/password" mary
refuses 1 PGP2002 office admin add mary
refuses 64 PGP2001 office admin add 'Mary Poppins'
refuses 64 PGP2701 office admin add --role king paul
refuses 1 PGP2003 office admin passwd paul
refuses 64 PGP2001 office admin passwd 'Mary Poppins'
refuses 2 PGA1002 nowhere admin add paul
asks office admin add paul
asks office admin passwd mary

# ---- keys ----
sealed=$scratch/sealed.pem
(umask 077 && openssl pkey -in "$scratch/ca/office/key.pem" -aes-256-cbc -passout pass:secret -out "$sealed")
openssl pkcs12 -export -passout pass:secret -inkey "$scratch/ca/office/key.pem" \
    -in "$scratch/ca/office/cert.pem" -out "$scratch/bag.p12"
chmod 600 "$scratch/bag.p12"
refuses 2 PGA1002 nowhere identity import --p12 "$scratch/bag.p12"
refuses 2 PGA1002 nowhere identity import --cert "$scratch/office.pem" --key "$sealed"
refuses 64 PGA1001 laptop identity import --cert "$scratch/office.pem" --key "$sealed" extra
asks laptop identity import --p12 "$scratch/bag.p12"
asks nowhere ca import --cert "$scratch/ca/office/chain.pem" --key "$sealed"
refuses 1 PGC4022 laptop ca import --cert "$scratch/office.pem" --key "$sealed"
refuses 2 PGC2040 laptop ca root renew --same-key --root-key "$sealed"
must laptop ca init
refuses 2 PGC2041 laptop ca import --cert "$scratch/ca/office/chain.pem" --key "$sealed"
asks laptop ca import --replace --cert "$scratch/ca/office/chain.pem" --key "$sealed"
asks laptop ca root renew --same-key --root-key "$sealed"

# ---- another appliance ----
pin=$(pg office identity show --json | jq -r .spki_sha256)
manage office
front=https://${managed[office]}
there=(laptop --remote "$front" --user mary --pin "$pin")
refuses 2 PGA2808 laptop --remote https://127.0.0.1:1 --user mary identity show
refuses 1 PGA2807 laptop --remote "$front" --user mary identity show
refuses 1 PGA2807 laptop --remote "$front" --user mary --pin "${pin//[0-9]/0}" identity show
refuses 64 PGA1001 "${there[@]}" request show
asks "${there[@]}" identity show
refuses 64 PGP2001 "${there[@]}" admin add --password-file "$scratch/password" 'Mary Poppins'
export PAIRGATE_PASSWORD_FILE=$scratch/password
refuses 64 PGA1001 "${there[@]}" admin add
refuses 64 PGA1001 "${there[@]}" admin add paul extra
refuses 64 PGP2001 "${there[@]}" admin add 'Mary Poppins'
refuses 64 PGP2001 "${there[@]}" admin passwd 'Mary Poppins'
refuses 1 PGA2807 laptop --remote "$front" --user mary admin add paul
asks "${there[@]}" admin add paul

# ---- what is typed where nothing speaks against it ----
# typed ANSWERS STATE WORD...: on a terminal that script(1) makes; an answer for each question.
typed()
{
    local answers=$1 state=$2 n=0
    shift 2
    : >"$scratch/typescript"
    while read -r answer; do
        n=$((n + 1))
        wait_for 20 asked "$n" || break
        echo "$answer"
    done <<<"$answers" |
        PAIRGATE_STATE=$scratch/$state script -qfec "'$PAIRGATE' $*" "$scratch/typescript" >/dev/null 2>&1 || true
}
asked() { [[ $(grep -oaiE '(password( of [^:]*)?|once more): ' "$scratch/typescript" | wc -l) -ge $1 ]]; }

if command -v script >/dev/null; then
    typed short office admin add paul
    check 'a password that is too short is told before it is typed again' \
        grep -qa PGP2004 "$scratch/typescript"
    check_not '  which is not asked for' grep -qai 'once more' "$scratch/typescript"
    unset PAIRGATE_PASSWORD_FILE
    mary=(laptop --remote "$front" --user mary --pin "$pin")
    for what in short $'another long one\nanother lnog one'; do
        typed $'correct horse battery\n'"$what" "${mary[@]}" admin add paul
        check 'a new password that is not fit, or not the same twice, is not sent' \
            grep -qa PGP2004 "$scratch/typescript"
        must office admin list --json
        check_not '  and nobody has it' grep -q '"paul"' "$out"
        equal '  asked once more when it is fit' "$(wc -l <<<"$what")" \
            "$(grep -oaE '(New password of paul|Once more): ' "$scratch/typescript" | wc -l)"
    done
    typed $'correct horse battery\nanother long one\nanother long one' "${mary[@]}" admin add paul
    equal 'a question says whose password it is about' \
        'Password of mary at 127.0.0.1: New password of paul: Once more: ' \
        "$(grep -oaE '(New p|P)assword[^:]*: |Once more: ' "$scratch/typescript" | tr -d '\n')"
    must office admin list --json
    check 'both passwords are typed, and arrive' grep -q '"paul"' "$out"
    typed 'another long one' laptop --remote "$front" --user paul --pin "$pin" admin list
    check 'and the new one opens' grep -qa '"mary"' "$scratch/typescript"
    typed $'correct horse battery\none of the others\none of the others' "${mary[@]}" admin passwd paul
    typed 'one of the others' laptop --remote "$front" --user paul --pin "$pin" admin list
    check 'so does one that replaces it' grep -qa '"mary"' "$scratch/typescript"
fi
listen_end office
