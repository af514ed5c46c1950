#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The port of the management API under wrk: cheap reads on connections that are kept and on one
# for each request. All are answered, nothing grows, and a build with sanitizers finds nothing.
# WRK_SECONDS for each row of figures (scripts/abuse manage); no figure is judged.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

command -v wrk >/dev/null || skip 'wrk is not installed'
ladder office
member office office
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must office admin add otto --role observer --password-file "$scratch/password"
manage office
answers 201 'a session' office POST /api/SessionService/Sessions "${json[@]}" \
    '{"UserName":"otto","Password":"correct horse battery"}'
token="X-Auth-Token: $(header X-Auth-Token)"

# descriptors: of all processes of the agent, a line each.
descriptors()
{
    local pid
    for pid in $(pgrep -g "${listener_group[office]}"); do
        printf '%s %s\n' "$pid" "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
    done
}
as_before() { [[ $(descriptors) == "$before" ]]; }

# Hundredths of a second of processor that it has taken.
ticks() { pgrep -g "${listener_group[office]}" | sed 's#.*#/proc/&/stat#' | xargs cat | awk '{n += $14 + $15} END {print n}'; }

# load SENTENCE PATH [HEADER...]: requests, each of which must be answered as it should be.
load()
{
    local sentence=$1 path=$2 arguments=() took
    shift 2
    for each; do arguments+=(-H "$each"); done
    took=$(ticks)
    wrk -t 2 -c 16 -d "${WRK_SECONDS:-1}s" --timeout 20s "${arguments[@]}" "https://${managed[office]}$path" >"$out" 2>"$err" ||
        not_ok "$sentence: wrk runs" "$out" "$err"
    check "$sentence: all are answered" grep -q '^ *[1-9][0-9]* requests in' "$out"
    check_not "$sentence: and none is refused" grep -q 'Non-2xx' "$out"
    awk -v what="$sentence" -v ticks="$(($(ticks) - took))" '/requests in/ {n = $1} /^Requests\/sec/ {rate = $2}
        END {printf "%-36s %8.0f a second, %6.0f in a second of the processor it took\n", what, rate, n / (ticks + 1) * 100}' "$out"
}

load 'warm' /healthz

before=$(descriptors)
while read -r sentence path; do
    load "$sentence, connections kept" "$path" "$token"
    load "$sentence, a connection each" "$path" "$token" 'Connection: close'
done <<'ROWS'
health /healthz
metrics /metrics
sessions /api/SessionService/Sessions
jobs /api/pairgate/v1/jobs
information /api/ApplicationService/Info
ROWS
check 'no descriptor is left behind' wait_for 30 as_before
answers 200 'the agent is well' office GET /healthz
check 'it told of nothing broken' test ! -s "$scratch/office.events.err"
listen_end office
