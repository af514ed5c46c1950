#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a listener holds when nothing happens: little, and after a migration no thread and no
# descriptor more than before.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 8

both() { pgrep -g "${listener_group[target]}"; }
threads() { for pid in $(both); do ls "/proc/$pid/task"; done | wc -l; }
descriptors() { for pid in $(both); do ls "/proc/$pid/fd"; done | wc -l; }
held_kib() { for pid in $(both); do sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$pid/smaps_rollup"; done | awk '{ sum += $1 } END { print sum }'; }
as_before() { [[ $(threads) == "$1" && $(descriptors) -le $2 ]]; }

if ! is_sanitized; then
    check "idle, both processes hold at most 12 MiB: $(held_kib) KiB" test "$(held_kib)" -le 12288
fi
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name first
wait_for 40 as_before "$(threads)" 999 || true
threads=$(threads) descriptors=$(descriptors)
for round in 1 2 3; do
    code target
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
        --name "round-$round" --streams 4
    pairs source target
done
check 'no thread and no descriptor is left behind' wait_for 40 as_before "$threads" "$descriptors"
listen_end target
