# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the scripts use, and what lib.sh sets
#
# Sourced by the scripts that let the Nth request of one of the four processes of a pairing fail.
. "$(dirname "${BASH_SOURCE[0]}")/faultpoints.sh"

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

# reached SIDE ROLE N HOW: the pairing with that request failing, if it came so far. A listener that
# has recorded all that it may in this minute does not: another one is asked.
reached()
{
    local try
    side=$1
    for try in once again; do
        arm "$1" "$2" "$3" "$4"
        pairing
        disarm "$1"
        if (($(counted "$2") >= $3)); then return; fi
        if [[ $1 == source ]]; then break; fi
        listener_afresh
    done
    missed=$((missed + 1))
}

listener_afresh()
{
    listen_crash target
    listen target
}

# faulty SIDE ROLE N HOW
faulty()
{
    local sentence="$1's $2, request $3, how $4"
    reached "$1" "$2" "$3" "$4"
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

# faulty_everywhere SENTENCE SIDE ROLE HOW LEAST: at all points, of which there are at least so many.
faulty_everywhere()
{
    local n list last bad=0 missed=0 sentence="$1: the $2's $3"
    side=$2
    listener_afresh
    arm "$2" "$3" 0 "$4"
    pairing
    last=$(counted "$3")
    mapfile -t list < <(points "$last")
    for n in "${list[@]}"; do faulty "$2" "$3" "$n" "$4" || bad=$((bad + 1)); done
    equal "$sentence: survived at ${#list[@]} of $last points, $missed not reached" 0 "$bad"
    check "$sentence: has at least $5 of them" test "$last" -ge "$5"
    total=$((total + ${#list[@]} - missed))
}

# pairing_as_usual: what the others are held against.
pairing_as_usual()
{
    pairing
    wanted=$(answer)
    equal 'paired' true "$(jq .paired "$out")"
    before=$(states)
}
