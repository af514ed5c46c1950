#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The end of the process that answers --manage, in whatever way, is not laid to the one that
# speaks to peers: what a peer has begun is finished.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

ladder office
for name in told killed; do
    member "$name" office
    manage "$name"
done

# busy NAME: the process that speaks to peers takes longer to end than one that has hung up
# on its supervisor may.
busy()
{
    kill -STOP "$(worker_of "$1")"
    { sleep 8 && kill -CONT "$(worker_of "$1")"; } &
}
# manager_of NAME: the process that answers --manage, made last.
manager_of() { pgrep -P "${listener_group[$1]}" | tail -n 1; }

for name in told killed; do busy "$name"; done
kill -TERM -- "-${listener_group[told]}" # all of its processes, as a service manager does
kill -KILL "$(manager_of killed)"

ends 0 "${listener_group[told]}" 40 'told to end, all end cleanly'
check 'and nothing has died' test ! -s "$scratch/told.events.err"
ends 2 "${listener_group[killed]}" 40 'without the process of --manage the agent ends'
check 'it says which has died' grep -q 'PGA1901.*the worker of --manage' "$scratch/killed.events.err"
check_not 'and that nobody has strayed' grep PGA1902 "$scratch/killed.events.err"

# One that strays ends the agent as well, and it is told which it was.
if is_sanitized || is_counted || [[ ! -e ${STRAY_SO:-} ]]; then exit 0; fi # it is not confined
member strayed office
STRAY=noise LD_PRELOAD=${STRAY_SO:-} spawn strayed "$scratch/strayed.events" listen --manage 127.0.0.1:0 --json
listener_group[strayed]=$spawned
wait_for 20 grep -q '"managing"' "$scratch/strayed.events" || die 'strayed is managed'
managed[strayed]=$(events strayed .address | tr -d '"')
openssl s_client -connect "${managed[strayed]}" </dev/null >/dev/null 2>&1 || true
ends 2 "${listener_group[strayed]}" 40 'one that says what is no question is ended, and the agent'
check 'it says which has strayed' grep -q 'PGA1902.*the worker of --manage: signal 9' "$scratch/strayed.events.err"
