#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target's disk is slow: the migration takes its time, nothing is given up or held in memory,
# and a source that is killed meanwhile goes on.
. "$(dirname "$0")/lib.sh"
[[ -e ${SLOW_SO:-} ]] || skip 'SLOW_SO is not set'
if is_sanitized; then skip 'a sanitizer comes before every preloaded library'; fi

ladder office
member source office
member target office
SLOW_MS=150 LD_PRELOAD=$SLOW_SO listen target
tree "$scratch/estate" 40
code target
migrate_start source target "$scratch/estate" --streams 4 --compress never
check 'a part arrives' halt_at source 8000000
crash "$migrating"
check_not 'nothing is published yet' test -e "$scratch/target.into/estate"
run 0 source migrate "$(at target)" "$scratch/estate" --json
same_tree 'slowly, but whole' "$scratch/estate" "$scratch/target.into/estate"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(worker_of target)/status")
check "what waits for the disk is not kept in memory ($peak KiB)" test "$peak" -lt 65536
listen_end target
