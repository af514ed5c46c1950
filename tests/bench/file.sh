# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# One big file from disk to disk: ours is verified and durable, the peers' is neither until the
# sync that follows; both times are shown, and compared with the sync.
big_file
two_agents
rows_begin
for ((run_n = 1; run_n <= runs; run_n++)); do
    peer_cp "$scratch/estate/file"
    peer_rsync "$scratch/estate/file"
    migrated pairgate stored "$scratch/estate"
    cmp "$scratch/estate/file" "$scratch/target.into/$last/file" || die 'the copy is identical'
    migrated_away
    peer_scp "$scratch/estate/file"
    peer_curl "$scratch/estate/file"
    migrated 'pairgate, 1 stream' stored "$scratch/estate" --streams 1
    migrated_away
done
rm -rf "$scratch/landing" "$scratch/nginx/data/file"
show "one file of $(numfmt --to=iec "$size"), disk to disk" "$size"
target 'wall to the best peer, synced' "$(ratio pairgate 3 "$(best_peer 3)")" '<=' 0.7
target 'CPU to rsync over ssh' "$(ratio pairgate 4 'rsync, ssh')" '<=' 1
target 'CPU to scp' "$(ratio pairgate 4 scp)" '<=' 1
target 'CPU to curl to nginx' "$(ratio pairgate 4 'curl to nginx')" '<=' 1.2
