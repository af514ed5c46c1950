#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The grant and every certificate expire while the target has sealed and nobody has asked it to
# commit: nothing is published, the refusal is named, and once the certificates are renewed the
# source goes on, or ends it, and its data has one owner.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clocks.sh"
. "$(dirname "$0")/oneowner.sh"
. "$(dirname "$0")/sealed.sh"

tree "$scratch/estate" 1

# refused STATES: everything has expired; asked again, nothing changes.
refused()
{
    set_clocks 10000
    run 1 source resume "$id" --json
    check 'it is said why, and what to do' jq -eRs '[splits("\n") | fromjson?][-1] |
        [.error // .findings[]] | any(.[]; .rule == "validity" and (.remedy | test("enew")))' "$out"
    equal 'and all is as before' "$1" "$(owners)"
    check_not 'nothing is published' test -e "$scratch/target.into/$name"
}

# renew: the same keys, certified again; the listener takes it up by itself.
renew()
{
    local side
    for side in source target; do
        leaf_sign office "$scratch/$side.csr" "$scratch/$side.pem" "at=10072 hours"
        must "$side" chain upload "$scratch/$side.pem"
    done
}

goes_on()
{
    touch "$scratch/source/may"
    run 0 source resume "$id" --json
    one_owner "$1" "$name" && ok "$1: one owner, every byte, both signatures"
}

ended()
{
    equal "$1: the source owns it, and works again" 'thawed source aborted source' "$(owners)"
    check_not "$1: it is thawed" test -e "$scratch/source/frozen"
    check_not "$1: nothing is published" test -e "$scratch/target.into/$name"
}

name=grant
sealed grant
equal 'the source is frozen' 'frozen nobody sealed nobody' "$(owners)"
set_clocks 25
goes_on 'a day later'
set_clocks 0

sealed refused
name=refused
refused 'frozen nobody sealed nobody'
first=$id
set_clocks 0
sealed again asked
name=again
refused 'commit-asked in doubt sealed nobody'
second=$id
set_clocks 0
sealed aborted
name=aborted
set_clocks 10000
run 0 source abort "$id"
ended 'aborted when all has expired'
set_clocks 0
sealed ended asked
name=ended
set_clocks 10000
run 0 target abort "$id"
run 1 source resume "$id"
check 'a source in doubt hears of its end' grep -q PGT1044 "$err"
ended 'ended by the target when all has expired'

renew
id=$first name=refused
goes_on 'renewed'
id=$second name=again
goes_on 'renewed, in doubt'
for side in source target; do run 0 "$side" audit verify; done
listen_end target
