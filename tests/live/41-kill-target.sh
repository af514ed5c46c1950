#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the target half way: the migration goes on where it was, once the target is back.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 96
half=$((48 * 1048576))

left() { jq -sr '[.[] | select(.event == "progress") | .total] | max // 0' "$out"; }

code target
migrate_start source target "$scratch/estate" --limit 20M --patience 5s
halt_at source "$half" || die 'half of it is sent'
listen_crash target
go_on
ends 2 "$migrating" 120 'the source loses patience and ends with 2'
id=$(migration_of source)
check 'a half tree is not published' test ! -e "$scratch/target.into/estate"
listen target
run 0 source resume "$id" --json
equal 'it ends with the receipt' receipt "$(tail -n 1 "$out" | jq -r .event)"
check 'what had arrived was not sent again' test "$(left)" -le $((half * 3 / 2))
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
run 0 source resume "$id" --json

# Back soon, and the source has not even noticed that it should give up.
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --limit 20M --name soon
halt_at source "$half" || die 'half of it is sent'
listen_crash target
go_on
listen target
ends 0 "$migrating" 120 'the source goes on by itself'
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/soon"
listen_end target
