# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# The source is killed in the middle and goes on: the second run beside the whole in one.
big_file
two_agents
rows_begin
for ((run_n = 1; run_n <= runs; run_n++)); do
    migrated 'pairgate, all in one' stored "$scratch/estate"
    migrated_away
    code target
    : >"$scratch/source.lines"
    migrate_start source target "$scratch/estate" --name "resume$run_n"
    wait_for 600 sent_at_least source "$((size / 2))" || die 'half of it is sent'
    crash "$migrating"
    : >"$scratch/source.lines2"
    id=$(migration_of source)
    measure 'pairgate, after a kill at 50 %' "${listener_group[target]}" "$scratch/target.into" \
        env PAIRGATE_STATE="$scratch/source" "$PAIRGATE" resume "$id" --json
    resent=$(jq -R 'fromjson? | select(.event == "progress") | .bytes' "$scratch/bench.log" | tail -n 1)
    last=resume$run_n
    cmp "$scratch/estate/file" "$scratch/target.into/$last/file" || die 'the copy is identical'
    migrated_away
done
show "resumed after SIGKILL of the source, $(numfmt --to=iec "$size")" "$size"
target 'time to the whole' "$(ratio 'pairgate, after a kill at 50 %' 3 'pairgate, all in one')" '<=' 0.6
target 'bytes sent again, of the whole' "$(calc "$resent / $size")" '<=' 0.5
