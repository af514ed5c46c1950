#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A quota is used up, of what is received and of the state at either side: an answer, not a crash;
# raised, the migration goes on. Real ones, of btrfs subvolumes, in a mount namespace of our own.
if [[ ! ${OWN_MOUNTS:-} ]]; then
    if ! unshare -m true 2>/dev/null; then
        echo 'skipped: no mount namespace may be made here'
        exit 77
    fi
    OWN_MOUNTS=1 exec unshare -m --propagation private bash "$0"
fi
. "$(dirname "$0")/lib.sh"

disk=$scratch/disk
mkdir "$disk"
truncate -s 400M "$scratch/image"
if ! mkfs.btrfs -q "$scratch/image" >"$out" 2>&1 || ! mount -o loop "$scratch/image" "$disk" 2>>"$out"; then
    skip "no btrfs here: $(tail -n 1 "$out")"
fi
mounts+=("$disk")
btrfs quota enable "$disk" || skip 'btrfs has no quotas here'

# on_quota DIR: what is there moves to a subvolume that is mounted there.
on_quota()
{
    local volume=$disk/${1##*/}
    btrfs subvolume create "$volume" >/dev/null
    mkdir -p "$1"
    cp -a "$1/." "$volume"
    mount --bind "$volume" "$1"
    mounts=("$1" "${mounts[@]}")
}
# quota DIR SIZE: or none; said of the disk, for a volume that is full takes no order.
quota() { btrfs qgroup limit "$2" "0/$(btrfs inspect-internal rootid "$1")" "$disk"; }

goes_on()
{
    run 0 source resume "$id" --json
    same_tree "$name" "$scratch/estate" "$scratch/target.into/$name"
    rm -rf "$scratch/target.into/$name"
}

ladder office
member source office
member target office
tree "$scratch/estate" 12
on_quota "$scratch/target.into"
listen target

name=received
quota "$scratch/target.into" 6M
code target
run 2 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name "$name" --json
check 'it is said which side has used up its quota' jq -eRs '
    [splits("\n") | fromjson? | .error // empty][-1] |
    .id == "PGT1023" and .side == "target" and (.remedy | test("quota"))' "$out"
check_not 'nothing is published' test -e "$scratch/target.into/$name"
id=$(jq -rR 'fromjson? | .migration // empty' "$out" | sed -n 1p)
check 'the target tells it as well' event_seen target '.event == "refused" and any(.findings[]; .id == "PGT1023")'
check 'and lives on' pairs source target
quota "$scratch/target.into" none
goes_on
listen_end target

on_quota "$scratch/target"
on_quota "$scratch/source"
listen target
for side in target source; do
    name=$side-state
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$name" --limit 3M --compress never --streams 1
    halt_at source 2000000 || die 'a part is sent'
    id=$(migration_of source)
    sync
    quota "$scratch/$side" 64K
    go_on
    ends 2 "$migrating" 60 "$name: the source ends with 2"
    # Which file has no room first, or a page of one that is mapped, differs from time to time.
    check "$name: what to do is said" grep -q 'PGB1802\|PGB1804\|PGT1023' "$scratch/source.lines" \
        "$scratch/source.lines.err" "$scratch/target.events.err"
    check_not "$name: nothing is published" test -e "$scratch/target.into/$name"
    quota "$scratch/$side" none
    if process_has_ended "${listener_group[target]}"; then
        wait "${listener_group[target]}" || true # as its service would
        listen target
    fi
    goes_on
    run 0 "$side" audit verify
done
listen_end target
