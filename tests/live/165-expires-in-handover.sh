#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# After commit was asked for, the grant and then every certificate expire, with nobody killed, the
# source, or the target: one owner, no byte lost, and no word about dates stands in between.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clocks.sh"
. "$(dirname "$0")/oneowner.sh"

# The commit is asked for, and held until `may` is there.
hook_at target import 'touch "$PAIRGATE_STATE/asked"; while ! [ -e "$PAIRGATE_STATE/may" ]; do sleep 0.05; done'
listen target
tree "$scratch/estate" 1

# asked NAME: commit has been asked for; $migrating, $id.
asked()
{
    rm -f "$scratch/target/asked" "$scratch/target/may"
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$1" --streams 1
    wait_for 60 test -e "$scratch/target/asked" || die "$1: commit is asked for"
    id=$(migration_of source)
    equal "$1: nobody knows the owner yet" 'commit-asked in doubt committing nobody' \
        "$(owners)"
}
owned()
{
    one_owner "$1" "$1" && ok "$1: one owner, every byte, both signatures"
    same_tree "$1" "$scratch/estate" "$scratch/target.into/$1"
    set_clocks 0
}
goes_on()
{
    run 0 source resume "$id" --json
    owned "$1"
}
released() { [[ $(stands target) == 'committed target' ]]; }

for hours in 25 10000; do
    asked "nobody-$hours"
    set_clocks "$hours"
    touch "$scratch/target/may"
    ends 0 "$migrating" 60 'nobody is killed: the source hears of it'
    owned "nobody-$hours"
done

asked source
crash "$migrating"
set_clocks 10000
touch "$scratch/target/may"
check 'the target decides without the source' wait_for 30 released
goes_on source

asked target
listen_crash target
set_clocks 25
touch "$scratch/target/may"
listen target
check 'the target goes on by itself' wait_for 30 released
ends 0 "$migrating" 90 'and the source, which has asked again and again, hears of it'
owned target

# What is asked again while nothing is decided needs good certificates, and says so.
asked again
listen_crash target
set_clocks 10000
listen target
ends 1 "$migrating" 90 'the source ends'
check 'it is said why, and what to do' jq -eRs '[splits("\n") | fromjson?][-1] |
    [.error // .findings[]] | any(.[]; .rule == "validity" and (.remedy | test("enew")))' "$scratch/source.lines"
equal 'it is in doubt as before' 'commit-asked in doubt' "$(stands source)"
touch "$scratch/target/may"
check 'the target goes on by itself' wait_for 30 released
goes_on again

asked both
crash "$migrating"
listen_crash target
set_clocks 10000
run 2 source resume "$id" --json
check 'a target that is away is told' grep -q PGT1030 "$out"
equal 'and the source is in doubt as before' 'commit-asked in doubt' "$(stands source)"
touch "$scratch/target/may"
listen target
check 'the target goes on by itself' wait_for 30 released
goes_on both
for side in source target; do run 0 "$side" audit verify; done
listen_end target
