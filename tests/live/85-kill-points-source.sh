#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the source at writes and messages of a migration: one owner, no byte lost.
. "$(dirname "$0")/killhandover.sh"

listen target

attempt()
{
    local role=$1 name=$2 n=$3
    armed "$role" "$n" migrate "$name" || true
    if ! once_owned "$name"; then
        not_ok "source, $role killed at $n: never two owners"
        return 1
    fi
    if [[ $n == 0 ]]; then return; fi
    go_on "$name" || true
    one_owner "source, $role killed at $n" "$name"
}
killed_everywhere "source's supervisor" supervisor attempt
killed_everywhere "source's worker" worker attempt
listen_end target
printf 'killed at %d points in all\n' "$total"
