#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A migration is ended while another process of the source runs source-freeze: what that hook has
# stopped is started again after it, and not before.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 0
service=$scratch/source/service # a line each time it was stopped or started

hook_at source freeze 'touch freezing; while ! [ -e may ]; do sleep 0.05; done; echo stopped >>service; rm freezing'
hook_at source thaw 'echo started >>service'

freezes()
{
    rm -f "$service" "$scratch/source/may"
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$1"
    wait_for 30 test -e "$scratch/source/freezing" || die "$1: the source is being frozen"
    id=$(migration_of source)
}
thawed() { [[ $(tail -n 1 "$service" 2>/dev/null) == started ]]; }

# ended_by COMMAND...: in the background, for it may wait.
ended_by()
{
    pg source "$@" "$id" >"$scratch/ended" 2>&1 &
    ending=$!
    wait_for 20 is_thawed || die "$1 ends it"
    sleep 0.3 # in which a hook of its own would have been run
    touch "$scratch/source/may"
    wait "$ending" || not_ok "$1 ends well" "$scratch/ended"
    ends 1 "$migrating" 30 "$1: the migration hears of it"
    check "$1: the service runs again" thawed
    equal "$1: the source owns the data" 'thawed source' "$(stands source)"
}
is_thawed() { [[ $(stands source) == 'thawed source' ]]; }

for how in abort 'give-up -y'; do
    freezes "${how% *}"
    # shellcheck disable=SC2086 # words
    ended_by $how
done

# Whoever was to start it again is killed: the next command does.
freezes killed
pg source give-up -y "$id" >"$scratch/ended" 2>&1 &
ending=$!
wait_for 20 is_thawed || die 'it is given up'
crash "$migrating"
touch "$scratch/source/may"
wait "$ending" || not_ok 'giving up ends well' "$scratch/ended"
check 'what a process that was killed had begun is undone' thawed
listen_end target
