# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# The same file into nowhere: read, sent and verified, beside an OpenSSL pair that only moves it.
big_file
two_agents
member sink bench
listen sink --to-nowhere
rows_begin
for ((run_n = 1; run_n <= runs; run_n++)); do
    peer_openssl "$scratch/estate/file"
    for streams in 1 2 "$((2 * $(nproc)))"; do
        code sink
        measure "pairgate --to-nowhere, $streams streams" "${listener_group[sink]}" '' \
            env PAIRGATE_STATE="$scratch/source" "$PAIRGATE" migrate "$(at sink)" \
            "$scratch/estate" --to-nowhere --streams "$streams" \
            --code-file "$scratch/sink.code" --name "sink$run_n-$streams"
    done
done
listen_end sink >/dev/null
unset 'listener_group[sink]'
show "$(numfmt --to=iec "$size") into a sink" "$size"
target 'rate to the OpenSSL pair' \
    "$(calc "$(best_peer 2) / $(median_of "pairgate --to-nowhere, $(nproc) streams" 2)")" '>=' 1
