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
