#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Far away and unreliable: 50 ms each way, and every connection is cut sooner or later.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 64

relay far target --delay 50 --cut 12000000 --seed 7
code target
run 0 source migrate "$(at far)" "$scratch/estate" --code-file "$scratch/target.code" --streams 4 \
    --json
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
check 'connections were cut' test "$(relayed far cuts)" -ge 3
# What a cut destroys is at most the segment that was on its way.
most=$((64 * 1048576 + 4194304 * ($(relayed far cuts) + 1)))
check 'nothing was sent again but what a cut destroyed' test "$(relayed far up)" -le "$most"
relay_end far
listen_end target
