#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `status` tells of a migration that is not over whether some process goes on with it: at the
# source one that migrates, resumes or aborts it, at the target a listener.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24
code target
migrate_start source target "$scratch/estate" --limit 2M --streams 1
halt_at source 500000 || die 'the transfer is under way'
id=$(migration_of source)

# running NAME: true or false, as its status has it.
running() { pg "$1" status --json "$id" </dev/null | jq -r .running; }
runs() { [[ $(running "$1") == true ]]; }

equal 'a source that migrates' true "$(running source)"
check 'and its target, that listens' wait_for 10 runs target # from its supervisor's first turn on
crash "$migrating"
equal 'a source that was killed' false "$(running source)"
run 0 source status "$id"
check '  what goes on with it is named' grep -q "pairgate resume $id" "$out"
listen_crash target
equal 'a target without a listener' false "$(running target)"
run 0 target status "$id"
check '  what is missing is named' grep -q "pairgate listen --into $scratch/target.into\$" "$out"
listen target
check 'with another one' wait_for 10 runs target
run 0 target status "$id"
check_not '  nothing is missing' grep -q 'pairgate listen' "$out"

# ---- an abort that waits for its target ----
kill -STOP -- "-${listener_group[target]}"
spawn source "$scratch/abort" abort "$id"
aborting=$spawned
check 'a source that aborts' wait_for 20 runs source
kill -CONT -- "-${listener_group[target]}"
check '  comes to its end' wait_for 60 process_has_ended "$aborting"
equal '  and is over: nobody has to go on' 'thawed null' \
    "$(pg source status --json "$id" </dev/null | jq -r '"\(.state) \(.running)"')"
listen_end target
