# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# Many small files; and without --quick ten times as many, which must take ten times as long.
# No copy is deleted on the way: ext4 searches long for inodes beside those deleted just now.
small_n=100000
if ((quick)); then small_n=20000; fi
two_agents
rows_begin
many_files "$scratch/small" "$small_n" 4096
for ((run_n = 1; run_n <= runs; run_n++)); do
    landing keep
    measure '(cp -a)' '' "$to" cp -a "$scratch/small" "$to"
    peer_rsync "$scratch/small/" keep
    migrated pairgate stored "$scratch/small"
    if ((run_n == 1)); then
        equal 'what arrives is what was there' '' \
            "$(rsync -aHn --checksum -i --delete "$scratch/small/" "$scratch/target.into/$last/")"
    fi
    peer_tar "$scratch/small" keep
done
show "$small_n files of 4 KiB" "$((small_n * 4096))"
target 'rate to rsync' "$(calc "1 / $(ratio pairgate 3 'rsync, ssh')")" '>=' 2
target 'rate to tar over TLS' "$(calc "1 / $(ratio pairgate 3 'tar, socat TLS')")" '>=' 1
if ((!quick)); then
    many_files "$scratch/many" "$((small_n * 10))" 4096
    migrated 'pairgate, ten times as many' stored "$scratch/many"
    target 'ten times as many files, time for each' \
        "$(calc "$(median_of 'pairgate, ten times as many' 3) / $(median_of pairgate 3) / 10")" '<=' 1.3
    target 'their memory, MiB, source' "$client_mib" '<=' 256
    target 'their memory, MiB, target' "$server_mib" '<=' 256
fi
rm -rf "$scratch/landing" "$scratch/many" "$scratch/target.into"/run*
