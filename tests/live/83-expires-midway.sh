#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A certificate expires while the data moves: nothing is taken after that second, both sides say
# which, and with a new certificate for the same key the migration goes on where it was.
. "$(dirname "$0")/lib.sh"

ladder office
member target office
agent source
request source
listen target
tree "$scratch/estate" 24
code target

# Valid for forty seconds more.
leaf_sign office "$scratch/source.csr" "$scratch/source.pem" days=1 \
    at="$(date -u -d '-1 day +40 seconds' '+%Y-%m-%d %H:%M:%S')"
must source chain upload "$scratch/source.pem"
migrate_start source target "$scratch/estate" --limit 512K --compress never --streams 1
check 'it is warned of before a byte moves' wait_for 40 grep -q '"warned".*duration\|duration.*"warned"' "$scratch/source.lines"
check 'the transfer begins' wait_for 30 sent_at_least source 500000
ends 1 "$migrating" 90 'it ends by itself, refused'
id=$(migration_of source)
check 'the source says why' grep -qE 'PGP105[0-9]' "$scratch/source.lines"
check_not 'nothing is published' test -e "$scratch/target.into/estate"
run 1 source resume "$id"

leaf_sign office "$scratch/source.csr" "$scratch/source.pem"
must source chain upload "$scratch/source.pem"
run 0 source migrate "$(at target)" "$scratch/estate" --json
equal 'it is the same migration' "$id" "$(jq -rR 'fromjson? | .migration // empty' "$out" | sed -n 1p)"
same_tree 'and it arrives' "$scratch/estate" "$scratch/target.into/estate"
run 0 target audit verify
listen_end target
