# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# --compress beside none: noise on a fast link, where auto must cost nothing; a log on a slow and
# on a fast one.
two_agents
rows_begin
share=$((size / 16 > 64 << 20 ? size / 16 : 64 << 20))
mkdir -p "$scratch/noise" "$scratch/log"
noise "$share" >"$scratch/noise/file"
seq -f '2027-06-15T12:00:%.0f host service: a line of a log like many others' 100000000 |
    head -c "$share" >"$scratch/log/file" || true
for ((run_n = 1; run_n <= runs; run_n++)); do
    for how in never auto always; do
        migrated "pairgate $how, noise" stored "$scratch/noise" --compress "$how"
        migrated_away
        migrated "pairgate $how, log" stored "$scratch/log" --compress "$how"
        migrated_away
        migrated "pairgate $how, log at 20 MiB/s" stored "$scratch/log" --compress "$how" --limit 20M
        migrated_away
    done
done
show "compression, $(numfmt --to=iec "$share")" "$share"
for what in noise log; do
    target "auto to never, $what, CPU" "$(ratio "pairgate auto, $what" 4 "pairgate never, $what")" '<=' 1.05
done
target 'auto to never, log on a slow link' \
    "$(ratio 'pairgate auto, log at 20 MiB/s' 3 'pairgate never, log at 20 MiB/s')" '<=' 0.5
rm -rf "$scratch/noise" "$scratch/log"
