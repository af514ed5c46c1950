#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A grant is for a day. A migration that takes longer gets a new one by itself, and one that is
# gone on with days later does too; neither needs another code.
. "$(dirname "$0")/lib.sh"

so=${LATER_SO:-$(dirname "$PAIRGATE")/tests/later.so}
if [[ ! -e $so ]]; then skip "no $so"; fi
if is_sanitized; then skip 'a sanitizer comes before the preloaded calls'; fi
ladder office
member source office
member target office

# hours N: the clock of both sides, from now on.
export LATER=$scratch/later
hours()
{
    python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as f: f.write(struct.pack("=q", 3600 * int(sys.argv[2])))' "$LATER" "$1"
}
head -c 8 /dev/zero >"$LATER"
printf '#!/bin/sh\nLD_PRELOAD="%s" exec "%s" "$@"\n' "$so" "$PAIRGATE" >"$scratch/pairgate"
chmod +x "$scratch/pairgate"
PAIRGATE=$scratch/pairgate

listen target
tree "$scratch/estate" 12

under_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$1" --limit 2M --compress never --streams 1
    halt_at source 3000000 || die "$1: the transfer begins"
    id=$(migration_of source)
}
grants() { jq -R 'fromjson? | select(.event == "granted") | .event' "$1" | wc -l; }

under_way longer
hours 25
go_on
ends 0 "$migrating" 120 'a day and an hour later it goes on by itself'
equal 'with a second grant' 2 "$(grants "$scratch/source.lines")"
same_tree 'longer' "$scratch/estate" "$scratch/target.into/longer"

under_way later
crash "$migrating"
hours 80
run 0 source resume "$id" --json
equal 'days later a resumed one is granted again' 1 "$(grants "$out")"
same_tree 'later' "$scratch/estate" "$scratch/target.into/later"

under_way frozen
must target revoke "$id"
go_on
ends 1 "$migrating" 60 'what was revoked is not renewed'
check 'and says what to do' grep -q PGP1053 "$scratch/source.lines"
run 1 source resume "$id"
check 'nor is it by resume' grep -q PGP1053 "$err"
listen_end target
