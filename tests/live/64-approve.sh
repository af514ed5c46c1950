#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A source that waits; the operator compares two codes, approves, denies, or does nothing.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member other office
member target office
listen target
tree "$scratch/estate" 1

# waits SOURCE [OPTION...]: in the background until it tells its code: $waiting, $shown
waits()
{
    local source=$1 before
    shift
    touch "$scratch/$source.lines"
    before=$(wc -l <"$scratch/$source.lines")
    spawn "$source" "$scratch/$source.lines" migrate "$(at target)" "$scratch/estate" --wait \
        --json "$@"
    waiting=$spawned
    wait_for 20 code_is_told "$source" "$before" || die "$source tells its code"
    shown=$(tail -n "+$((before + 1))" "$scratch/$source.lines" |
        jq -rR 'fromjson? | select(.event == "waiting") | .code' | sed -n 1p)
}
code_is_told() { tail -n "+$(($2 + 1))" "$scratch/$1.lines" | grep '"waiting"'; }

# pending SOURCE-NAME: the id of its waiting pairing
pending()
{
    pg target pairings --json </dev/null |
        jq -r --arg peer "$1.example.com" 'select(.state == "pending" and .source == $peer) | .id'
}
listener_threads()
{
    local worker
    worker=$(worker_of target)
    find "/proc/$worker/task" -mindepth 1 -maxdepth 1 | wc -l
}
few_threads() { (($(listener_threads) <= idle)); }
state_is() { [[ $(pg target pairings --json </dev/null | jq -r "select(.id == \"$1\") | .state") == "$2" ]]; }

run 64 source migrate "$(at target)" "$scratch/estate" --wait --user root
idle=$(listener_threads)
waits source
id=$(pending source)
check 'the source waits in the list' test "$id"
run 0 target pairings --json
equal 'both screens show the same code' "$shown" "$(jq -r "select(.id == \"$id\") | .code" "$out")"
equal 'the list names the target too' target.example.com "$(jq -r .target "$out" | sed -n 1p)"
check 'a code of two groups' grep -qE '^[0-9A-Z]{4}-[0-9A-Z]{4}$' <<<"$shown"
run 0 target pairings
check 'and people read it' grep -q "$shown" "$out"
check 'waiting costs no thread' wait_for 5 few_threads
check 'nor does the second question of it' sleep 5
check 'still none' wait_for 5 few_threads
nothing_moved target

run 1 target approve p-nothing
check 'an id of nothing is told' grep -q PGP2014 "$err"
run 0 target deny "$id"
ends 1 "$waiting" 20 'a denied source ends'
check 'with the reason' grep -q PGP2010 "$scratch/source.lines"
run 1 target approve "$id"
check 'what is denied stays so' grep -q PGP2013 "$err"
nothing_moved target

# A failed attempt is in nobody's way; a second source has a code of its own.
waits source
first=$waiting first_code=$shown
waits other --name second
check 'two sources see two codes' test "$first_code" != "$shown"
run 0 target approve "$(pending other)"
ends 0 "$waiting" 60 'the approved source migrates'
same_tree 'the approved one' "$scratch/estate" "$scratch/target.into/second"
check_not 'only that' test -e "$scratch/target.into/estate"

# The source that left is nobody to approve, and a new attempt replaces an older one.
id=$(pending source)
kill -TERM -- "-$first"
wait "$first" 2>/dev/null || true
check 'a source that has gone is seen' wait_for 10 state_is "$id" gone
run 1 target approve "$id"
check 'and cannot be approved' grep -q PGP2012 "$err"

# The listener starts again: the row is kept, its connection is not. The source dials again.
waits source
first_id=$(pending source)
told=$(wc -l <"$scratch/source.lines")
listen_crash target
listen target
run 0 target pairings --json
check 'the list survives' grep -q "$first_id" "$out"
check 'the source dials again and shows a code' wait_for 30 code_is_told source "$told"
check 'it has said why' grep -q '"trouble"' "$scratch/source.lines"
check_not 'another code' grep -q "$shown" <(tail -n "+$((told + 1))" "$scratch/source.lines")
check 'the older attempt is replaced' state_is "$first_id" gone
run 1 target approve "$first_id"
id=$(pending source)
run 0 target approve "$id"
ends 0 "$waiting" 60 'and the new one succeeds'
same_tree 'the late one' "$scratch/estate" "$scratch/target.into/estate"
check 'as the list says' state_is "$id" granted
run 1 target revoke "$id"
check 'a committed one is not revoked' grep -q PGP2015 "$err"
listen_end target
