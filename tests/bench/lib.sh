# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the sections use, and what scripts/bench sets
#
# Sourced by scripts/bench behind tests/live/lib.sh. A section is a script of this directory that
# measures and shows:
#
#   $size $runs $quick   bytes of the big file, repetitions, 1 under --quick
#   rows_begin           forget the rows of the section before
#   measure NAME GROUP PATH COMMAND...
#                        one run as a row: see below
#   show TITLE BYTES     medians of the rows by NAME, and their ratios to the best peer
#   target TITLE A OP B  what the design wants, held or missed: A, OP (<= or >=), B
#
# Names that begin with `pairgate` are ours, those in parentheses are shown and are no peers.
# Peers are interleaved with us run by run, because this is not the only load of most machines.

rows=$scratch/rows

rows_begin() { : >"$rows"; }

calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }

# ticks GROUP: clock ticks of CPU of its processes and of the children they have waited for.
ticks()
{
    local pid sum=0 stat
    for pid in $(pgrep -g "$1"); do
        stat=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
        # shellcheck disable=SC2086
        set -- "$1" $stat
        sum=$((sum + ${13} + ${14} + ${15} + ${16}))
    done
    echo "$sum"
}

# high_water GROUP: MiB at the peak, all processes of the group together; and begin again.
high_water()
{
    local pid sum=0 kib
    for pid in $(pgrep -g "$1"); do
        kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || continue
        sum=$((sum + ${kib:-0}))
        echo 5 >"/proc/$pid/clear_refs" 2>/dev/null || true
    done
    calc "$sum / 1024" 1
}

# held_by GROUP: MiB, what its processes share being counted once (proc(5), Pss).
held_by()
{
    local pid sum=0 kib
    for pid in $(pgrep -g "$1"); do
        kib=$(sed -n 's/^Pss:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/smaps_rollup")
        sum=$((sum + ${kib:-0}))
    done
    calc "$sum / 1024" 1
}

# measure NAME GROUP PATH COMMAND...: the wall time until the command ends and until PATH is
# synced, CPU seconds of both sides, peak memory of either. GROUP is the other side when it runs
# already (else ''); PATH '' means that nothing is stored.
measure()
{
    local name=$1 group=$2 path=$3 before=0 after=0 start end synced user system kib server=0
    shift 3
    if [[ $group ]]; then
        high_water "$group" >/dev/null
        before=$(ticks "$group")
    fi
    start=$EPOCHREALTIME
    if ! command time -o "$scratch/time" -f '%U %S %M' "$@" >"$scratch/bench.log" 2>&1; then
        tail -n 20 "$scratch/bench.log"
        die "$name does its work"
    fi
    end=$EPOCHREALTIME
    if [[ -d $path ]]; then sync -f "$path"; elif [[ $path ]]; then sync "$path"; fi
    synced=$EPOCHREALTIME
    if [[ $group ]]; then
        settled "$group"
        after=$(ticks "$group")
        server=$(high_water "$group")
    fi
    read -r user system kib <"$scratch/time"
    wall=$(calc "$end - $start")
    wall_synced=$(calc "$synced - $start")
    cpu=$(calc "$user + $system + ($after - $before) / $(getconf CLK_TCK)")
    client_mib=$(calc "$kib / 1024" 1)
    server_mib=$server
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$wall" "$wall_synced" "$cpu" "$client_mib" \
        "$server_mib" >>"$rows"
}

# What a server forked for the run is waited for, so that its time is counted.
settled()
{
    local last now i
    last=$(ticks "$1")
    for ((i = 0; i < 20; i++)); do
        sleep 0.1
        now=$(ticks "$1")
        if [[ $now == "$last" ]]; then return; fi
        last=$now
    done
}

# median_of NAME COLUMN: 2 wall, 3 synced, 4 CPU, 5 and 6 memory of client and server.
median_of()
{
    awk -F'\t' -v name="$1" -v column="$2" '$1 == name { print $column }' "$rows" | sort -n |
        awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

names() { awk -F'\t' '!seen[$1]++ { print $1 }' "$rows"; }

# best_peer COLUMN: the least median of those that are neither ours nor in parentheses.
best_peer()
{
    local name
    while IFS= read -r name; do
        case $name in
        pairgate* | \(*) ;;
        *) median_of "$name" "$1" ;;
        esac
    done < <(names) | sort -n | sed -n 1p
}

show()
{
    local name bytes=$2 best wall synced cpu
    best=$(best_peer 3)
    printf '\n%s\n' "$1"
    printf '  %-34s %8s %8s %8s %8s %9s %15s\n' '' 'wall s' 'synced s' 'MB/s' 'CPU s' 'CPU s/GiB' \
        'to best peer'
    while IFS= read -r name; do
        wall=$(median_of "$name" 2)
        synced=$(median_of "$name" 3)
        cpu=$(median_of "$name" 4)
        printf '  %-34s %8s %8s %8s %8s %9s %15s\n' "$name" "$(calc "$wall")" "$(calc "$synced")" \
            "$(calc "$bytes / $synced / 1e6" 0)" "$(calc "$cpu")" \
            "$(calc "$cpu / ($bytes / 1073741824)")" "${best:+$(calc "$synced / $best")}"
    done < <(names)
}

target()
{
    local verdict=missed
    if awk "BEGIN { exit !($2 $3 $4) }"; then verdict=held; fi
    printf '  %-6s %s: %s (wanted %s %s)\n' "$verdict" "$1" "$2" "${3/=/}=" "$4"
}

# ratio NAME COLUMN OTHER: of two medians; OTHER may be a number.
ratio()
{
    local other=$3
    if [[ ! $other =~ ^[0-9.]+$ ]]; then other=$(median_of "$3" "$2"); fi
    calc "$(median_of "$1" "$2") / $other"
}

# big_file: $scratch/estate/file of $size bytes that no compression helps, made once.
big_file()
{
    if [[ -e $scratch/estate/file ]]; then return; fi
    mkdir -p "$scratch/estate"
    noise "$size" >"$scratch/estate/file"
    sync "$scratch/estate/file"
}

noise()
{
    openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00 -in /dev/zero \
        2>/dev/null | head -c "$1" || true
}

# many_files DIR N BYTES: a thousand to a directory.
many_files()
{
    mkdir -p "$1"
    python3 - "$@" <<'PYTHON'
import os, sys
top, n, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
block = os.urandom(size)
for i in range(n):
    folder = f"{top}/{i // 1000:04d}"
    if i % 1000 == 0:
        os.mkdir(folder)
    with open(f"{folder}/{i % 1000:03d}", "wb") as file:
        file.write(i.to_bytes(8, "big") + block[8:])
PYTHON
    sync -f "$1"
}

# two_agents: source and target below one CA; the target listens in $scratch/target.into.
two_agents()
{
    if [[ ${listener_group[target]:-} ]]; then return; fi
    if [[ ! -d $scratch/ca/bench ]]; then ladder bench; fi
    member source bench
    member target bench
    listen target "$@"
}

# migrated NAME PATH DIR OPTION...: `pairgate migrate` of DIR as a row; $scratch/target.into/$last
# is there afterwards.
migrations_made=0
migrated()
{
    local name=$1 path=$2 dir=$3
    shift 3
    code target
    last=run$((++migrations_made))
    measure "$name" "${listener_group[target]}" "${path:+$scratch/target.into}" \
        env PAIRGATE_STATE="$scratch/source" "$PAIRGATE" migrate "$(at target)" "$dir" \
        --code-file "$scratch/target.code" --name "$last" "$@"
}

# migrated_away: what the last migration published is deleted, off the clock.
migrated_away()
{
    rm -rf "${scratch:?}/target.into/$last"
    sync -f "$scratch"
}
