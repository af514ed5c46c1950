#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker that a peer has taken over reaches the tree below --into and nothing else. The code
# that strays runs in the thread that serves the connection (tests/support/preload/stray.c).
. "$(dirname "$0")/lib.sh"

if is_sanitized || is_counted; then skip 'a build with sanitizers or counters is not confined'; fi
[[ -e ${STRAY_SO:-} ]] || skip 'STRAY_SO is not set'

ladder office
member source office
member target office
listen target
equal 'the listener says what confines it' true \
    "$(events target 'select(.event == "listening") | .sandbox | .seccomp and .landlock > 0')"
listen_end target
own_mounts=$(events target 'select(.event == "listening") | .sandbox.mounts')
touch "$scratch/outside"

# strayed ATTEMPT...: what came of each is in the log; the listener runs unless it was ended.
strayed()
{
    : >"$log"
    STRAY=$* LD_PRELOAD=$STRAY_SO listen target
    openssl s_client -connect "$(at target)" </dev/null >/dev/null 2>&1 || true
    wait_for 10 settled || true
}
log=$scratch/target.events.err
settled() { grep -q '^stray: all' "$log" || process_has_ended "${listener_group[target]}"; }

# answered SENTENCE WANTED ATTEMPT
answered() { equal "$1" "$2" "$(sed -n "s|^stray: $3: ||p" "$log")"; }

# ends_it SENTENCE ATTEMPT: the process does not survive it, and the supervisor says so.
ends_it()
{
    strayed "$2"
    check_not "$1: nothing came of it" grep '^stray' "$log"
    ends 2 "${listener_group[target]}" 20 "$1: the listener ends with status 2"
    check "$1: the supervisor says why" grep PGA1902 "$log"
}

key=$scratch/target/identity/current/key.pem
outside=$scratch/outside
strayed open=/etc/passwd open="$key" open="/proc/$$/mem" make="$scratch/new" socket code \
    chmod="$outside" chown="$outside" attribute="$outside" remove="$outside"
answered 'a file of the system is not opened' 'Permission denied' open=/etc/passwd
answered "nor the appliance's key" 'Permission denied' "open=$key"
answered 'nor the memory of another process' 'Permission denied' "open=/proc/$$/mem"
check_not 'nothing is made outside' test -e "$scratch/new"
answered 'no socket is made' 'Function not implemented' socket
answered 'no memory is made to run' 'Function not implemented' code
check 'outside, nothing is removed' test -e "$outside"
if [[ $own_mounts == true ]]; then
    for attempt in chmod chown attribute remove; do
        answered "outside, $attempt is refused" 'Read-only file system' "$attempt=$outside"
    done
fi
listen_end target
ends_it 'another program is run' exec=/bin/true
ends_it 'a process is made' fork
ends_it 'a connection is made' connect
ends_it 'another process is traced' trace
strayed noise
ends 2 "${listener_group[target]}" 40 'a worker that says what is no question is ended: the listener ends with status 2'
check 'the supervisor says why' grep PGA1902 "$log"
check 'the record has it' sh -c "PAIRGATE_STATE='$scratch/target' '$PAIRGATE' audit show --json | grep PGA1902"

# Inside it does its work, while the other process keeps the key in locked memory.
listen target
supervisor=/proc/${listener_group[target]}
if [[ $(ulimit -Hl) == unlimited ]]; then
    check "the supervisor's memory is locked" grep -qE '^VmLck:[[:space:]]+[1-9]' "$supervisor/status"
fi
check 'it leaves no core' grep -qE '^Max core file size +0 +0' "$supervisor/limits"
pairs source target
listen_end target
