#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# One process of either side is ended in the middle, politely or not: the migration can be resumed,
# and says so where it still can.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 24

# under_way NAME: a third of it is sent.
under_way()
{
    : >"$scratch/source.lines"
    : >"$scratch/source.lines.err"
    code target
    migrate_start source target "$scratch/estate" --limit 8M --compress never --streams 1 --name "$@"
    halt_at source 4000000 || die 'a third is sent'
    id=$(migration_of source)
    go_on
}

# goes_on NAME
goes_on()
{
    check "$1: no half tree is published" test ! -e "$scratch/target.into/$1"
    run 0 source resume "$id" --json
    same_tree "$1" "$scratch/estate" "$scratch/target.into/$1"
}

# A terminal's interrupt and its end go to the whole group; a service manager's end to one or all.
for way in TERM:one INT:all HUP:all; do
    name=source-${way/:/-}
    under_way "$name"
    group=$migrating
    if [[ $way == *:all ]]; then group=-$group; fi
    kill "-${way%:*}" -- "$group"
    ends 2 "$migrating" 20 "$name: the source ends with 2"
    check "$name: and tells why" grep -q PGT1035 "$scratch/source.lines"
    check "$name: nothing of it is left" wait_for 5 group_is_gone "$migrating"
    goes_on "$name"
done

# In words for a person: what to type next.
code target
spawn source "$scratch/text" migrate "$(at target)" "$scratch/estate" --code-file \
    "$scratch/target.code" --limit 2M --name text
text_group=$spawned
wait_for 60 grep -q 'granted migration' "$scratch/text" || die 'it is granted'
sleep 0.3
kill -TERM "$text_group"
ends 2 "$text_group" 20 'a person ends it'
check 'and is told the command that goes on' grep -qE '^pairgate: go on with: pairgate resume m-' \
    "$scratch/text.err"
id=$(sed -n 's/.*pairgate resume \(m-.*\)/\1/p' "$scratch/text.err")
goes_on text

under_way source-worker
worker=$(pgrep -P "$migrating")
kill -KILL "$worker"
ends 2 "$migrating" 20 'a source whose worker was killed ends with 2'
check 'and says so' grep -q 'PGA\|signal 9' "$scratch/source.lines.err"
goes_on source-worker

under_way supervisor
kill -KILL "$migrating"
check 'a worker ends with its supervisor' wait_for 10 group_is_gone "$migrating"
wait "$migrating" 2>/dev/null || true
goes_on supervisor

under_way target-worker
kill -KILL "$(worker_of target)"
wait_for 10 process_has_ended "${listener_group[target]}" || die 'the listener ends'
wait "${listener_group[target]}" 2>/dev/null || true
check 'a listener without its worker ends and says so' grep -q 'PGA\|signal 9' \
    "$scratch/target.events.err"
listen target
ends 0 "$migrating" 60 'the source goes on by itself'
same_tree target-worker "$scratch/estate" "$scratch/target.into/target-worker"

under_way target-supervisor
kill -KILL "${listener_group[target]}"
check 'a listening worker ends with its supervisor' \
    wait_for 10 group_is_gone "${listener_group[target]}"
wait "${listener_group[target]}" 2>/dev/null || true
listen target
ends 0 "$migrating" 60 'the source goes on by itself'
same_tree target-supervisor "$scratch/estate" "$scratch/target.into/target-supervisor"

under_way target-term
listen_end target
listen target
ends 0 "$migrating" 60 'a listener that was ended politely: the same'
same_tree target-term "$scratch/estate" "$scratch/target.into/target-term"
listen_end target
