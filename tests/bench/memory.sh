# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# The peak of either side, and what an idle listener holds: pages that its four processes share are
# counted once in that, and for each of them in the peaks.
big_file
two_agents
rows_begin

# source_peak GROUP FILE: until the group has ended.
source_peak()
{
    local now most=0
    while now=$(high_water "$1") && [[ $now != 0.0 ]]; do
        if awk "BEGIN { exit !($now > $most) }"; then most=$now; fi
        echo "$most" >"$2"
        sleep 0.2
    done
}

listen_end target >/dev/null
unset 'listener_group[target]'
listen target
high_water "${listener_group[target]}" >/dev/null
sleep 1
idle=$(held_by "${listener_group[target]}")
for streams in 2 '' 8; do
    code target
    : >"$scratch/source.lines"
    migrate_start source target "$scratch/estate" --name "memory${streams:-0}" \
        ${streams:+--streams "$streams"}
    source_peak "$migrating" "$scratch/peak"
    wait "$migrating" || die 'the migration ends well'
    target=$(high_water "${listener_group[target]}")
    printf '\npeak memory, %s, %s: source %s MiB, target %s MiB\n' \
        "$(numfmt --to=iec "$size")" "${streams:-default} streams" "$(<"$scratch/peak")" "$target"
    if [[ ! $streams ]]; then
        target 'source, MiB' "$(<"$scratch/peak")" '<=' 64
        target 'target, MiB' "$target" '<=' 64
    fi
    rm -rf "$scratch/target.into/memory${streams:-0}"
done
target 'an idle listener, MiB' "$idle" '<=' 12
