#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the target at writes and messages of a migration: one owner, no byte lost.
. "$(dirname "$0")/killhandover.sh"

# The port is taken once, so that the source finds the target again.
listen target
listen_end target

listen_armed()
{
    armed "$1" "$2" spawn target "$scratch/target.events" listen --peer "$(at target)" \
        --into "$scratch/target.into" --json
    listener_group[target]=$spawned
}

listens() { process_has_ended "$1" || ss -Hltn "sport = :${listener_port[target]}" | grep -q .; }

attempt()
{
    local role=$1 name=$2 n=$3 migrating
    listen_armed "$role" "$n"
    wait_for 10 listens "$spawned" || true
    migrate "$name" &
    migrating=$!
    # It is killed, or the migration comes to its end before.
    wait_for 30 either_has_ended "$spawned" "$migrating" || true
    kill -KILL -- "-$spawned" 2>/dev/null || true
    wait "$spawned" 2>/dev/null || true
    if ! once_owned "$name"; then
        not_ok "target, $role killed at $n: never two owners"
        return 1
    fi
    listen target
    wait "$migrating" || true
    go_on "$name" || true
    one_owner "target, $role killed at $n" "$name" || return 1
    kill -KILL -- "-${listener_group[target]}"
    wait "${listener_group[target]}" 2>/dev/null || true
}
either_has_ended() { process_has_ended "$1" || process_has_ended "$2"; }

killed_everywhere "target's supervisor" supervisor attempt
killed_everywhere "target's worker" worker attempt
printf 'killed at %d points in all\n' "$total"
