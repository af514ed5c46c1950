#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Calls that are interrupted, told to come again or cut short at random change nothing about a
# migration; a read, write or connection that fails ends it with 2, and it goes on afterwards.
. "$(dirname "$0")/faultpoints.sh"
export KILLPOINTS=${KILLPOINTS:-1}

under flaky
listen target
seeds=3
if [[ $KILLPOINTS == all ]]; then seeds=50; fi
for ((seed = 1; seed <= seeds; seed++)); do
    for name in source target; do arm "$name" supervisor 0 0 "$seed"; done
    code target
    got=0
    migrate "seed$seed" || got=$?
    equal "seed $seed: done" 0 "$got"
    check "seed $seed: calls of both were spoilt" \
        test "$(number source 6)" -gt 20 -a "$(number target 6)" -gt 20
    one_owner "seed $seed" "seed$seed" || true
done

words=('' 'a read fails' 'a write fails' 'the disk is full' 'the connection breaks')
for how in 1 2 3 4; do failing_everywhere "${words[how]}"; done
sound 'after all of them'
listen_end target
printf '%d points in all\n' "$total"
