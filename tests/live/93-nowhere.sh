#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --to-nowhere: verified and dropped when both sides mean it, refused when only one does.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
ladder cas
member source cas
member target cas
tree "$scratch/estate" 9

listen target --to-nowhere
code target
run 0 source migrate "$(at target)" "$scratch/estate" --to-nowhere \
    --code-file "$scratch/target.code" --json
cp "$out" "$scratch/source.lines"
equal 'every byte has arrived' "$(find "$scratch/estate" -type f -printf '%i %s\n' | sort -u |
    awk '{ n += $2 } END { print n }')" "$(bytes_sent source)"
equal 'nothing is left at the target' '' \
    "$(find "$scratch/target.into" -mindepth 1 ! -name .pairgate)"
equal 'the source still owns the data' thawed "$(pg source status --json | jq -r '.state')"
equal 'the target knows it as aborted' aborted "$(pg target status --json | jq -r '.state')"

code target
run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
check 'a real migration is refused there' grep PGT1700 "$err"
unfinished=$(pg source status --json | jq -r 'select(.state == "sending") | .migration // .id')
listen_end target

listen target
code target
run 1 source migrate "$(at target)" "$scratch/estate" --to-nowhere --code-file "$scratch/target.code"
check 'an ordinary target drops nothing' grep PGT1701 "$err"
for side in source target; do
    equal "and the $side leaves no measurement open" 1 "$(pg "$side" status --json |
        jq -s '[.[] | select(.state == "sending" or .state == "receiving")] | length')"
done
equal 'and publishes nothing of it' '' \
    "$(find "$scratch/target.into" -mindepth 1 -maxdepth 1 ! -name .pairgate)"
run 0 source resume "$unfinished"
same_tree 'the real one goes on where it was' "$scratch/estate" "$scratch/target.into/estate"
listen_end target
