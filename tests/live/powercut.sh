# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # what the scripts use
#
# Sourced by the scripts that cut the power: everything that is done to some directories is
# written down below our file layer and SQLite's, and what a disk may hold after a power cut at
# each of these writes is laid and looked at. tests/support/powercut/disk.py says what may be lost.
#
#   POWERCUTS   how many states are looked at in each step; `all` for every one
if [[ -w /dev/shm && ! ${TMPDIR:-} ]]; then export TMPDIR=/dev/shm; fi # what is lost is ours to say
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

writelog=${WRITELOG_SO:-$(dirname "$PAIRGATE")/tests/writelog.so}
if [[ ! -e $writelog ]]; then skip "no $writelog"; fi
if is_sanitized; then skip 'a sanitizer comes before the preloaded calls'; fi
powercut=$live_root/tests/support/powercut
writes=$scratch/writes
truncate -s 512M "$writes"
total=0

# logged COMMAND...: with everything written down that it does to files.
logged() { LD_PRELOAD=$writelog WRITELOG=$writes "$@"; }

# watch DIR...: from here on they are written down, empty directories.
watch()
{
    local dir
    for dir; do
        mkdir -m 700 "$dir"
        WRITELOG_ROOT=$dir logged env true
    done
}

# label TEXT: where we are.
label() { WRITELOG_LABEL=$1 logged env true; }

log_is_complete() { python3 "$powercut" "$writes" compare; }

# each_state FROM TO DIR[,DIR...] TAKE LOOK: LOOK OPERATIONS FATE LABEL for each state that a power
# cut of the machines with these directories leaves between two labels. $bad: that LOOK refused.
each_state()
{
    local n fate label pid take=$4 look=$5
    if [[ ${POWERCUTS:-} ]]; then take=${POWERCUTS/all/0}; fi
    bad=0
    coproc CUTTER { exec python3 "$powercut" "$writes" states "$1" "$2" "$3" 4 "$take"; }
    pid=$CUTTER_PID
    while read -r n fate label <&"${CUTTER[0]}"; do
        if [[ $n == end ]]; then break; fi
        if ! "$look" "$n" "$fate" "$label"; then bad=$((bad + 1)); fi
        if ((bad > 5)); then break; fi
        echo >&"${CUTTER[1]}"
    done
    if [[ $n != end && $bad == 0 ]]; then not_ok "$1: every state is laid"; fi
    if [[ $n != end ]]; then fate=0 label='0 0'; fi
    read -r states distinct prefixes <<<"$fate $label"
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    total=$((total + distinct))
}
