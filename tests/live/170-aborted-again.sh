#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A migration that ends while the listener has it open is out of the next one's way at once: what
# it had copied is found by the next, however soon that begins.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 12
mib=1048576

# half_way NAME: its source was killed after some of it was sent: $id.
half_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$1" --limit 8M --streams 1
    halt_at source $((2 * mib)) || die 'some of it is sent'
    crash "$migrating"
    id=$(migration_of source)
}

spared() { jq -s '[.[] | select(.event == "spared") | .bytes] | add // 0' "$out"; }

for name in first second; do
    half_way "$name"
    code target
    must source give-up -y "$id"
    must target abort "$id"
    run 0 source migrate "$(at target)" "$scratch/estate" --name "$name" \
        --code-file "$scratch/target.code" --json
    check "$name: aborted by the target's operator, the next one takes over what was copied" \
        test "$(spared)" -ge $((2 * mib))
    same_tree "$name" "$scratch/estate" "$scratch/target.into/$name"
done

half_way taken
# As begun by a version that took a tree with the state directory in it.
mv "$scratch/source" "$scratch/estate/source"
ln -s estate/source "$scratch/source"
run 1 source resume "$id"
check 'the keys are not sent' grep -q PGA2900 "$err"
rm "$scratch/source"
mv "$scratch/estate/source" "$scratch/source"

# What stands in the way of the data stands not in the way of its end.
listen_end target
mkdir "$scratch/target.into/taken"
listen target
run 1 source resume "$id"
check 'a name that is taken is told' grep -q PGT1025 "$err"
run 0 source abort "$id"
equal 'the source owns it' 'thawed source aborted source' "$(
    for side in source target; do pg "$side" status "$id" --json | jq -r '"\(.state) \(.owner)"'; done | xargs)"
rmdir "$scratch/target.into/taken"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --name taken --code-file "$scratch/target.code" --json
check 'what was copied is taken over' test "$(spared)" -ge $((2 * mib))
listen_end target
