#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who owns the data is decided once, told by connection or by file, and proven years later.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 0
cp "$scratch/ca/office-root/cert.pem" "$scratch/anchor.pem"

state_of() { pg "$1" status "$2" --json | jq -r .state; }
owner_of() { pg "$1" status "$2" --json | jq -r '"\(.owner) \(.epoch)"'; }

# move NAME [OPTION...]: a migration that ends well: $id.
move()
{
    local name=$1
    shift
    code target
    run 0 source migrate "$(at target)" "$scratch/estate" --name "$name" --json \
        --code-file "$scratch/target.code" "$@"
    id=$(jq -rR 'fromjson? | .migration // empty' "$out" | sed -n 1p)
}

# ---- receipts: exported, chained, verified by an anchor alone ----
for n in 1 2 3; do
    move "estate$n"
    must source receipt export --out "$scratch/receipt$n" "$id"
    must target receipt export --out "$scratch/theirs$n" "$id"
done
check 'both sides export the same' cmp "$scratch/receipt1" "$scratch/theirs1"
run 0 source receipt verify --trust "$scratch/anchor.pem" "$scratch/receipt1"
run 0 source receipt verify --trust "$scratch/anchor.pem" --json "$scratch/receipt"[123]
equal 'three receipts in a row' 'true true true' "$(jq -r .good "$out" | paste -sd ' ')"
run 1 source receipt verify --trust "$scratch/anchor.pem" --json "$scratch/receipt1" "$scratch/receipt3"
check 'one that is left out is missed' grep -q PGT1503 "$out"
equal 'the policies of both' 'default default' \
    "$(jq -r '.shown | "\(.source.policy) \(.target.policy)"' "$scratch/receipt1")"
ladder stranger Other-Root Other-Inter
run 1 source receipt verify --trust "$scratch/ca/stranger-root/cert.pem" "$scratch/receipt1"

# flipped FIELD JQ: one change, and its name.
flipped()
{
    jq -c "$2" "$scratch/receipt1" >"$scratch/flipped"
    run 1 source receipt verify --trust "$scratch/anchor.pem" --json "$scratch/flipped"
    check "$1 is named" jq -e --arg field "$1" \
        'any(.findings[]; .detail | startswith($field))' "$out"
}
body_with() { echo ".receipt.body = (.receipt.body | @base64d | sub(\"$1\"; \"$2\") | @base64)"; }
other_letter='(.[0:40] + (if .[40:41] == \"A\" then \"B\" else \"A\" end) + .[41:])'
flipped bytes "$(body_with '\"bytes\":' '\"bytes\":1')"
flipped name "$(body_with 'estate1' 'estatf1')"
flipped source.policy "$(body_with '\"policy\":\"default\"' '\"policy\":\"dexault\"')"
flipped body "$(body_with '\"migration\":' '\"migration\"!')"
flipped receipt.signature ".receipt.signature |= ${other_letter//\\/}"
flipped countersignature ".countersignature |= ${other_letter//\\/}"
flipped source_chain ".source_chain[0] |= ${other_letter//\\/}"
flipped target_chain '.target_chain |= .[1:]'
flipped bytes '.shown.bytes += 1'

# ---- what is decided, or is nothing of ours, is told before anything is typed ----
run 1 source give-up "$id"
check 'what is handed over cannot be given up' grep -q PGT1045 "$err"
run 1 target resume "$id"
check 'resume is for the source' grep -q PGT1505 "$err"
for what in resume abort takeover; do
    run 2 source "$what" m-nothing
    check "$what: there is no such migration" grep -q PGT1040 "$err"
done
for what in show export; do
    run 2 source receipt "$what" m-nothing
    check "receipt $what: there is no such migration" grep -q PGT1040 "$err"
done

# ---- abort, at either side; a tombstone for ever ----
# stopped NAME: a migration that was interrupted half way: $id.
half_moved()
{
    : >"$scratch/source.lines"
    if [[ ! -d $scratch/big ]]; then tree "$scratch/big" 32; fi
    code target
    migrate_start source target "$scratch/big" --name "$1" --limit 2M --compress never --streams 1
    halt_at source 2200000 || die 'it is under way'
    crash "$migrating"
    id=$(migration_of source)
}
half_moved ended
run 0 target abort "$id"
equal 'the target aborted it' 'aborted' "$(state_of target "$id")"
check 'and its staging area goes' wait_for 10 test ! -e "$scratch/target.into/.pairgate/$id"
must target receipt export --out "$scratch/aborted" "$id"
run 1 source resume "$id"
equal 'a source that asks hears it' 'thawed' "$(state_of source "$id")"
run 1 source resume "$id"
run 0 target abort "$id"
run 1 target takeover -y "$id"
run 1 source reclaim -y "$id"

# ---- give-up and takeover: two owners are one as soon as they hear of each other ----
half_moved given
run 1 source give-up "$id"
check 'give-up is typed' grep -q 'Type given' "$err"
equal 'nothing was changed' 'sending' "$(state_of source "$id")"
echo given | pg source give-up "$id" >"$out" 2>"$err" || not_ok 'typed, it is done' "$out" "$err"
equal 'the source owns it' 'source 1' "$(owner_of source "$id")"
for yes in '' -y; do
    run 1 target takeover ${yes:+"$yes"} "$id"
    check 'half a copy is told to be none to take' grep -q 'half a copy never is' "$err"
    check 'an unsealed copy is not taken, and nothing is to be typed first' grep -q PGT1501 "$err"
done
run 2 target takeover --even-if-source-lives -y "$id"
run 0 target abort "$id"
run 1 source takeover -y "$id"
check 'takeover is for the target' grep -q PGT1505 "$err"

check 'the record tells of what was typed' \
    grep -q 'typed by the administrator' <(pg source audit show --json)
listen_end target
