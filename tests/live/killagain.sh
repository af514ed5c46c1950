# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what killhandover.sh uses, what lib.sh sets
#
# After killhandover.sh: each migration finds an older copy at the target, whose data it offers,
# and its tree is written to until it is frozen, so that a second generation follows.
KILLPOINTS=${KILLPOINTS:-4}
migrate_words=(--basis)
listen_words=(--basis)

# What stays as it is: a part of a file, a file, a file of two names.
head -c 5000000 /dev/urandom >"$scratch/estate/large"
printf 'kept\n' >"$scratch/estate/d/kept"
ln "$scratch/estate/d/kept" "$scratch/estate/hard"
cp -a "$scratch/estate" "$scratch/older"
printf 'in the middle' | dd of="$scratch/estate/large" bs=1 seek=4500000 conv=notrunc status=none

# The last that writes is the hook; it is run again when a frozen source goes on.
mkdir -p "$scratch/source/hooks"
cat >"$scratch/source/hooks/source-freeze" <<EOF
#!/bin/sh
cd "$scratch/estate" && rm -rf d/gone d/new.* && head -c 70000 /dev/urandom >file &&
    echo line >d/small && mkdir d/gone && echo new >"d/new.\$\$"
EOF
chmod 700 "$scratch/source/hooks/source-freeze"

prepared()
{
    mkdir -p "$scratch/target.into"
    cp -a "$scratch/older" "$scratch/target.into/$1"
}

spared='' # the older copy was of use

# There was a second generation; the one older copy is kept as it was, until it is pruned.
finished()
{
    local kept
    if grep -q 'were at the target already' "$out"; then spared=yes; fi
    if (($(pg target receipt show --json "$(row target "$2" | jq -r .id)" | jq .shown.generation) < 2)); then
        not_ok "$1: a second generation"
        return 1
    fi
    kept=$(compgen -G "$scratch/target.into/.pairgate/older-*")
    if [[ $(wc -l <<<"$kept") != 1 ]] || ! diff -r --no-dereference "$scratch/older" "$kept"; then
        not_ok "$1: one older copy, as it was: $kept"
        return 1
    fi
    if ! pg target prune >"$out" 2>"$err" || [[ -e $kept ]]; then
        not_ok "$1: the older copy is pruned" "$out" "$err"
        return 1
    fi
}
