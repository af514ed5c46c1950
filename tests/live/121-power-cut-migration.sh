#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The power is cut at every write of a migration in two generations, at the target, the source or
# both: never two owners, what was told is there, and the migration comes to its end.
. "$(dirname "$0")/powercut.sh"
. "$(dirname "$0")/oneowner.sh"

watch "$scratch/source" "$scratch/target" "$scratch/target.into"
ladder office
logged member source office
logged member target office

mkdir -p "$scratch/estate/d/deep"
head -c 5000000 /dev/urandom >"$scratch/estate/big"
head -c 70000 /dev/urandom >"$scratch/estate/file"
printf 'small\n' >"$scratch/estate/d/small"
printf 'first\n' >"$scratch/estate/d/deep/changes"
ln -s d/small "$scratch/estate/link"
ln "$scratch/estate/file" "$scratch/estate/d/hard"
chmod 4755 "$scratch/estate/file"
chmod 751 "$scratch/estate/d"
chmod 551 "$scratch/estate"
touch -d '2001-02-03T04:05:06.123456789Z' "$scratch/estate/big" "$scratch/estate/d" "$scratch/estate"

# The service writes once more before it stands still.
hook=$scratch/source/hooks/source-freeze
logged python3 - "$hook" "$scratch/estate/d/deep/changes" <<'END'
import os, sys
os.mkdir(os.path.dirname(sys.argv[1]), 0o700)
with open(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o700), "w") as hook:
    hook.write(f"#!/bin/sh\necho second >{sys.argv[2]}\ntouch -d 2004-05-06Z {sys.argv[2]}\n")
END
logged sync -f "$scratch/source"

logged listen target
logged code target
label copying
logged migrate estate || die "the migration works: $(cat "$err")"
label told
kill -TERM "${listener_group[target]}"
wait_for 20 group_is_gone "${listener_group[target]}" || die 'the listener ends'
label end
check 'the log is complete' log_is_complete

# at_rest SIDE: it can be asked, and nothing is damaged.
at_rest()
{
    local got=0
    pg "$1" status --json >"$out" 2>"$err" && pg "$1" audit verify >"$out" 2>"$err" || return 1
    pg "$1" doctor --json >"$out" 2>"$err" || got=$?
    ((got < 2)) && [[ $(sqlite3 "$scratch/$1/state.db" 'PRAGMA integrity_check') == ok ]]
}

# arrived: all of it, under its name.
arrived()
{
    local tree=$scratch/target.into/estate
    diff -r --no-dereference "$scratch/estate" "$tree" >"$out" 2>&1 &&
        diff <(facts "$scratch/estate") <(facts "$tree") >"$out"
}

# comes_to_its_end: both are started again, and the source goes on.
comes_to_its_end()
{
    local group good=0
    listen target
    group=${listener_group[target]}
    go_on estate || true
    one_owner "$1" estate && arrived || good=1
    kill -KILL -- "-$group"
    wait "$group" 2>/dev/null || true
    return "$good"
}

looked=0
one_owner_always()
{
    local what="$cut, cut after $1 operations ($2, $3)"
    for side in source target; do
        if ! at_rest "$side"; then
            not_ok "$what: $side is well" "$out" "$err"
            return 1
        fi
    done
    if ! once_owned estate; then
        not_ok "$what: never two owners"
        return 1
    fi
    if [[ $3 == told || $3 == end || $(row target estate | jq -r .state) == committed ]] && ! arrived; then
        not_ok "$what: what was committed is there" "$out"
        return 1
    fi
    if ((looked++ % ${EVERY:-1} == 0)) && ! comes_to_its_end "$what"; then
        not_ok "$what: the migration comes to its end" "$out" "$err"
        return 1
    fi
}

for cut in target source both; do
    case $cut in
    target) machines=$scratch/target,$scratch/target.into ;;
    source) machines=$scratch/source ;;
    both) machines=$scratch/source,$scratch/target,$scratch/target.into ;;
    esac
    each_state copying end "$machines" "6" one_owner_always
    equal "$cut: $distinct states of $states, at $prefixes writes, have one owner" 0 "$bad"
done
printf 'survived %d power cuts in all\n' "$total"
