#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# While many mean harm, a migration goes on, a peer that has never been here is paired, and afterwards
# the listener holds what it held before. With figures: scripts/abuse.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/abuse.sh"
besieged
tree "$scratch/estate" 12
pairs friend elsewhere --peer-name target.example.com
wait_for 3 holds_at_most target 4 60 || true
threads=$(threads target) descriptors=$(descriptors target)

attack target silent 1000
attack target drip 500
attack target anonymous 200
attack target stranger 200 "${as_stranger[@]}"
attack target linger 100 "${as_stranger[@]}"
attack target stall 100
attack target key-update 4 "${as_stranger[@]}"
attack target endless-body 50 "${as_stranger[@]}"
attack target slow-head 16 "${as_stranger[@]}"
wait_for 20 event_seen target '.event == "refused"' || die 'the attack has begun'

code target
migrate_start source target "$scratch/estate" --limit 3M --compress never --streams 2
wait_for 60 sent_at_least source 1000000 || die 'the migration moves'
paired=0
until process_has_ended "$migrating"; do
    pairs friend elsewhere --peer-name target.example.com
    paired=$((paired + 1))
done
check "a newcomer was paired meanwhile, $paired times" test "$paired" -gt 0
ends 0 "$migrating" 120 'the migration comes to its end'
same_tree 'nothing of it is lost' "$scratch/estate" "$scratch/target.into/estate"
equal 'the source noticed nothing' '' "$(jq -R 'fromjson? | select(.event == "trouble")' "$scratch/source.lines")"
if ! is_sanitized; then
    peak=$(peak_mib target)
    check "both processes together held at most 64 MiB: $peak" test "$peak" -le 64
fi
attacks_end
for way in silent drip anonymous stranger linger stall key-update endless-body slow-head; do
    check "$way was tried" test "$(attacked "$way" begun)" -gt 0
done
equal 'no stranger got what it asked for' 0 "$(attacked stranger answers)"
check "threads and descriptors are $threads and $descriptors again" \
    wait_for 60 holds_at_most target "$threads" "$descriptors"
listen_end target
