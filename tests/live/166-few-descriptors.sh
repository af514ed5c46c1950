#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A listener that has no descriptor left: what is under way goes on or is gone on with, and once
# there are some again it takes newcomers as before.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24

# may_open N: as many descriptors has the listener's worker.
may_open() { prlimit --pid "$(worker_of target)" --nofile="$1:1024"; }
has_open() { find "/proc/$(worker_of target)/fd" -type l | wc -l; }

crowd=()
# crowd_in N: connections that say nothing.
crowd_in()
{
    local i fd
    for ((i = 0; i < $1; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/${listener_port[target]}" || break
        crowd+=("$fd")
    done
}
# all_taken: newcomers come until there is at most the one that the listener frees for the next.
all_taken()
{
    crowd_in 4
    (($(has_open) >= most - 1))
}
crowd_out()
{
    local fd
    for fd in "${crowd[@]}"; do exec {fd}>&-; done
    crowd=()
}

code target
migrate_start source target "$scratch/estate" --limit 8M --compress never --streams 2
halt_at source 5000000 || die 'the transfer begins'
most=$(($(has_open) + 3))
may_open "$most"
go_on
check 'no descriptor is left' wait_for 10 all_taken
check_not 'the listener lives' process_has_ended "${listener_group[target]}"
id=$(migration_of source)
wait_for 90 process_has_ended "$migrating" || die 'what is under way comes to an end'
got=0
wait "$migrating" || got=$?
crowd_out
may_open 1024
if ((got != 0)); then
    equal 'or the source could not go on' 2 "$got"
    run 0 source resume "$id" --json
fi
same_tree estate "$scratch/estate" "$scratch/target.into/estate"

# So few that a file cannot be opened either.
code target
: >"$scratch/source.lines"
migrate_start source target "$scratch/estate" --limit 8M --compress never --streams 2 --name few --patience 2s
halt_at source 5000000 || die 'the transfer begins'
id=$(migration_of source)
may_open 12
go_on
ends 2 "$migrating" 90 'a target that can open nothing ends it'
check 'it is said why, and what to do' jq -eRs '[splits("\n") | fromjson? | .error // empty][-1] |
    .id == "PGB1803" and .side == "target"' "$scratch/source.lines"
may_open 1024
pairs source target
run 0 source resume "$id" --json
same_tree few "$scratch/estate" "$scratch/target.into/few"
listen_end target
