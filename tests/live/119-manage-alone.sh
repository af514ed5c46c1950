#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An appliance that waits for nobody has its management plane too: `listen --manage` without
# --into; by it a source migrates.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

ladder office
member source office
member target office
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must source admin add vera --password-file "$scratch/password"
vera=(-u 'vera:correct horse battery')

run 64 source listen
run 64 source listen --manage 127.0.0.1:0 --once
run 64 source listen --manage 127.0.0.1:0 --peer 127.0.0.1:0

# manage_alone NAME: as `manage`, of an agent that has no peer port.
manage_alone()
{
    local name=$1
    : >"$scratch/$name.events"
    spawn "$name" "$scratch/$name.events" listen --manage 127.0.0.1:0 --json
    listener_group[$name]=$spawned
    wait_for 20 grep -q '"managing"' "$scratch/$name.events" || not_ok "$name is managed" "$scratch/$name.events.err"
    managed[$name]=$(events "$name" '.address' | tr -d '"')
    trust=(--cacert "$scratch/$name.pem" --connect-to "::${managed[$name]}")
}

manage_alone source
equal 'it tells of nothing else' 1 "$(wc -l <"$scratch/source.events")"
sockets() { ss -Hltnp | grep -cE "pid=($(pgrep -d '|' -g "${listener_group[source]}"))," || true; }
equal 'one port is open, that of the API' 1 "$(sockets)"
answers 200 'it is asked there' source GET /api/pairgate/v1/identity "${vera[@]}"
told 'and answers' '.name == "source.example.com"'
equal 'so it is on the local socket' '{"status":"ok"}' \
    "$(curl -sS --unix-socket "$scratch/source/manage.sock" http://localhost/healthz)"

# ---- a migration ----
tree "$scratch/estate" 3
code target --for source.example.com
mkdir -p "$scratch/target/hooks"
printf '#!/bin/sh\necho >"%s"\n' "$scratch/activated" >"$scratch/target/hooks/target-activate"
chmod 700 "$scratch/target/hooks" "$scratch/target/hooks/target-activate"
# At the target one is managed alone, too: the hooks are left to the one that receives.
spawn target "$scratch/alone.events" listen --manage 127.0.0.1:0 --json
alone=$spawned
wait_for 20 grep -q '"managing"' "$scratch/alone.events" || die 'the target is managed'
listen target
answers 202 'a migration is begun' source POST /api/pairgate/v1/migrations "${vera[@]}" "${json[@]}" \
    "$(jq -n '{host: $host, directory: $tree, code: $code}' --arg host "$(at target)" \
        --arg tree "$scratch/estate" --rawfile code "$scratch/target.code" | jq '.code |= rtrimstr("\n")')"
job=$(header Location)
over() { api source GET "$job" "${vera[@]}" && jq -e '.state != "running"' "$out"; }
wait_for 30 over || not_ok 'it ends' "$out"
told 'and is done' '.state == "done"'
check 'the tree is there' diff -r --no-dereference "$scratch/estate" "$scratch/target.into/estate"
check 'its hook was run' wait_for 20 test -e "$scratch/activated"
listen_end target
kill -TERM "$alone"
ends 0 "$alone" 20 'and the one that is managed alone ends cleanly'

# ---- its end ----
kill -TERM -- "-${listener_group[source]}" # all of its processes
ends 0 "${listener_group[source]}" 20 'a signal to all of its processes ends it cleanly'
check 'and nothing has died' test ! -s "$scratch/source.events.err"
equal 'start and stop are in the record' 'start stop' \
    "$(pg source audit show --kind listener --json | jq -r .event | paste -sd ' ')"
manage_alone source
listen_end source
