#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The network goes away in the middle: for a while, which is ridden out; for an hour, after which
# the source gives up and can be resumed.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24
relay net target

trouble() { jq -R "fromjson? | select(.event == \"$1\") | 1" "$scratch/source.lines" | grep 1; }

# under_way NAME: a third of it is sent, there it stands.
under_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source net "$scratch/estate" --limit 16M --streams 2 --name "$@"
    halt_at source 8000000 || die 'a third is sent'
}

under_way silent
network net gone
go_on
before=$(relayed net up)
check 'nothing passes a network that is gone' test "$(relayed net up)" = "$before"
network net back
ends 0 "$migrating" 120 'a silence is waited out'
same_tree 'silent' "$scratch/estate" "$scratch/target.into/silent"

under_way broken
network net down
go_on
check 'the source says that it tries again' wait_for 60 trouble trouble
check 'what, and until when' jq -eRs '[splits("\n") | fromjson? | select(.event == "trouble")][0] |
    (.id == "PGT1030" or .id == "PGT1031") and (.until | test("^20.*Z$"))' "$scratch/source.lines"
check_not 'and has not given up' process_has_ended "$migrating"
network net back
ends 0 "$migrating" 120 'a break is ridden out'
check 'the source says that it goes on' trouble recovered
same_tree 'broken' "$scratch/estate" "$scratch/target.into/broken"

if ! is_sanitized; then
    # Its clock is set forward while it waits: libfaketime reads the file again and again, where
    # the worker may.
    real=$PAIRGATE
    printf '#!/bin/sh\nexec faketime -f +0 env -u FAKETIME %s "$@"\n' "$real" >"$scratch/pairgate"
    chmod +x "$scratch/pairgate"
    clock=$scratch/source/migrations/clock
    echo +0 >"$clock"
    export FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1
    PAIRGATE=$scratch/pairgate
    under_way an-hour
    id=$(migration_of source)
    network net down
    go_on
    wait_for 60 trouble trouble || die 'the source notices'
    echo +50m >"$clock"
    check_not 'after fifty minutes it still tries' wait_for 3 process_has_ended "$migrating"
    echo +61m >"$clock"
    ends 2 "$migrating" 60 'after an hour it gives up'
    PAIRGATE=$real
    check 'why is told' grep -qE 'PGT103[01]' "$scratch/source.lines"
    check_not 'nothing is published' test -e "$scratch/target.into/an-hour"
    run 2 source resume "$id"
    check 'a target that is away is told' grep -qE 'PGP|PGT' "$err"
    network net back
    sent=$(relayed net up)
    run 0 source resume "$id" --json
    same_tree 'an-hour' "$scratch/estate" "$scratch/target.into/an-hour"
    check 'what had arrived was not sent again' test $(($(relayed net up) - sent)) -lt 20000000
fi
relay_end net
listen_end target
