#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A tree that is written to while it moves: what changed comes as a second generation, whoever
# is killed in it, and what keeps changing is told by name.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
sent_at=$((3 * 1048576))

# arrived NAME DIR: rsync finds nothing, with owners, modes, links, attributes, holes.
arrived()
{
    equal "$1: rsync finds nothing" '' "$(rsync -aHAXSn --checksum --delete --itemize-changes \
        "$2/" "$scratch/target.into/$1/" 2>&1)"
    same_tree "$1" "$2" "$scratch/target.into/$1"
}

# begin NAME: its first bytes are there, and the source stands still.
begin()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/$1" --limit 4M --streams 1
    halt_at source "$sent_at" || die "$1: the first bytes are there"
}

# disturb DIR: every kind of change, then the source goes on.
disturb()
{
    (
        cd "$1"
        printf 'longer' >>big
        rm -r small/b "with space/link"
        mkdir "with space/link" small/new
        printf 'in' >"with space/link/inside"
        printf 'a file now' >small/b
        mv small/a/10 small/new/ten
        mv small/a/20 small/a/21
        ln small/a/30 small/new/thirty
        rm small/c/hard
        chmod 0600 small/a/40
        setfattr -n user.note -v changed small/a/41 2>/dev/null || :
        setfacl -m u:nobody:r small/a/42 2>/dev/null || :
        truncate -s 3M small/hole
        ln -sfn small/a dangling
        cp -p small/a/50 same && mv same small/a/50
        printf x | dd of=small/a/60 bs=1 seek=100 conv=notrunc status=none
        touch -d '2004-05-06T07:08:09.1Z' .
    )
    go_on
}

generations() { jq -cR 'fromjson? | select(.event == "generation") | .generation' "$1"; }
in_second() { [[ $(generations "$scratch/source.lines") == 2 ]]; }

tree "$scratch/quiet" 1
sleep 0.1
code target
run 0 source migrate "$(at target)" "$scratch/quiet" --code-file "$scratch/target.code" --json
equal 'quiet: one generation is enough' '' "$(generations "$out")"
arrived quiet "$scratch/quiet"

tree "$scratch/busy" 16
begin busy
disturb "$scratch/busy"
ends 0 "$migrating" 60 'busy: it ends with 0'
equal 'busy: what changed is the second generation' 2 "$(generations "$scratch/source.lines")"
arrived busy "$scratch/busy"

for side in source target; do
    tree "$scratch/killed-$side" 16
    begin "killed-$side"
    head -c 17000000 /dev/urandom >"$scratch/killed-$side/big"
    disturb "$scratch/killed-$side"
    wait_for 60 in_second || die "$side: the second generation has begun"
    id=$(migration_of source)
    if [[ $side == source ]]; then
        crash "$migrating"
        # Its service was started with the machine: files of this generation and none.
        (cd "$scratch/killed-source" && printf late >>small/a/11 && echo new >small/new/late &&
            rm small/a/12)
        run 0 source resume "$id" --json
    else
        listen_crash target
        listen target
        ends 0 "$migrating" 60 'killed-target: the source goes on by itself'
    fi
    arrived "killed-$side" "$scratch/killed-$side"
done

tree "$scratch/noisy" 0
(while :; do echo line >>"$scratch/noisy/log"; done) &
noise=$!
code target
run 2 source migrate "$(at target)" "$scratch/noisy" --code-file "$scratch/target.code" --json
check 'noisy: the file that keeps changing is named' grep -q 'PGT1401.*\|log' "$out" "$err"
kill "$noise"
wait "$noise" 2>/dev/null || :
check 'noisy: nothing is published' test ! -e "$scratch/target.into/noisy"
id=$(jq -rR 'fromjson? | .migration // empty' "$out" | sed -n 1p)
run 0 source resume "$id" --json
arrived noisy "$scratch/noisy"
equal 'nothing is left of the staging' '' "$(find "$scratch/target.into/.pairgate" -mindepth 1 2>/dev/null)"
listen_end target
