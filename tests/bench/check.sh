# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# The connection check beside a bare mutual handshake with the same chains (check.c), medians in
# milliseconds; what it takes to verify the peer's links; and the judgement alone.
bench_check=${BENCH_CHECK:-$(dirname "$PAIRGATE")/tests/bench_check}
if [[ ! -x $bench_check ]]; then
    cmake --build "$(dirname "$PAIRGATE")" --target bench_check >/dev/null
fi

# check_cost NAME RUNGS KIND RUNS
check_cost()
{
    local name=$1 rungs=$2 kind=$3 runs=$4 side what median _
    local -A took
    long_ladder "$name" "$rungs" "$kind"
    for side in source target; do
        agent "$name-$side"
        request "$name-$side" --key "$kind"
        leaf_sign "$name" "$scratch/$name-$side.csr" "$scratch/$name-$side.pem"
        must "$name-$side" chain upload "$scratch/$name-$side.pem"
    done
    listen "$name-target"
    while read -r what median _; do took[$what]=$median; done < <(
        "$bench_check" "$scratch/$name-source" "$scratch/$name-target" "$(at "$name-target")" "$runs")
    listen_end "$name-target" >/dev/null
    printf '  %-18s %8s %8s %8s %8s\n' "$kind, $rungs rungs" "${took[bare]}" "${took[check]}" \
        "${took[links]}" "${took[verdict]}"
    target "$kind, $rungs rungs: check to bare" "$(calc "${took[check]} / ${took[bare]}")" '<=' 1.5
    if ((rungs == 10)); then
        target "$kind, $rungs rungs: the verdict, ms" "${took[verdict]}" '<=' 1
    fi
}

printf '\nconnection check\n  %-18s %8s %8s %8s %8s\n' '' bare check links verdict
runs_of_check=$((quick ? 40 : 200))
check_cost short 3 ec "$runs_of_check"
check_cost long 10 ec "$runs_of_check"
check_cost rsa 10 rsa3072 "$runs_of_check"
