#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A name that is taken midway, files that nobody may change: told, and it goes on once it is mended.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24

# under_way NAME: a part of it is sent, there it stands.
under_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --streams 1 --limit 4M --compress never --name "$1"
    halt_at source 9000000 || die 'a part is sent' # so a segment of 4 MiB is there
    id=$(migration_of source)
}

under_way taken
mkdir "$scratch/target.into/taken"
go_on
ends 1 "$migrating" 120 'a name that is taken midway ends it'
check 'what had arrived is kept by then' test -s "$(echo "$scratch/target.into/.pairgate/"kept-*/big)"
check 'it is told which' grep -q PGT1025 "$scratch/source.lines"
check 'what was there is left alone' test -z "$(ls -A "$scratch/target.into/taken")"
equal 'the source owns its data' source "$(pg source status --json "$id" | jq -r .owner)"
rmdir "$scratch/target.into/taken"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name taken --json
same_tree taken "$scratch/estate" "$scratch/target.into/taken"
check 'and what had arrived is not sent again' \
    test "$(jq -s '[.[] | select(.event == "spared") | .bytes] | add // 0' "$out")" -ge 2000000

if chattr +i "$scratch/estate/small/a/1" 2>/dev/null; then
    chattr +a "$scratch/estate/small/a/5"
    code target
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name flags
    chattr -i "$scratch/estate/small/a/1"
    chattr -a "$scratch/estate/small/a/5"
    same_tree 'files that nobody may change arrive' "$scratch/estate" "$scratch/target.into/flags"

    listen_end target
    listen target --basis
    chattr +i "$scratch/target.into/flags/small/a/1"
    echo more >"$scratch/estate/small/a/1"
    code target
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name flags --basis
    same_tree 'one of an older copy stays in that' "$scratch/estate" "$scratch/target.into/flags"
    find "$scratch/target.into" -type f -path '*small/a/1' -exec chattr -i {} +
else
    echo 'no immutable files here'
fi
listen_end target
