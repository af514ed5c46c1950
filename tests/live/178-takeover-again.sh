#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A takeover whose import fails waits for who has typed it: the source may be lost, so what has
# arrived is all there is. It is typed again, or aborted; or the source comes and asks for commit.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sealed.sh"
tree "$scratch/estate" 3

import_fails() { hook_at target import 'echo no disk for the import; exit 1'; }
import_works() { hook_at target import 'touch imported'; }
hook_at target rollback 'touch undone'

# undone ARGUMENT...: the takeover fails, and nothing is decided.
undone()
{
    import_fails
    rm -f "$scratch/target/undone"
    run 2 target takeover "$@" -y "$id"
    check 'it is told that the takeover was undone' grep -q PGT1506 "$err"
    check 'and what the hook complained of, by who ran it' \
        grep -q 'no disk for the import' "$err" "$scratch/target.events.err"
    equal 'nothing was decided' 'committing nobody' "$(stands target)"
    run 0 target status "$id"
    check 'its status says what may be typed' grep -qF "pairgate takeover $id, or pairgate abort $id" "$out"
    equal 'and so for programs' true "$(pg target status "$id" --json | jq .held)"
    check 'what was imported is undone' test -e "$scratch/target/undone"
    equal 'nothing is published' '' "$(find "$scratch/target.into" -mindepth 1 -maxdepth 1 ! -name .pairgate)"
}

# ---- the source is lost; the second takeover has what the first one had ----
sealed lost
undone
undone
mkdir "$scratch/target.into/lost"
import_works
run 1 target takeover -y "$id"
check 'a name that is taken meanwhile is told' grep -q PGT1025 "$err"
rmdir "$scratch/target.into/lost"
run 0 target takeover -y "$id"
same_tree 'taken over' "$scratch/estate" "$scratch/target.into/lost"
run 0 source resume "$id"
equal 'the source hears of it' 'handed-over target committed target' "$(owners)"
equal 'it is held no more' null "$(pg target status "$id" --json | jq .held)"
run 0 target audit show --json
equal 'the record has each takeover, and that it was held' 3,2 \
    "$(jq -s --arg id "$id" '[.[] | select(.subject == $id) | .event] |
        "\(map(select(. == "takeover")) | length),\(map(select(. == "held")) | length)"' -r "$out")"
rm -r "$scratch/target.into/lost"

# ---- the source was not lost after all ----
sealed found
undone
import_works
hook_at target rollback 'touch undone; echo >>rolled'
run 0 source resume "$id"
equal 'it goes on as if nothing had been typed' 'handed-over target committed target' "$(owners)"
same_tree 'moved' "$scratch/estate" "$scratch/target.into/found"
rm -r "$scratch/target.into/found"

check_not 'no takeover is told as a migration that its source keeps' grep -q PGA1607 "$scratch/target.events.err"

listen_end target
check_not 'what is owned now is not rolled back any more' test -e "$scratch/target/rolled"
hook_at target rollback 'touch undone'
listen target

# ---- its commit fails like the takeover: that is an end, and it is told so ----
sealed failed
undone
run 2 source resume "$id"
equal 'the source owns its data' 'thawed source aborted source' "$(owners)"

# ---- nobody types it again ----
sealed ended
hook_at target rollback 'exit 1'
run 2 target takeover -y "$id"
equal 'a rollback that fails changes nothing of it' 'committing nobody' "$(stands target)"
listen_crash target
listen target
equal 'it waits for a person, and not for a listener' 'committing nobody' "$(stands target)"
rm -f "$scratch/target/undone"
hook_at target rollback 'touch undone'
run 0 target abort "$id"
wait_for 30 test -e "$scratch/target/undone" || not_ok 'once aborted, what was imported is undone by itself'
run 1 source resume "$id"
equal 'the source hears of it' 'thawed source aborted source' "$(owners)"

# ---- killed in the import: the listener finishes the takeover, and undoes it ----
sealed killed
rm -f "$scratch/target/asked" "$scratch/target/granted"
hook_at target import 'touch asked; while ! [ -e granted ]; do sleep 0.05; done; exit 1'
listen_crash target
spawn target "$scratch/takeover" takeover -y "$id"
taking=$spawned
wait_for 30 test -e "$scratch/target/asked" || die 'the import has begun'
crash "$taking"
equal 'it was decided to be taken, and is not yet' 'committing nobody' "$(stands target)"
touch "$scratch/target/granted"
listen target
wait_for 30 grep -q "$id.*PGT1506" "$scratch/target.events.err" ||
    not_ok 'the listener undoes it' "$scratch/target.events.err"
import_works
run 0 target takeover -y "$id"
same_tree 'taken over at last' "$scratch/estate" "$scratch/target.into/killed"
rm -r "$scratch/target.into/killed"

# ---- a copy that was whole, and not sealed: the source may live ----
rm -f "$scratch/source/frozen" "$scratch/source/may"
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --name copy
wait_for 60 test -e "$scratch/source/frozen" || die 'all is there'
id=$(migration_of source)
crash "$migrating"
listen_end target # which has the staging area open
undone --even-if-source-lives
listen target
touch "$scratch/source/may"
run 1 source resume "$id"
equal 'a source that lives does not go on meanwhile' 'committing nobody' "$(stands target)"
run 0 source abort "$id"
equal 'it may end it' 'thawed source aborted source' "$(owners)"
import_works
code target
run 0 source migrate "$(at target)" "$scratch/estate" --name copy --code-file "$scratch/target.code"
same_tree 'moved by it' "$scratch/estate" "$scratch/target.into/copy"
listen_end target
