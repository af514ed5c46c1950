# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The section `relay` of scripts/bench: a file over a network with 50 ms each way, without and with
# cuts, by 1, 2, 4 and 8 streams. A stream has one segment of 4 MiB in flight and hears its answer
# a round trip later: what it allows is 4 MiB in 100 ms.
relay_bytes=$((256 << 20))
relay_program=$root/build/release/tests/relay
if [[ ! -x $relay_program ]]; then
    relay_program=$scratch/relay
    cc -O2 -D_GNU_SOURCE -o "$relay_program" "$root/tests/support/relay/relay.c"
fi

# relay_run STREAMS [relay's OPTION...]: seconds from the first byte of contents to the last.
relay_run()
{
    local streams=$1 start
    shift
    relay far target --delay 50 "$@"
    code target
    : >"$scratch/source.lines"
    migrate_start source far "$scratch/far" --streams "$streams" --name "far-$RANDOM-$streams"
    wait_for 60 sent_at_least source 1 || die 'the transfer is under way'
    start=$(date +%s.%N)
    wait_for 600 sent_at_least source "$relay_bytes" || die 'all is sent'
    awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }' >"$scratch/far.seconds"
    ends 0 "$migrating" 120 'the migration ends' >/dev/null
    relayed far cuts >"$scratch/far.cuts"
    relay_end far
}

relay_row()
{
    awk -v s="$1" -v t="$(cat "$scratch/far.seconds")" -v n="$relay_bytes" -v cuts="$(cat "$scratch/far.cuts")" \
        'BEGIN { printf "%-8d %8.2f %10.1f %12.1f %8.2f %6d\n", s, t, n / t / 1e6,
                 s * 41.943, n / t / 1e6 / (s * 41.943), cuts }'
}

two_agents
mkdir "$scratch/far"
head -c "$relay_bytes" /dev/urandom >"$scratch/far/file"
printf '\n50 ms each way, without and with cuts\n%-8s %8s %10s %12s %8s %6s\n' \
    streams 'wall s' MB/s 'allows MB/s' share cuts
for far_streams in 1 2 4 8; do
    relay_run "$far_streams"
    relay_row "$far_streams"
    relay_run "$far_streams" --cut 32000000 --seed "$far_streams"
    relay_row "$far_streams"
done
rm -rf "$scratch/far" "$scratch/target.into"/far-*
