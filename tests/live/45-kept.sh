#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a try has copied outlives every way in which it can end, and its listing is made once.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 12
mib=1048576
: >"$scratch/source.lines"

# half_way [OPTION...]: a migration whose source was killed after some of it was sent: $id.
half_way()
{
    code target
    migrate_start source target "$scratch/estate" --limit 8M --streams 1 "$@"
    halt_at source $((4 * mib)) || die 'some of it is sent'
    crash "$migrating"
    id=$(migration_of source)
}

spared() { jq -s '[.[] | select(.event == "spared") | .bytes] | add // 0' "$out"; }

half_way
listen_end target
run 0 target abort "$id"
check 'aborted without a listener: what was copied is kept' \
    test -s "$(echo "$scratch/target.into/.pairgate/"kept-*/big)"
listen target
run 1 source resume "$id"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --json
check 'the next try begins with it' test "$(spared)" -ge $((4 * mib))
same_tree 'and ends well' "$scratch/estate" "$scratch/target.into/estate"

: >"$scratch/source.lines"
half_way --name second
work=$scratch/source/migrations/$id
listed=$(stat -c %i "$work/listed-1")
mv "$work/changed-1" "$scratch/changed-1"
ln -s nowhere "$work/changed-1"
run 2 source resume "$id" --json
equal 'what cannot be read is not listed anew' "$listed" "$(stat -c %i "$work/listed-1")"
mv "$scratch/changed-1" "$work/changed-1"
run 0 source resume "$id" --json
same_tree 'mended, it goes on' "$scratch/estate" "$scratch/target.into/second"
listen_end target
