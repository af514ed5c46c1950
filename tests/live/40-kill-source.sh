#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 of the source half way; the migration goes on where it was.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 96
half=$((48 * 1048576))

left() { jq -sr '[.[] | select(.event == "progress") | .total] | max // 0' "$out"; }

# by_resume and by_migrate: two ways to go on, neither with a new code.
for way in resume migrate; do
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$way" --limit 20M
    halt_at source "$half" || die 'half of it is sent'
    crash "$migrating"
    id=$(migration_of source)
    check "$way: a half tree is not published" test ! -e "$scratch/target.into/$way"
    if [[ $way == resume ]]; then
        run 0 source resume "$id" --json
    else
        rm "$scratch/target.code"
        run 0 source migrate "$(at target)" "$scratch/estate" --name "$way" --json
    fi
    equal "$way: it ends with the receipt" receipt "$(tail -n 1 "$out" | jq -r .event)"
    equal "$way: it is the same migration" "$id" \
        "$(jq -rR 'fromjson? | .migration // empty' "$out" | tail -n 1)"
    # What is left is the total that its progress tells.
    check "$way: what had arrived was not sent again" test "$(left)" -le $((half * 3 / 2))
    same_tree "$way" "$scratch/estate" "$scratch/target.into/$way"
done
listen_end target
