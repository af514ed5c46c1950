# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what lib.sh sets, and what it takes
#
# After lib.sh: a target that has sealed, and a source that has died before its commit was heard.
# Here are the agents `source` and `target`, unless they are there already, a listener, and a relay
# `wire` before it; $scratch/estate is the script's.
if [[ ! -d $scratch/source ]]; then
    ladder office
    member source office
    member target office
fi

# Frozen, the source waits; what it says then is held up.
hook_at source freeze 'touch frozen; while ! [ -e may ]; do sleep 0.05; done'
hook_at source thaw 'rm -f frozen'
listen target
relay wire target

is_in() { [[ $(stands "$1") == "$2 "* ]]; }

# The source can write nothing down, and so ask for nothing.
hold_source()
{
    python3 -c 'import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]): time.sleep(0.02)' "$scratch/source/state.db" "$scratch/held" &
    holder=$!
    wait_for 10 test -e "$scratch/held" || die 'the database is held'
}
let_source_go()
{
    rm "$scratch/held"
    wait "$holder"
}

# sealed NAME [asked]: the target has sealed; its source is dead, and has asked for commit in
# words that were lost, or not even that: $id.
sealed()
{
    rm -f "$scratch/source/frozen" "$scratch/source/may"
    : >"$scratch/source.lines"
    code target
    migrate_start source wire "$scratch/estate" --name "$1" --streams 1
    wait_for 60 test -e "$scratch/source/frozen" || die "$1: the source is frozen"
    id=$(migration_of source)
    network wire down
    touch "$scratch/source/may"
    wait_for 20 is_in source frozen || die "$1: the source says so"
    hold_source
    network wire back
    wait_for 20 is_in target sealed || die "$1: the target has sealed"
    if [[ ${2:-} ]]; then
        network wire down
        let_source_go
        wait_for 20 is_in source commit-asked || die "$1: commit is to be asked for"
        crash "$migrating"
        network wire back
    else
        crash "$migrating"
        let_source_go
    fi
}
