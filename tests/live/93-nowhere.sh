#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --to-nowhere: verified and dropped when both sides mean it. When only one does it is refused
# before a code is used up or anybody is asked, and also of what was begun before.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
ladder cas
member source cas
member target cas
tree "$scratch/estate" 24

# refused_early ID [OPTION...]: with the code, and waiting for an approval; nothing comes of it.
refused_early()
{
    local id=$1 before
    shift
    before=$(migrations source)
    run 1 source migrate "$(at target)" "$scratch/estate" "$@" --code-file "$scratch/target.code"
    check "  for $id" grep "$id" "$err"
    check '  and the target tells it' event_seen target \
        '.event == "refused" and any(.findings[]; .id == "'"$id"'")'
    run 1 source migrate "$(at target)" "$scratch/estate" "$@" --wait
    check "  for $id" grep "$id" "$err"
    equal '  nobody is asked' '' "$(pg target pairings)"
    equal '  no migration is begun' "$before" "$(migrations source)"
    equal '  nothing is granted' 0 "$(events target 'select(.event == "granted")' | wc -l)"
}

# begun [OPTION...]: a migration with the code, killed half way: its $id.
begun()
{
    : >"$scratch/source.lines"
    migrate_start source target "$scratch/estate" --limit 8M --streams 1 "$@"
    halt_at source 500000 || die 'some of it is sent'
    crash "$migrating"
    id=$(migration_of source)
}

again() # [OPTION...]
{
    listen_end target
    : >"$scratch/target.events"
    listen target "$@"
}

state_of() { pg "$1" status "$2" --json | jq -r .state; }

# ---- a listener that measures ----
listen target --to-nowhere
code target
refused_early PGT1700
run 0 source migrate "$(at target)" "$scratch/estate" --to-nowhere \
    --code-file "$scratch/target.code" --json
cp "$out" "$scratch/source.lines"
equal 'every byte has arrived' "$(find "$scratch/estate" -type f -printf '%i %s\n' | sort -u |
    awk '{ n += $2 } END { print n }')" "$(bytes_sent source)"
equal 'nothing is left at the target' '' \
    "$(find "$scratch/target.into" -mindepth 1 ! -name .pairgate)"
equal 'the source still owns the data' thawed "$(pg source status --json | jq -r '.state')"
equal 'the target knows it as aborted' aborted "$(pg target status --json | jq -r '.state')"
code target
begun --to-nowhere
measured=$id

# ---- one that stores ----
again
run 1 source resume "$measured"
check 'an ordinary target drops nothing' grep PGT1701 "$err"
equal 'and the source leaves no measurement open' thawed "$(state_of source "$measured")"
equal 'and the target leaves no measurement open' aborted "$(state_of target "$measured")"
equal 'and publishes nothing of it' '' \
    "$(find "$scratch/target.into" -mindepth 1 -maxdepth 1 ! -name .pairgate)"
: >"$scratch/target.events"
code target
refused_early PGT1701 --to-nowhere
begun
real=$id

# ---- what was begun at the one, gone on with at the other ----
again --to-nowhere
run 1 source resume "$real"
check 'a real migration is refused there' grep PGT1700 "$err"
equal 'and stays one that can go on' sending "$(state_of source "$real")"
again
run 0 source resume "$real"
same_tree 'the real one goes on where it was' "$scratch/estate" "$scratch/target.into/estate"
listen_end target
