#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Requests of the handover that come late, twice, out of order, all at once, or after everything
# has expired; and a network that is cut within it. curl, with the source's key, says them.
. "$(dirname "$0")/lib.sh"

so=${KILLPOINT_SO:-$(dirname "$PAIRGATE")/tests/killpoint.so}
if [[ ! -e $so ]]; then skip "no $so"; fi
if is_sanitized; then skip 'neither faketime nor a preloaded call goes with a sanitizer'; fi
ladder office
member source office
member target office
cp -a "$scratch/target" "$scratch/before"
listen target
tree "$scratch/estate" 0

state_of() { pg "$1" status "$2" --json | jq -r .state; }
owner_of() { pg "$1" status "$2" --json | jq -r '"\(.owner) \(.epoch)"'; }

# kept COLUMN KIND ID: of a statement in the source's database, as base64.
kept()
{
    sqlite3 -readonly "$scratch/source/state.db" \
        "SELECT hex($1) FROM statement WHERE kind = '$2' AND migration = '$3'" |
        python3 -c 'import base64, sys
print(base64.b64encode(bytes.fromhex(sys.stdin.read())).decode())'
}

# says STATUS METHOD WHAT [BODY]: a request about the migration $id; see $scratch/answer.
says()
{
    local want=$1 method=$2 what=$3 status
    shift 3
    status=$(curl -sk --max-time 30 --cert "$scratch/source/identity/current/chain.pem" \
        --key "$scratch/source/identity/current/key.pem" -X "$method" \
        -H 'Content-Type: application/json' -o "$scratch/answer" -w '%{http_code}' \
        ${1:+--data-binary "$1"} \
        "https://$(at target)/pairgate/v1/migrations/$id/$what") || true
    equal "$method $what is answered with $want" "$want" "$status"
}
refused_with() { check "for $1" grep -q "$1" "$scratch/answer"; }

# caught STATE NAME: a source that was killed as late as it is in that state: $id. Found by
# halving, for its states come in their order.
declare -A order=([none]=0 [sending]=1 [frozen]=2 [commit-asked]=3 [handed-over]=4) last_of
caught()
{
    local try
    found=''
    for try in 1 2 3; do # the counts are not the same every time
        if [[ ! $found ]]; then halve "$1" "$2.$try" "$try"; fi
    done
    id=$found
    if [[ ! $id ]]; then die "a source is caught $1"; fi
}

# halve STATE NAME TRY: $found. Where that state was before is looked at first, else everywhere.
halve()
{
    local low=1 high=${last_of[all]:-} n name state
    if [[ ! $high ]]; then
        killed_at 0 "$2-0"
        high=$(od -An -t u8 -N 8 "$scratch/counts" | tr -d ' ')
        last_of[all]=$high
    fi
    if [[ $3 == 1 && ${last_of[$1]:-} ]]; then low=$((last_of[$1] - 2)) high=$((last_of[$1] + 2)); fi
    while ((low <= high)); do
        n=$(((low + high) / 2))
        name=$2-$n
        killed_at "$n" "$name"
        id=$(pg source status --json | jq -r --arg name "$name" 'select(.name == $name) | .id')
        state=none
        if [[ $id ]]; then state=$(state_of source "$id"); fi
        if [[ $state == "$1" ]]; then
            found=$id
            last_of[$1]=$n
        fi
        if ((order[$state] <= order[$1])); then low=$((n + 1)); else high=$((n - 1)); fi
    done
}
# in_doubt NAME: one whose row says that commit was asked for, and which never said so.
in_doubt()
{
    local round more
    caught frozen "$1"
    for round in {1..5}; do # one point, and the count is not the same every time
        for more in 1 2 0 3 -1 4 -2 5 6 7; do
            killed_at $((last_of[frozen] + more)) "$1.$round.$more"
            id=$(pg source status --json | jq -r --arg name "$1.$round.$more" 'select(.name == $name) | .id')
            if [[ $(state_of source "$id") == commit-asked && $(state_of target "$id") == sealed ]]; then
                return
            fi
        done
    done
    die "$1: a source is in doubt of what its target has sealed"
}
killed_at()
{
    code target
    head -c 16 /dev/zero >"$scratch/counts"
    LD_PRELOAD=$so KILLPOINT_COUNTS=$scratch/counts KILLPOINT_ROLE=supervisor KILLPOINT=$1 \
        pg source migrate "$(at target)" "$scratch/estate" --name "$2" --streams 1 \
        --code-file "$scratch/target.code" >"$out" 2>"$err" </dev/null || true
}

# bodies: of what the source would say: $freeze, $seal, $commit.
bodies()
{
    local row
    row=$(sqlite3 -readonly "$scratch/source/state.db" "SELECT json_object('generation',
        generation, 'manifest_root', lower(hex(manifest_root)), 'contents_root',
        lower(hex(contents_root)), 'epoch', terms_epoch) FROM migration WHERE id = '$id'")
    freeze=$(printf '{"body":"%s","signature":"%s"}' "$(kept body freeze "$id")" \
        "$(kept signature freeze "$id")")
    seal=$(jq -c 'del(.epoch)' <<<"$row")
    commit=$(jq -c . <<<"$row")
}

# ---- abort first, and everything else after it ----
in_doubt late
bodies
equal 'the source is in doubt' 'in doubt 1' "$(owner_of source "$id")"
run 1 source give-up -y "$id"
says 200 POST freeze "$freeze"
says 200 POST seal "$seal"
says 409 POST seal "$(jq -c '.manifest_root |= "00" + .[2:]' <<<"$seal")"
says 409 POST commit "$(jq -c '.epoch = 2' <<<"$commit")"
refused_with PGT1043
says 409 POST commit "$(jq -c '.generation = 2' <<<"$commit")"
says 409 POST countersign '{"signature":"AAAA"}'
says 409 GET outcome
refused_with PGT1047
says 200 POST abort '{}'
cp "$scratch/answer" "$scratch/aborted"
for what in freeze seal commit; do
    says 409 POST "$what" "${!what}"
    refused_with PGT1044
done
says 200 POST abort '{}'
check 'the same statement, for ever' cmp "$scratch/aborted" "$scratch/answer"
check_not 'nothing is published' test -e "$scratch/target.into/$(pg source status "$id" --json | jq -r .name)"
run 1 source resume "$id"
equal 'the source owns it again' 'source 1' "$(owner_of source "$id")"

# ---- commit, eight times at once, late, and with everything after it ----
in_doubt twice
bodies
for i in {1..8}; do
    curl -sk --max-time 30 --cert "$scratch/source/identity/current/chain.pem" \
        --key "$scratch/source/identity/current/key.pem" --data-binary "$commit" \
        -o "$scratch/answer$i" "https://$(at target)/pairgate/v1/migrations/$id/commit" &
    jobs_running+=($!)
done
wait_jobs
equal 'eight at once have one receipt' 1 "$(cat "$scratch"/answer[1-8] | jq -c .receipt | sort -u | wc -l)"
says 200 POST commit "$commit"
says 200 POST freeze "$freeze"
says 200 POST seal "$seal"
says 409 POST abort '{}'
refused_with PGT1045
says 409 POST countersign '{"signature":"AAAA"}'
refused_with PGT1048
run 1 target revoke "$id"
check 'it cannot be revoked any more' grep -q PGP2015 "$err"
run 1 target abort "$id"
equal 'two sides, and not two owners' 'in doubt 1 target 2' "$(owner_of source "$id") $(owner_of target "$id")"

# ---- years later: every certificate and the grant have expired ----
later() { PAIRGATE_STATE=$scratch/$1 timeout 60 faketime -f +4000d "$PAIRGATE" "${@:2}"; }
must target receipt export --out "$scratch/carried" "$id"
kill -TERM "${listener_group[target]}"
ends 0 "${listener_group[target]}" 20 'the listener ends'
cp -a "$scratch/source" "$scratch/by-file"
PAIRGATE_STATE=$scratch/target setsid faketime -f +4000d "$PAIRGATE" listen --peer "$(at target)" \
    --into "$scratch/target.into" --json >>"$scratch/target.events" 2>>"$scratch/target.events.err" &
own "$!"
answers() { curl -sk --max-time 5 -o /dev/null "https://$(at target)/" || [[ $? == 56 || $? == 35 ]]; }
wait_for 20 answers
later source resume "$id" --json >"$out" 2>"$err" || not_ok 'the source still gets its receipt' "$out" "$err"
equal 'and both signed it' 'handed-over target 2' "$(state_of source "$id") $(owner_of source "$id")"
mkdir "$scratch/by-file/hooks"
printf '#!/bin/sh\ntouch "$PAIRGATE_STATE/retired"\n' >"$scratch/by-file/hooks/source-retire"
chmod 700 "$scratch/by-file/hooks" "$scratch/by-file/hooks/source-retire"
later by-file resume --receipt "$scratch/carried" "$id" >"$out" 2>"$err" || not_ok 'so it does by file' "$out" "$err"
check 'what is left of it is put away first' test -e "$scratch/by-file/retired"
equal 'and its listings go' plan "$(ls "$scratch/by-file/migrations/$id")"
equal 'carried by hand' 'target 2' "$(owner_of by-file "$id")"
must source receipt export --out "$scratch/receipt" "$id"
later source receipt verify --trust "$scratch/ca/office-root/cert.pem" "$scratch/receipt" >"$out" ||
    not_ok 'what has expired since was good then' "$out"
check 'a receipt of another migration is refused' \
    bash -c "! PAIRGATE_STATE='$scratch/by-file' '$PAIRGATE' resume --receipt '$scratch/carried' '$(
        pg source status --json | jq -r 'select(.state == "thawed") | .id' | head -n 1)'"
kill_groups

# ---- overrides: a source, then a target, that is lost and comes back ----
listen target
in_doubt lost
name=$(pg source status "$id" --json | jq -r .name)
run 0 target takeover -y "$id"
equal 'the target owns what was sealed' 'target 2' "$(owner_of target "$id")"
check 'the tree is there' diff -r --no-dereference "$scratch/estate" "$scratch/target.into/$name"
run 0 target takeover -y "$id"
run 1 source abort "$id"
check 'what is committed is not aborted: what to type instead is told' grep -q 'pairgate resume' "$err"
check_not '  and nothing that would be refused' grep -qE 'pairgate (abort|give-up)' "$err"
run 0 source resume "$id"
equal 'the source wakes up and is no longer the owner' 'target 2' "$(owner_of source "$id")"

caught sending alive
name=$(pg source status "$id" --json | jq -r .name)
equal 'a source that never froze' 'source 1' "$(owner_of source "$id")"
run 1 target takeover -y "$id"
listen_end target
run 0 target takeover --even-if-source-lives -y "$id"
check 'its whole copy is taken' diff -r --no-dereference "$scratch/estate" "$scratch/target.into/$name"
equal 'two owners, for now' 'source 1 target 2' "$(owner_of source "$id") $(owner_of target "$id")"
listen target
run 0 source resume "$id"
equal 'and one as soon as they speak' 'target 2' "$(owner_of source "$id")"

in_doubt back
bodies
run 0 source reclaim -y "$id"
equal 'the source has it back' 'source 3' "$(owner_of source "$id")"
says 200 POST commit "$commit"
equal 'a target that was not lost has the lower epoch' 'target 2' "$(owner_of target "$id")"
run 1 source resume "$id"
check 'and its receipt takes nothing' grep -q PGT1500 "$err"
equal 'the source is the owner still' 'source 3' "$(owner_of source "$id")"
listen_end target

# ---- a target that has lost its memory, of a source in doubt ----
listen target
in_doubt forgotten
name=$(pg source status "$id" --json | jq -r .name)
listen_end target
run 2 source abort "$id"
check 'without the target an abort is to be tried again' grep -q "pairgate abort $id" "$err"
check_not '  and give-up, which would be refused, is not named' grep -q 'give-up' "$err"
mv "$scratch/target" "$scratch/remembers"
cp -a "$scratch/before" "$scratch/target"
listen target
code target
run 1 source migrate "$(at target)" "$scratch/estate" --name "$name" --code-file "$scratch/target.code"
check 'it begins no other migration there' grep -q PGT1046 "$err"
equal 'and is in doubt as before' 'in doubt 1' "$(owner_of source "$id")"
listen_end target
rm -r "$scratch/target"
mv "$scratch/remembers" "$scratch/target"

# ---- cut within the handover, at some byte of either direction ----
listen target
relay wire target
code target
run 0 source migrate "$(at wire)" "$scratch/estate" --name whole --streams 1 --code-file "$scratch/target.code"
declare -A whole=([up]=$(relayed wire up) [down]=$(relayed wire down))
relay_end wire
for i in 1 3 5; do
    for way in up down; do
        relay "cut$way$i" target "--cut-$way" "$((whole[$way] * (94 + i) / 100))"
        code target
        name=cut-$way-$i
        pg source migrate "$(at "cut$way$i")" "$scratch/estate" --name "$name" --streams 1 \
            --code-file "$scratch/target.code" >"$out" 2>"$err" </dev/null ||
            pg source resume "$(pg source status --json | jq -r --arg name "$name" 'select(.name == $name) | .id')" \
                >"$out" 2>"$err" || not_ok "$name: it goes on" "$out" "$err"
        check "$name: it was cut" relayed_at_least "cut$way$i" cuts 1
        check "$name: the tree is whole" diff -r --no-dereference "$scratch/estate" "$scratch/target.into/$name"
        relay_end "cut$way$i"
    done
done
listen_end target
