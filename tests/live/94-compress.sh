#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --compress: what arrives is the same; on a slow link data that shrinks is there sooner.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
ladder cas
member source cas
member target cas
tree "$scratch/estate" 5
mkdir "$scratch/estate/log"
seq -f 'a line of a log that says %.0f and nothing else' 300000 >"$scratch/estate/log/messages"
listen target

relay link target

declare -A sent
for how in never auto always; do
    before=$(relayed link up)
    code target
    run 0 source migrate "$(at link)" "$scratch/estate" --name "$how" --compress "$how" \
        --streams 1 --limit 20M --code-file "$scratch/target.code"
    sent[$how]=$(($(relayed link up) - before))
    same_tree "--compress $how" "$scratch/estate" "$scratch/target.into/$how"
done
bytes=$(find "$scratch/estate" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }')
check 'never sends every byte' test "${sent[never]}" -ge "$bytes"
check 'auto sends fewer on a slow link' test "$((sent[auto] + (4 << 20)))" -le "${sent[never]}"
check 'always sends no more than auto' test "${sent[always]}" -le "${sent[auto]}"
run 64 source migrate "$(at target)" "$scratch/estate" --compress sometimes \
    --code-file "$scratch/target.code"
relay_end link
listen_end target
