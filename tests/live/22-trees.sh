#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Trees at the edges: empty, deep, one file of every awkward size, sparse, many files.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target

# arrives NAME
arrives()
{
    code target
    run 0 source migrate "$(at target)" "$scratch/$1" --code-file "$scratch/target.code" --json
    same_tree "$1" "$scratch/$1" "$scratch/target.into/$1"
}

mkdir "$scratch/empty"
arrives empty

mkdir "$scratch/sizes"
for n in 0 1 4095 4096 4097 1048575 1048576 1048577 4194303 4194304 4194305 8388609; do
    head -c "$n" /dev/urandom >"$scratch/sizes/$n"
done
arrives sizes

deep=$scratch/deep
for i in {1..40}; do deep+=/level-$i; done
mkdir -p "$deep"
echo bottom >"$deep/file"
arrives deep

mkdir "$scratch/sparse"
truncate -s 64M "$scratch/sparse/hole"
printf end | dd of="$scratch/sparse/hole" bs=1 seek=50000000 conv=notrunc status=none
arrives sparse

mkdir "$scratch/many"
(cd "$scratch/many" && for d in {1..20}; do
    mkdir "$d"
    for f in {1..100}; do echo "$d $f" >"$d/$f"; done
done)
arrives many

run 2 source migrate "$(at target)" "$scratch/not-there" --code-file "$scratch/target.code"
code target
run 1 source migrate "$(at target)" "$scratch/many" --code-file "$scratch/target.code" --name ../elsewhere
check_not 'a name cannot leave the directory' test -e "$scratch/elsewhere"
listen_end target
