#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A man in the middle who holds the whole conversation with both sides, under a certificate of
# the same CA: he fails by name and by pin; proofs passed on prove nothing, a grant that he makes
# up is not believed after them, the two screens differ; he learns no secret and gets no byte.
. "$(dirname "$0")/lib.sh"
forger_program=$(dirname "$PAIRGATE")/tests/forger
[[ -x $forger_program ]] || skip 'the forger is not built'

ladder office
member source office
member target office
member middle office
listen target
tree "$scratch/estate" 1
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must target admin add root --password-file "$scratch/password"
code target
target_key=$(openssl x509 -in "$scratch/target/identity/current/chain.pem" -noout -pubkey |
    openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)

# forger_begin relay|grant: behind the relay `wire`, which counts.
forger_begin()
{
    : >"$scratch/forged.port"
    setsid "$forger_program" "$scratch/middle/identity/current" "${listener_port[target]}" \
        "$scratch/forged.log" "$1" >"$scratch/forged.port" 2>"$scratch/forged.err" </dev/null &
    forger=$!
    own "$forger"
    wait_for 20 test -s "$scratch/forged.port" || die "the forger listens: $(cat "$scratch/forged.err")"
    listener_port[forger]=$(cat "$scratch/forged.port")
    relay wire forger
}
forger_end()
{
    relay_end wire
    kill -KILL -- "-$forger" 2>/dev/null || true
    wait "$forger" 2>/dev/null || true
}

# fooled SENTENCE ID OPTION...: a migration by way of him is refused for that.
fooled()
{
    local sentence=$1 id=$2
    shift 2
    run 1 source migrate "$(at wire)" "$scratch/estate" --json "$@"
    check "$sentence: $id" grep -q "$id" "$out"
    nothing_moved target source
}
learnt_nothing()
{
    check 'he held conversations' grep -q 'pairing/verdict' "$scratch/forged.log"
    check_not 'he knows no password' grep -qaF 'correct horse' "$scratch/forged.log"
    check_not 'no code' grep -qaF "$(cat "$scratch/target.code")" "$scratch/forged.log"
    check_not 'and nobody sent him a tree' grep -qaE '^PUT ' "$scratch/forged.log"
    no_payload_passed wire
}

for how in relay grant; do
    forger_begin "$how"
    fooled "$how: by name" PGP1020 --peer-name target.example.com --wait
    fooled "$how: by pin" PGP1022 --pin "$target_key" --wait
    check_not "$how: neither asked for authority" grep -q authorize "$scratch/forged.log"
    fooled "$how: a code passed on" PGP1063 --code-file "$scratch/target.code"
    fooled "$how: a password passed on" 'PGP1063\|PGP2005' --user root \
        --password-file "$scratch/password"
    if [[ $how == grant ]]; then
        fooled 'grant: an approval before any code was shown' PGP1301 --wait
    fi
    check "$how: the target was asked by him" grep -q authorize "$scratch/forged.log"
    learnt_nothing
    forger_end
    : >"$scratch/forged.log"
done

# Approval: what he passes on is shown with the code of his own connection.
waiting_code() { jq -rR 'fromjson? | select(.event == "waiting") | .code' "$scratch/source.lines"; }
has_code() { [[ $(waiting_code) ]]; }
forger_begin relay
spawn source "$scratch/source.lines" migrate "$(at wire)" "$scratch/estate" --wait --json
waiting=$spawned
check 'the source shows a code' wait_for 20 has_code
run 0 target pairings --json
pending=$(jq -c 'select(.state == "pending")' "$out")
check_not 'the target shows another' test "$(jq -r .code <<<"$pending")" = "$(waiting_code)"
equal 'and the name of the man in the middle' middle.example.com "$(jq -r .source <<<"$pending")"
run 0 target deny "$(jq -r .id <<<"$pending")"
ends 1 "$waiting" 20 'the source is sent away'
learnt_nothing
nothing_moved target source
forger_end
run 0 target invitations --json
check 'what was tried with the code is counted' \
    jq -e 'select(.state == "open") | .failures >= 1 and .failures < 5' "$out"
listen_end target
