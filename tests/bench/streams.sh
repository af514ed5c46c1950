# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# How many connections pay on this machine.
big_file
two_agents
rows_begin
for ((run_n = 1; run_n <= runs; run_n++)); do
    for streams in 1 2 4 8; do
        migrated "pairgate --streams $streams" stored "$scratch/estate" --streams "$streams"
        migrated_away
    done
done
show "$(numfmt --to=iec "$size") by streams" "$size"
