#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# On a slow link progress is seen before the first segment is through, and a segment that is
# sent anew takes nothing off what was shown.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
mib=1048576
mkdir "$scratch/estate"
for file in 1 2 3 4 5 6; do
    head -c "$((4 * mib))" /dev/urandom >"$scratch/estate/$file"
done

progress() { jq -R 'fromjson? | select(.event == "progress")' "$scratch/source.lines"; }
shown_more_than() { progress | jq -e -s "any(.[]; .bytes > $1)"; }
in_trouble() { jq -eR 'fromjson? | select(.event == "trouble")' "$scratch/source.lines"; }
shown() { progress | jq -s 'map(.bytes) | max // 0'; }

# Six streams with a segment each: the first is through when nearly all of them are.
code target
migrate_start source target "$scratch/estate" --limit 1M --streams 6 --compress never
wait_for 60 shown_more_than 0 || die 'something is shown'
listen_crash target
wait_for 60 in_trouble || die 'the target is missed'
check 'a part of a segment is shown' \
    jq -e -s "any(.[]; .bytes > 0 and .bytes < $((4 * mib)) and .rate > 0)" <(progress)
check '  while none is accepted' jq -e -s 'all(.[]; .accepted == 0)' <(progress)
before=$(shown)
listen target
wait_for 120 shown_more_than "$before" || die 'it goes on'
crash "$migrating"
shown=$(shown)
equal 'no number falls' '' \
    "$(progress | jq -r -s '[.[].bytes] | . as $n | range(1; length) | select($n[.] < $n[. - 1])')"
check 'nor is one larger than all' \
    jq -e -s 'all(.[]; .bytes <= .total and .accepted <= .bytes)' <(progress)

# What is shown is not what is there.
id=$(migration_of source)
run 0 source resume "$id" --json
check 'a source that was killed sends what was shown and not accepted' \
    test "$(jq -r 'select(.event == "progress") | .total' "$out" | tail -n 1)" -gt "$((24 * mib - shown))"
check '  and all is shown at the end' \
    jq -e -s '[.[] | select(.event == "progress")] | last | .bytes == .total and .accepted == .total' "$out"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
listen_end target
