#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target has an older copy, or what a failed try has left: the difference travels.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 12

# moved STATUS [OPTION...]: a migration of the estate.
moved()
{
    local want=$1
    shift
    code target
    run "$want" source migrate "$(at target)" "$scratch/estate" \
        --code-file "$scratch/target.code" --json "$@"
}

spared() { jq -s '[.[] | select(.event == "spared") | .bytes] | add // 0' "$out"; }
mib=1048576

moved 1 --basis
check 'without an older copy --basis is refused' grep -q PGT1405 "$out"
check_not 'and nothing arrived' test -e "$scratch/target.into/estate"
moved 0
cp -a "$scratch/target.into/estate" "$scratch/first"

printf 'the middle' | dd of="$scratch/estate/big" bs=1 seek=$((6 * mib)) conv=notrunc status=none
rm -r "$scratch/estate/small/b"
printf 'new' >"$scratch/estate/small/new"
chmod 0600 "$scratch/estate/small/a/7"
moved 1
check 'an older copy is not replaced unless the listener may' grep -q PGT1025 "$out" "$err"
listen_end target
listen target --basis
moved 0 --basis
same_tree 'the newer copy' "$scratch/estate" "$scratch/target.into/estate"
check 'the most of it was at the target' test "$(spared)" -ge $((8 * mib))
older=$(find "$scratch/target.into/.pairgate" -mindepth 1 -maxdepth 1 -name 'older-*')
check 'one older copy is kept' test -d "$older"
same_tree 'the older copy, untouched' "$scratch/first" "$older"
run 0 target prune
check_not 'until it is pruned' test -e "$scratch/target.into/.pairgate"
run 0 target prune
equal 'once' 'Nothing to remove.' "$(<"$out")"
: >"$scratch/target.into/.pairgate"
run 2 target prune
check 'what cannot be looked at is not taken for empty' grep -q PGB1003 "$err"
rm "$scratch/target.into/.pairgate"
check 'its receipt stays' pg target receipt show --json \
    "$(pg target status --json | jq -r .id | tail -n 1)"

# A try that ends after half of it was copied, and the next one.
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --name again --limit 8M --streams 1
halt_at source $((4 * mib)) || die 'some of it is sent'
crash "$migrating"
run 0 source abort "$(migration_of source)"
check 'what was copied is kept' test -d "$(echo "$scratch/target.into/.pairgate/"kept-*)"
moved 0 --name again
same_tree 'the next try' "$scratch/estate" "$scratch/target.into/again"
check 'it begins with what was copied' test "$(spared)" -ge $((4 * mib))
equal 'the source keeps the plans of finished migrations and no lists' plan \
    "$(find "$scratch/source/migrations" -type f -printf '%f\n' | sort -u | paste -sd ' ')"
listen_end target
