# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# The same file under policy fips, which digests with SHA-256; the receipt says with what.
big_file
two_agents
rows_begin
for ((run_n = 1; run_n <= runs; run_n++)); do
    for policy in default fips; do
        migrated "pairgate --policy $policy" stored "$scratch/estate" --policy "$policy" --json
        equal "the receipt of $policy names" "$([[ $policy == fips ]] && echo sha256 || echo blake3)" \
            "$(jq -rR 'fromjson? | .digest // empty' "$scratch/bench.log" | tail -n 1)"
        migrated_away
    done
done
show "$(numfmt --to=iec "$size") by digest" "$size"
