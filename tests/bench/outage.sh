# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what scripts/bench sets
#
# The section `outage` of scripts/bench: how long nobody may write, from the freeze of the source
# to the receipt, against the size of the tree and the share of it that was written to while it
# moved. Without a freeze of its own it would be the whole migration.
outage_files=(1000 10000 100000)
outage_shares=(0 1 10 50)
if ((quick)); then outage_files=(1000 10000); fi

# outage_tree DIR FILES: of 4 KiB each, a thousand in a directory.
outage_tree()
{
    local i
    for ((i = 0; i < $2; i += 1000)); do
        mkdir -p "$1/$i"
        head -c $((1000 * 4096)) /dev/urandom | split -b 4096 -a 3 -d - "$1/$i/"
    done
}

# outage_files_change DIR SHARE: so many in a hundred files get other contents.
outage_files_change()
{
    if (($2 == 0)); then return; fi
    find "$1" -type f -print | awk -v share="$2" 'NR % 100 < share' |
        while read -r file; do printf '%s' "$EPOCHREALTIME" >"$file"; done
}

# outage_file_changes DIR SHARE: of the segments of one file, each by a few bytes.
outage_file_changes()
{
    local i segments=$((size / 4194304))
    for ((i = 0; i < segments * $2 / 100; i++)); do
        printf 'changed' | dd of="$1/file" bs=1 seek=$((i * 4194304 + 99)) conv=notrunc status=none
    done
}

outage_lines() { while IFS= read -r line; do printf '%s %s\n' "$EPOCHREALTIME" "$line"; done; }
outage_granted() { grep '"granted"' "$scratch/outage.lines"; }

# outage_run DIR SHARE CHANGE: one migration, its lines with their times in $scratch/outage.lines.
outage_run()
{
    local pid
    code target
    : >"$scratch/outage.lines"
    PAIRGATE_STATE=$scratch/source setsid "$PAIRGATE" migrate "$(at target)" "$1" --json \
        --code-file "$scratch/target.code" --name "outage-$RANDOM$RANDOM" \
        > >(outage_lines >>"$scratch/outage.lines") 2>"$scratch/outage.err" </dev/null &
    pid=$!
    own "$pid"
    wait_for 60 outage_granted || die 'the migration is granted'
    kill -STOP -- "-$pid"
    "$3" "$1" "$2"
    kill -CONT -- "-$pid"
    ends 0 "$pid" 600 'the migration ends' >/dev/null
    wait_for 5 grep '"receipt"' "$scratch/outage.lines" || die 'there is a receipt'
}

# outage_row WHAT SHARE: seconds of the whole and of the outage, and bytes of the second pass.
outage_row()
{
    awk -v what="$1" -v share="$2" '
        NR == 1 { begun = $1 }
        /"state":"frozen"/ { frozen = $1 }
        /"event":"generation"/ { match($0, /"bytes":[0-9]+/); again = substr($0, RSTART + 8, RLENGTH - 8) }
        /"event":"spared"/ { match($0, /"bytes":[0-9]+/); again -= substr($0, RSTART + 8, RLENGTH - 8) }
        { last = $1 }
        END { printf "%-16s %6d %% %9.2f %9.2f %14.1f\n", what, share, last - begun, last - frozen,
                     again / 1048576 }' "$scratch/outage.lines"
    rm -rf "$scratch"/target.into/outage-*
}

bench_outage()
{
    local n share
    printf '%-16s %8s %9s %9s %14s\n' tree changed 'all s' 'outage s' 'sent then MiB'
    for n in "${outage_files[@]}"; do
        outage_tree "$scratch/outage" "$n"
        for share in "${outage_shares[@]}"; do
            sleep 0.1
            outage_run "$scratch/outage" "$share" outage_files_change
            outage_row "$n files" "$share"
        done
        rm -rf "$scratch/outage"
    done
    mkdir "$scratch/outage"
    head -c "$size" /dev/urandom >"$scratch/outage/file"
    for share in "${outage_shares[@]}"; do
        sleep 0.1
        outage_run "$scratch/outage" "$share" outage_file_changes
        outage_row "$((size >> 20)) MiB file" "$share"
    done
    rm -rf "$scratch/outage"
}

two_agents
bench_outage
