#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two sources migrate to one target at the same time.
. "$(dirname "$0")/lib.sh"

ladder office
member first office
member second office
member target office
listen target
started=()
tree "$scratch/one" 24
tree "$scratch/two" 24
for each in 'first one' 'second two'; do
    read -r source name <<<"$each"
    code target
    cp "$scratch/target.code" "$scratch/$source.code"
    spawn "$source" "$scratch/$source.lines" migrate "$(at target)" "$scratch/$name" \
        --code-file "$scratch/$source.code" --json --limit 12M
    started[${#started[@]}]=$spawned
done
ends 0 "${started[0]}" 120 'the first is done'
ends 0 "${started[1]}" 120 'the second is done'
same_tree 'the first' "$scratch/one" "$scratch/target.into/one"
same_tree 'the second' "$scratch/two" "$scratch/target.into/two"

# Both want the same name: one of them gets it, the other is told.
for source in first second; do
    code target
    cp "$scratch/target.code" "$scratch/$source.code"
    spawn "$source" "$scratch/$source.lines2" migrate "$(at target)" "$scratch/one" \
        --name same --code-file "$scratch/$source.code" --json
    started[${#started[@]}]=$spawned
done
done_well=0
for group in "${started[@]:2}"; do
    wait_for 120 process_has_ended "$group" || die 'it ends'
    status=0
    wait "$group" || status=$?
    if [[ $status == 0 ]]; then done_well=$((done_well + 1)); fi
done
check 'of two with one name at least one is done' test "$done_well" -ge 1
same_tree 'what is published is whole' "$scratch/one" "$scratch/target.into/same"
listen_end target
