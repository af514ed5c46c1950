#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `listen --once` ends after one committed migration.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office

# ---- where the keys are ----
ln -s "$scratch" "$scratch/around"
for into in "$scratch" "$scratch/around" "$scratch/target" "$scratch/target/identity/1" \
    "$scratch/target/below" /; do
    run 1 target listen --peer 127.0.0.1:0 --into "$into"
    check "nothing is received into $into" grep -q PGA2202 "$err"
done
rmdir "$scratch/target/below"

# ---- once ----
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
