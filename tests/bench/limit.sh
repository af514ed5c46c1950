# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# --limit: bytes over the time in which they travel, from the first progress to the last.

# bytes_shown NAME: what has gone out so far, of whole segments and of those under way.
bytes_shown()
{
    jq -R 'fromjson? | select(.event == "progress") | .bytes' "$scratch/$1.lines" | tail -n 1
}

two_agents
rows_begin
mkdir -p "$scratch/limited"
printf '\nrate held by --limit\n'
for limit in 4M 32M 128M; do
    rate=$(numfmt --from=iec "$limit")
    rm -f "$scratch/limited/file"
    noise "$((rate * 8))" >"$scratch/limited/file"
    code target
    : >"$scratch/source.lines"
    migrate_start source target "$scratch/limited" --name "limit$limit" --limit "$limit"
    stamps=$scratch/stamps
    : >"$stamps"
    while ! process_has_ended "$migrating"; do
        printf '%s %s\n' "$EPOCHREALTIME" "$(bytes_shown source)" >>"$stamps"
        sleep 0.2
    done
    wait "$migrating" || die 'the migration ends well'
    got=$(awk '$2 > 0 && !seen[$2]++ { t[++n] = $1; b[n] = $2 }
        END { print (b[n - 1] - b[1]) / (t[n - 1] - t[1]) }' "$stamps")
    printf '  %-8s %10.0f bytes a second\n' "$limit" "$got"
    target "$limit: its distance" "$(calc "($got - $rate) / $rate < 0 ? ($rate - $got) / $rate : ($got - $rate) / $rate" 3)" '<=' 0.05
    rm -rf "$scratch/target.into/limit$limit"
done
rm -rf "$scratch/limited"
