#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target's operator revokes in the middle of a transfer; a new code goes on from there.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24

code target
migrate_start source target "$scratch/estate" --limit 4M --streams 2
halt_at source 6000000 || die 'the transfer is under way'
# Asked from the target's own list, as its operator would.
id=$(migrations target)
equal 'both sides know the migration by one name' "$(migration_of source)" "$id"
run 1 target revoke m-nothing
check 'an id of nothing is told' grep -q PGP2014 "$err"
run 0 target revoke "$id"
go_on
ends 1 "$migrating" 20 'the source stops at once, refused'
check 'the source says that it was revoked' grep -q PGP1053 "$scratch/source.lines"
check 'the target says so too' \
    event_seen target '.event == "refused" and any(.findings[]; .id == "PGP1053")'
check_not 'nothing is published' test -e "$scratch/target.into/estate"

run 1 source resume "$id" --json
check 'nor does it go on by itself' grep -q PGP1053 "$out"
run 1 source migrate "$(at target)" "$scratch/estate" --json --code-file "$scratch/target.code"
check_not 'the old code revives nothing' test -e "$scratch/target.into/estate"

received=$(events target 'select(.event == "refused") | 1' | wc -l)
check 'the operator was told of each try' test "$received" -ge 2
code target
run 0 source migrate "$(at target)" "$scratch/estate" --json --code-file "$scratch/target.code"
equal 'a new code goes on with the same migration' "$id" "$(migrations source | sort -u)"
same_tree 'and ends it' "$scratch/estate" "$scratch/target.into/estate"
check 'without sending again what is there' \
    test "$(jq -R 'fromjson? | select(.event == "progress") | .total' "$out" | tail -n 1)" -lt 20000000

run 1 target revoke "$id"
check 'too late when it is committed' grep -q PGP2015 "$err"
listen_end target
