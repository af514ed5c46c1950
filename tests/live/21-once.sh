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
# Whoever started it ignores the ends of children: they are heard of all the same.
PAIRGATE_STATE=$scratch/source timeout -k 5 60 env --ignore-signal=CHLD "$PAIRGATE" migrate \
    "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" >"$out" 2>"$err" ||
    not_ok 'the source ends' "$out" "$err"
ends 0 "${listener_group[target]}" 20 'the listener ends by itself'
check 'and leaves no process' wait_for 5 group_is_gone "${listener_group[target]}"
same_tree 'the small tree arrived' "$scratch/estate" "$scratch/target.into/estate"
