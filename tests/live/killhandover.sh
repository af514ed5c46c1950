# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Sourced by the scripts that kill -9 one process of one side at a write or a message of a whole
# migration: whatever was reached, both sides started again come to one owner, and the tree is
# there, whole.
#
#   KILLPOINTS   how many points of each process are tried, evenly spread; `all` for every one
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/oneowner.sh"

so=${KILLPOINT_SO:-$(dirname "$PAIRGATE")/tests/killpoint.so}
if [[ ! -e $so ]]; then skip "no $so"; fi
if is_sanitized; then skip 'a sanitizer comes before the preloaded calls'; fi
counts=$scratch/counts
names=0
total=0

ladder office
member source office
member target office
mkdir -p "$scratch/estate/d"
head -c 70000 /dev/urandom >"$scratch/estate/file"
printf 'small\n' >"$scratch/estate/d/small"
ln -s d/small "$scratch/estate/link"
listen_words=()
prepared() { :; } # NAME: before its migration
finished() { :; } # SENTENCE NAME: once it has one owner

# armed ROLE N COMMAND...: with the Nth point of that process deadly; 0: only counted.
armed()
{
    local role=$1 n=$2
    shift 2
    head -c 16 /dev/zero >"$counts"
    LD_PRELOAD=$so KILLPOINT_COUNTS=$counts KILLPOINT_ROLE=$role KILLPOINT=$n "$@"
}

# counted ROLE: how many points were passed.
counted()
{
    local skip=0
    if [[ $1 == worker ]]; then skip=8; fi
    od -An -t u8 -j "$skip" -N 8 "$counts" | tr -d ' '
}

# points LAST: those to be tried.
points()
{
    local last=$1 step=1 n
    if [[ ${KILLPOINTS:-8} != all ]]; then step=$((last / ${KILLPOINTS:-8} + 1)); fi
    for ((n = (step + 1) / 2; n <= last; n += step)); do echo "$n"; done
}

# killed_everywhere SENTENCE ROLE ATTEMPT: ATTEMPT ROLE NAME N is one try.
killed_everywhere()
{
    local sentence=$1 role=$2 attempt=$3 bad=0 list n last
    code target
    "$attempt" "$role" "k$((++names))" 0 || not_ok "$sentence: it works when nobody is killed"
    last=$(counted "$role")
    mapfile -t list < <(points "$last")
    for n in "${list[@]}"; do
        code target
        if ! "$attempt" "$role" "k$((++names))" "$n"; then bad=$((bad + 1)); fi
        if ((bad > 3)); then break; fi
        rm -rf "$scratch/target.into/k$names"
    done
    equal "$sentence: survived at ${#list[@]} of $last points" 0 "$bad"
    total=$((total + ${#list[@]}))
}

# attempt_source ROLE NAME N: the source is killed, and resumes; `target` listens.
attempt_source()
{
    local role=$1 name=$2 n=$3
    prepared "$name"
    armed "$role" "$n" migrate "$name" || true
    if ! once_owned "$name"; then
        not_ok "source, $role killed at $n: never two owners"
        return 1
    fi
    if [[ $n != 0 ]]; then go_on "$name" || true; fi
    one_owner "source, $role killed at $n" "$name" &&
        finished "source, $role killed at $n" "$name"
}

listen_armed()
{
    armed "$1" "$2" spawn target "$scratch/target.events" listen --peer "$(at target)" \
        --into "$scratch/target.into" --json "${listen_words[@]}"
    listener_group[target]=$spawned
}

listens() { process_has_ended "$1" || ss -Hltn "sport = :${listener_port[target]}" | grep -q .; }

either_has_ended() { process_has_ended "$1" || process_has_ended "$2"; }

# attempt_target ROLE NAME N: the target is killed, and listens again; its port is known.
attempt_target()
{
    local role=$1 name=$2 n=$3 migrating
    prepared "$name"
    listen_armed "$role" "$n"
    wait_for 10 listens "$spawned" || true
    migrate "$name" &
    migrating=$!
    # It is killed, or the migration comes to its end before.
    wait_for 30 either_has_ended "$spawned" "$migrating" || true
    kill -KILL -- "-$spawned" 2>/dev/null || true
    wait "$spawned" 2>/dev/null || true
    if ! once_owned "$name"; then
        not_ok "target, $role killed at $n: never two owners"
        return 1
    fi
    listen target "${listen_words[@]}"
    wait "$migrating" || true
    go_on "$name" || true
    one_owner "target, $role killed at $n" "$name" || return 1
    finished "target, $role killed at $n" "$name" || return 1
    kill -KILL -- "-${listener_group[target]}"
    wait "${listener_group[target]}" 2>/dev/null || true
}
