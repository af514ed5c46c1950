# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Sourced by the scripts that let the Nth request of one process fail: for memory, of a file, of a
# socket. Every agent runs under a library of tests/support/preload; the numbers of numbers.h are
# in $scratch/NAME.numbers.
#
#   KILLPOINTS   how many points of each process are tried, evenly spread; `all` for every one
. "$(dirname "${BASH_SOURCE[0]}")/killhandover.sh"

# under LIBRARY: from here on $PAIRGATE is the program with that preloaded.
under()
{
    local library=${KILLPOINT_SO%/*}/$1.so
    library=${library#/}
    printf '#!/bin/sh\nFAULT_NUMBERS=$PAIRGATE_STATE.numbers LD_PRELOAD=%q exec %q "$@"\n' \
        "/$library" "$PAIRGATE" >"$scratch/under"
    chmod 755 "$scratch/under"
    PAIRGATE=$scratch/under
    for name in source target; do arm "$name" supervisor 0; done
}

# bytes_of N...: each as 64 bits, little-endian.
bytes_of()
{
    local n i
    for n; do
        for ((i = 0; i < 8; i++)); do printf '%b' "\\x$(printf %02x $((n >> 8 * i & 255)))"; done
    done
}

# arm NAME ROLE N [HOW] [SEED]: the Nth request of that process from now on; 0: only counted.
arm()
{
    local at=("$3" 0)
    if [[ $2 == worker ]]; then at=(0 "$3"); fi
    bytes_of "${at[@]}" "${4:-0}" 0 0 "${5:-0}" 0 >"$scratch/arm"
    dd if="$scratch/arm" of="$scratch/$1.numbers" conv=notrunc status=none
}

# disarm NAME: what was counted stays.
disarm()
{
    bytes_of 0 0 0 >"$scratch/arm"
    dd if="$scratch/arm" of="$scratch/$1.numbers" conv=notrunc status=none
}

# number NAME I
number() { od -An -t u8 -j $((8 * $2)) -N 8 "$scratch/$1.numbers" | tr -d ' '; }

# counted ROLE: how many requests it made of late; $side says whose.
counted()
{
    local at=3
    if [[ $1 == worker ]]; then at=4; fi
    number "$side" "$at"
}

# revived: a listener that has ended did so with status 2, and is started again.
revived()
{
    local got=0
    if ! process_has_ended "${listener_group[target]}"; then return; fi
    disarm target
    wait "${listener_group[target]}" || got=$?
    listen target
    [[ $got == 2 ]] || not_ok "a listener that ends does so with 2, not $got" "$scratch/target.events.err"
}

# files NAME: of its state, with their modes.
files() { find "$scratch/$1" ! -name 'state.db-*' -printf '%P %y %m\n' | sort; }

# sound SENTENCE: databases and records of both are whole.
sound()
{
    local name
    for name in source target; do
        equal "$1: the database of the $name is whole" ok \
            "$(sqlite3 "$scratch/$name/state.db" 'PRAGMA integrity_check')"
        run 0 "$name" audit verify
    done
}

# ---- a whole migration while one process fails; for killed_everywhere ----
how=0

# ended_well SENTENCE STATUS: it succeeded or could not.
ended_well()
{
    if [[ $2 == 0 || $2 == 2 ]]; then return; fi
    not_ok "$1: done or could not, not $2" "$out" "$err"
    return 1
}

source_fails()
{
    local role=$1 name=$2 n=$3 got=0 sentence="source's $1, $3"
    arm source "$role" "$n" "$how"
    migrate "$name" || got=$?
    disarm source
    if [[ $n == 0 ]]; then return "$got"; fi
    ended_well "$sentence" "$got" || return 1
    once_owned "$name" || { not_ok "$sentence: never two owners"; return 1; }
    go_on "$name" || true
    one_owner "$sentence" "$name"
}

target_fails()
{
    local role=$1 name=$2 n=$3 got=0 sentence="target's $1, $3" migrating
    arm target "$role" "$n" "$how"
    migrate "$name" &
    migrating=$!
    wait_for 30 either_has_ended "${listener_group[target]}" "$migrating" || true
    revived
    wait "$migrating" || got=$?
    disarm target
    if [[ $n == 0 ]]; then return "$got"; fi
    ended_well "$sentence" "$got" || return 1
    once_owned "$name" || { not_ok "$sentence: never two owners"; return 1; }
    # A listener that has just failed may still be ending.
    go_on "$name" || { wait_for 2 process_has_ended "${listener_group[target]}" || true; }
    revived
    go_on "$name" || true
    one_owner "$sentence" "$name"
}
either_has_ended() { process_has_ended "$1" || process_has_ended "$2"; }

# failing_everywhere SENTENCE: each process of each side.
failing_everywhere()
{
    local role
    for side in source target; do
        for role in supervisor worker; do
            killed_everywhere "$1: the $side's $role" "$role" "${side}_fails"
        done
    done
}
