#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `listen --once` ends after one committed migration.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target --once
tree "$scratch/estate" 0
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
ends 0 "${listener_group[target]}" 20 'the listener ends by itself'
check 'and leaves no process' wait_for 5 group_is_gone "${listener_group[target]}"
same_tree 'the small tree arrived' "$scratch/estate" "$scratch/target.into/estate"
