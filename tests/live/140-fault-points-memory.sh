#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory that is not to be had, once or from then on, at any request of the four processes of a
# pairing: it succeeds with every finding, or ends with 2, and all is as before.
. "$(dirname "$0")/faultpoints.sh"

under scarce
listen target

pairing()
{
    got=0
    pg source pair "$(at target)" --json >"$out" 2>"$err" </dev/null || got=$?
}
answer() { jq -c '[.paired, [.findings[] | [.id, .detail]]]' "$out"; }
states() { files source && files target; }

# good SENTENCE: with 0 or without an error, all that there was to say was said.
good()
{
    if [[ $got == 0 && $(answer) == "$wanted" ]]; then return; fi
    not_ok "$1: the whole answer, and $got" "$out" "$err"
    return 1
}

# starved SIDE ROLE N HOW
starved()
{
    local sentence="$1's $2, request $3, how $4"
    arm "$1" "$2" "$3" "$4"
    pairing
    disarm "$1"
    if [[ $got == 2 ]]; then
        check_quietly "$sentence: it says why" grep -q '"id":"PG\|: PG' "$out" "$err" || return 1
    else
        good "$sentence" || return 1
    fi
    pairing
    if [[ $got != 0 ]]; then
        wait_for 5 process_has_ended "${listener_group[target]}" || true
        revived
        pairing
    fi
    good "$sentence, the next one" || return 1
    check_quietly "$sentence: the state is as before" test "$(states)" = "$before"
}

# check_quietly SENTENCE COMMAND...: tells only a failure.
check_quietly()
{
    local sentence=$1
    shift
    if "$@"; then return; fi
    not_ok "$sentence" "$out" "$err"
    return 1
}

# starved_everywhere SIDE ROLE HOW
starved_everywhere()
{
    local n list last bad=0
    side=$1
    arm "$1" "$2" 0
    pairing
    last=$(counted "$2")
    mapfile -t list < <(points "$last")
    for n in "${list[@]}"; do starved "$1" "$2" "$n" "$3" || bad=$((bad + 1)); done
    equal "the $1's $2, how $3: survived at ${#list[@]} of $last points" 0 "$bad"
    check "the $1's $2 asks for memory" test "$last" -gt 100
    total=$((total + ${#list[@]}))
}

pairing
wanted=$(answer)
equal 'paired' true "$(jq .paired "$out")"
before=$(states)
for how in 0 1; do
    for name in source target; do
        starved_everywhere "$name" supervisor "$how"
        starved_everywhere "$name" worker "$how"
    done
done
sound 'after all of them'
listen_end target
printf '%d points in all\n' "$total"
