#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Attackers at the source's own address, as behind one NAT: connections under way are not cut for their sake,
# a peer from elsewhere is paired meanwhile, and the migration comes to its end: the handover needs no
# connection that is not there already.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/abuse.sh"
besieged
tree "$scratch/estate" 24
code target
migrate_start source target "$scratch/estate" --limit 1M --compress never --streams 2
wait_for 60 sent_at_least source 1000000 || die 'the migration moves'

here=(--from 1 --addresses 1)
attack target silent 500 "${here[@]}"
attack target anonymous 100 "${here[@]}"
attack target stranger 100 "${here[@]}" "${as_stranger[@]}"
attack target stall 50 "${here[@]}"
attack target linger 50 "${here[@]}" "${as_stranger[@]}"
wait_for 20 event_seen target '.event == "refused"' || die 'the attack has begun'
pairs friend elsewhere --peer-name target.example.com
check_not 'it was sent meanwhile' grep -q '"state":"frozen"' "$scratch/source.lines"
ends 0 "$migrating" 120 'the migration comes to its end'
equal 'the source noticed nothing' '' "$(jq -R 'fromjson? | select(.event == "trouble")' "$scratch/source.lines")"
attacks_end
same_tree 'nothing of it is lost' "$scratch/estate" "$scratch/target.into/estate"
for way in silent anonymous stranger stall linger; do
    check "$way was tried" test "$(attacked "$way" begun)" -gt 0
done
equal 'no stranger got what it asked for' 0 "$(attacked stranger answers)"
listen_end target
