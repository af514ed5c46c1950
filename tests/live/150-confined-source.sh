#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The worker of a source that its target has taken over reads the tree that moves, dials the
# target's port and does nothing else. The code that strays runs in the thread that speaks to
# the target (tests/support/preload/stray.c).
. "$(dirname "$0")/lib.sh"

if is_sanitized; then skip 'a build with sanitizers is not confined'; fi
[[ -e ${STRAY_SO:-} ]] || skip 'STRAY_SO is not set'

ladder office
member source office
member target office
listen target
estate=$scratch/estate
tree "$estate" 5
file=$(find "$estate" -type f | sort | sed -n 1p)
id=''

# strayed STATUS ATTEMPT...: the migration is begun, or gone on with; what came of each attempt
# is in $err.
strayed()
{
    local status=$1
    local -x STRAY="${*:2}" LD_PRELOAD=$STRAY_SO
    if [[ $id ]]; then run "$status" source resume "$id"; else
        run "$status" source migrate "$(at target)" "$estate" --code-file "$scratch/target.code"
    fi
}

# answered SENTENCE WANTED ATTEMPT
answered() { equal "$1" "$2" "$(sed -n "s|^stray: $3: ||p" "$err")"; }

# ends_it SENTENCE ATTEMPT: the process does not survive it, and the supervisor says so.
ends_it()
{
    strayed 2 "$2"
    check_not "$1: nothing came of it" grep '^stray' "$err"
    check "$1: the supervisor says why" grep PGA1902 "$err"
    id=$(ls "$scratch/source/migrations")
}

code target
ends_it 'another program is run' exec=/bin/true
ends_it 'a process is made' fork
ends_it 'another process is traced' trace
check 'the record has it' sh -c "PAIRGATE_STATE='$scratch/source' '$PAIRGATE' audit show --json | grep PGA1902"

key=$scratch/source/identity/current/key.pem
port=$(at target)
port=${port##*:}
strayed 0 open=/etc/passwd open="$key" open="$scratch/source/state.db" open="/proc/$$/mem" \
    make="$scratch/new" make="$estate/new" open="$file" chmod="$file" chown="$file" \
    attribute="$file" remove="$file" unix datagram dial=9 dial="$port" code
answered 'a file of the system is not opened' 'Permission denied' open=/etc/passwd
answered "nor the appliance's key" 'Permission denied' "open=$key"
answered 'nor its database' 'Permission denied' "open=$scratch/source/state.db"
answered 'nor the memory of another process' 'Permission denied' "open=/proc/$$/mem"
answered 'the tree is read' 'done' "open=$file"
answered 'nothing is made in it' 'Permission denied' "make=$estate/new"
answered 'or beside it' 'Permission denied' "make=$scratch/new"
answered 'nothing is removed from it' 'Permission denied' "remove=$file"
for attempt in chmod chown attribute; do
    answered "and no file altered: $attempt" 'Function not implemented' "$attempt=$file"
done
answered 'no program of this machine is spoken to' 'Function not implemented' unix
answered 'a peer dialled by address needs no datagrams' 'Function not implemented' datagram
answered 'no other port is dialled' 'Permission denied' dial=9
answered "but the target's" 'done' "dial=$port"
answered 'no memory is made to run' 'Function not implemented' code
same_tree 'and what moved is what there was' "$estate" "$scratch/target.into/estate"

# By name: the resolver works, and still no other port.
id=''
estate=$scratch/second
tree "$estate" 5
code target
strayed_by_name()
{
    local -x STRAY="open=/etc/passwd dial=9" LD_PRELOAD=$STRAY_SO
    run 0 source migrate "localhost:$port" "$estate" --peer-name target.example.com \
        --code-file "$scratch/target.code"
}
strayed_by_name
answered 'dialled by name, no file of the system is opened' 'Permission denied' open=/etc/passwd
answered 'and no other port is dialled' 'Permission denied' dial=9
same_tree 'the tree arrived' "$estate" "$scratch/target.into/second"
