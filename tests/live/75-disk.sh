#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Disks that are full, out of inodes or read-only, at either side's tree and state: an answer, not a
# crash; mended, the migration goes on. Real file systems, in a mount namespace of our own.
if [[ ! ${OWN_MOUNTS:-} ]]; then
    if ! unshare -m true 2>/dev/null; then
        echo 'skipped: no mount namespace may be made here'
        exit 77
    fi
    OWN_MOUNTS=1 exec unshare -m --propagation private bash "$0"
fi
. "$(dirname "$0")/lib.sh"

# disk DIR OPTIONS: a tmpfs there, with what was there.
disk()
{
    mkdir -p "$1" "$scratch/moved"
    cp -a "$1/." "$scratch/moved"
    mount -t tmpfs -o "$2" none "$1"
    mounts+=("$1")
    cp -a "$scratch/moved/." "$1"
    rm -rf "$scratch/moved"
}

# fill DIR: until nothing fits any more.
fill() { dd if=/dev/zero of="$1/ballast" bs=64k 2>/dev/null || true; }

# told SIDE ID [WORD]: the source's last words name this finding of that side, and the word.
told()
{
    check "$name: the source tells $2 of the $1" jq -eR --arg id "$2" --arg side "$1" \
        'fromjson? | .error | .id == $id and (.side // "source") == $side' "$out"
    if [[ ${3:-} ]]; then check "$name: and where" grep -q -- "$3" "$out"; fi
}

# stops SIDE ID [WORD]: a migration of $name ends with 2 and tells it; nothing is published.
stops()
{
    code target
    run 2 source migrate "$(at target)" "$scratch/${tree:-estate}" --code-file "$scratch/target.code" \
        --name "$name" --json
    told "$@"
    check_not "$name: nothing is published" test -e "$scratch/target.into/$name"
    id=$(jq -rR 'fromjson? | .migration // empty' "$out" | sed -n 1p)
}

goes_on()
{
    run 0 source resume "$id" --json
    same_tree "$name" "$scratch/${tree:-estate}" "$scratch/target.into/$name"
    rm -rf "$scratch/target.into/$name"
}

# again STATUS: the migration of $name, begun or gone on with.
again()
{
    run "$1" source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
        --name "$name" --json
}

# fills_up SIDE: no room for its state, when a migration begins and in the middle of one.
fills_up()
{
    name=$1-state
    code target
    fill "$scratch/$1"
    again 2
    told "$1" PGB1801
    rm "$scratch/$1/ballast"
    again 0
    same_tree "$name" "$scratch/estate" "$scratch/target.into/$name"

    name=$1-state-midway
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$name" --limit 3M --compress never \
        --streams 1
    halt_at source 2000000 || die 'a part is sent'
    id=$(migration_of source)
    fill "$scratch/$1"
    go_on
    ends 2 "$migrating" 60 "$name: the source ends with 2"
    tail -n 1 "$scratch/source.lines" >"$out"
    told "$1" PGB1801
    rm "$scratch/$1/ballast"
    goes_on
    run 0 "$1" audit verify
}

ladder office
member source office
member target office
tree "$scratch/estate" 12

name='full'
disk "$scratch/target.into" size=6M
listen target
stops target PGT1022 target.into
check 'the target tells it as well' event_seen target '.event == "refused" and any(.findings[]; .id == "PGT1022")'
check 'and lives on' pairs source target
mount -o remount,size=64M "$scratch/target.into"
goes_on

name='inodes'
mount -o remount,size=64M,nr_inodes=60 "$scratch/target.into"
stops target PGT1022 target.into
mount -o remount,nr_inodes=4000 "$scratch/target.into"
goes_on

name='read-only'
mount -o remount,ro "$scratch/target.into"
stops target PGT1024 target.into
mount -o remount,rw "$scratch/target.into"
again 0
same_tree "$name" "$scratch/estate" "$scratch/target.into/$name"

# As a file system that was found damaged comes back after a restart.
name='read-only-after'
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --name "$name" --limit 3M --compress never --streams 1 --patience 1s
halt_at source 4000000 || die 'a third is sent'
id=$(migration_of source)
listen_end target
go_on
ends 2 "$migrating" 60 "$name: the source ends with 2"
mount -o remount,ro "$scratch/target.into"
listen target
run 2 source resume "$id" --json
told target PGT1024
listen_end target
mount -o remount,rw "$scratch/target.into"
listen target
goes_on

listen_end target
disk "$scratch/target" size=16M
listen target
fills_up target
disk "$scratch/source" size=16M
fills_up source

# Full when the pairing is good and to be recorded: then it is not done.
sqlite3 "$scratch/source/state.db" \
    "CREATE TRIGGER no_room BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
run 2 source pair "$(at target)" --json
check 'a good pairing that is not in the record is told as that' \
    jq -es '.[0].paired and .[1].error.id == "PGB1005"' "$out"
sqlite3 "$scratch/source/state.db" 'DROP TRIGGER no_room'
pairs source target
listen_end target
