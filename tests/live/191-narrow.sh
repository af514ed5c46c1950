#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# On a narrow terminal the two ladders stand rung below rung, by their whole names, and no line is
# wider than it; from 72 columns on they stand beside one another, as where nobody says a width. So
# with what `doctor` says, and with the one chain of `chain show` where its own table does not fit.
. "$(dirname "$0")/lib.sh"

root='The root certification authority of all offices and branches'
ladder office "$root"
ca_new branch Inter-CA2 office-root
member source branch
member target office
listen target
tree "$scratch/estate" 0

# too_wide COLUMNS: lines of $out that are wider although they could have been folded.
too_wide() { tr -d '\r' <"$out" | LC_ALL=C.UTF-8 awk -v most="$1" 'length > most && /[^ ] +[^ ]/'; }
unfolded() { tr -s ' \r\n' ' ' <"$out"; }

# is_narrow COLUMNS WHAT
is_narrow()
{
    equal "$2: no line is wider than $1 columns" '' "$(too_wide "$1")"
    equal '  the rungs are X, X and <->' 'X X <->' \
        "$(tr -d '\r' <"$out" | sed -n 's/^  Rung [0-9] *//p' | paste -sd ' ')"
    equal '  both sides have every rung' '3 3' \
        "$(grep -c '^  SOURCE  ' "$out") $(grep -c '^  TARGET  ' "$out")"
    check '  the names are whole' grep -qF "SOURCE $root by $root TARGET $root by $root" <(unfolded)
    equal '  the headline is there' "$headline " "$(unfolded | grep -oF "$headline ")"
    check '  every finding has its remedy' test "$(grep -c '^error: ' "$out")" -le \
        "$(grep -c '^  Remedy: ' "$out")"
}

for what in "pair $(at target)" "preflight $scratch/source.pem $scratch/target.pem"; do
    read -ra words <<<"$what"
    for columns in 30 40 71; do
        COLUMNS=$columns run 1 source "${words[@]}"
        is_narrow "$columns" "${words[0]}"
    done
    run 1 source "${words[@]}"
    check "${words[0]}: nobody says a width" grep -q '^  SOURCE  .*  TARGET$' "$out"
    cp "$out" "$scratch/wide"
    COLUMNS=72 run 1 source "${words[@]}"
    # The connection's own words may differ from one to the next.
    check '  72 columns change nothing' diff <(sed /^Connection/d "$scratch/wide") \
        <(sed /^Connection/d "$out")
done

code target
COLUMNS=40 run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
is_narrow 40 'a migration that is refused'

# ---- of one side alone ----
# folds COLUMNS WORD...: no line is wider.
folds()
{
    COLUMNS=$1 run "$ends" source "${@:2}"
    equal "${*:2}: no line is wider than $1 columns" '' "$(too_wide "$1")"
}
# is_wide COLUMNS WORD...: so many change nothing.
is_wide()
{
    COLUMNS=$1 run "$ends" source "${@:2}"
    # The clock goes on from one to the next.
    check "${*:2}: $1 columns change nothing" diff <(sed /^Clock/d "$scratch/wide") <(sed /^Clock/d "$out")
}

# The widest line of a table is what it needs; with one column less it does not fit.
widest() { LC_ALL=C.UTF-8 awk 'length > most { most = length } END { print most }' "$scratch/wide"; }
# in_full WORD...: as where nobody says a width.
in_full()
{
    run "$ends" source "$@"
    cp "$out" "$scratch/wide"
}

ends=0
in_full chain show
check 'chain show: it is a table' grep -qE '^Rung  Issued To  ' "$scratch/wide"
table=$(widest)
is_wide "$table" chain show
in_full chain show --ladder
check 'chain show --ladder: it is two columns' grep -qE '^Issued To {32}Issued By$' "$scratch/wide"
pair=$(widest)
is_wide "$pair" chain show --ladder
check 'both are wider than 80 columns' test "$table" -gt 80 -a "$pair" -gt 80

for columns in 30 40 71 72 80 $((pair - 1)); do
    folds "$columns" chain show
    equal '  rung below rung' '0 1 2' "$(sed -n 's/^Rung //p' "$out" | paste -sd ' ')"
    check '  the names are whole' grep -qF "Issued To: $root Issued By: $root Valid from: 20" <(unfolded)
    check '  and the digest' grep -qE 'SHA-256: [0-9a-f]{64} Rung 1 ' <(unfolded)
    folds "$columns" chain show --ladder
    equal '  every rung has both' '3 3' "$(grep -c 'Issued To' "$out") $(grep -c 'Issued By' "$out")"
    check '  the names are whole' grep -qF "Issued To: $root Issued By: $root" <(unfolded)
done
folds $((table - 1)) chain show
equal '  rung below rung' '0 1 2' "$(sed -n 's/^Rung //p' "$out" | paste -sd ' ')"

ends=$(pg source doctor </dev/null >/dev/null && echo 0 || echo $?)
folds 12 doctor
check_not '  no line ends in a blank' grep -q ' $' "$out"
for columns in 30 40 71; do
    folds "$columns" doctor
    check '  the names are whole' grep -qF " rung 2 $root, " <(unfolded)
    check '  there are findings' grep -qE '^(error|warning|note): ' "$out"
    equal '  each has its remedy' "$(grep -cE '^(error|warning|note): ' "$out")" \
        "$(grep -c '^  Remedy: ' "$out")"
done
in_full doctor
widest=$(widest)
check 'doctor: it has lines that do not fit 80 columns' test "$widest" -gt 80
folds 72 doctor
folds 80 doctor
is_wide "$widest" doctor

# A confined process does not ask the terminal any more.
script -qec "stty cols 50; PAIRGATE_STATE='$scratch/source' '$PAIRGATE' pair $(at target)" /dev/null \
    >"$out" </dev/null || true
is_narrow 50 'a terminal of 50 columns'
listen_end target
