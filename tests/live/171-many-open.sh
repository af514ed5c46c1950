#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Sources that went silent half way do not keep others out: a listener that has as many
# migrations open as it can closes one that nobody asks for, and opens it again when it goes on.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
relay wire target
mkdir "$scratch/estate" "$scratch/source/hooks"
head -c 3000000 /dev/urandom >"$scratch/estate/file"

# Everything has arrived, and the source cannot be frozen.
printf '#!/bin/sh\nexit 1\n' >"$scratch/source/hooks/source-freeze"
chmod 700 "$scratch/source/hooks/source-freeze"
for n in {1..16}; do
    code target
    pg source migrate "$(at wire)" "$scratch/estate" --name "n$n" --code-file "$scratch/target.code" \
        >"$out" 2>"$err" && die "n$n goes through"
done
equal 'sixteen are under way' 16 "$(pg target status --json | jq -r 'select(.state == "receiving") | .id' | wc -l)"
rm "$scratch/source/hooks/source-freeze"

code target
run 0 source migrate "$(at target)" "$scratch/estate" --name new --code-file "$scratch/target.code"
check 'the new one is there' diff -r "$scratch/estate" "$scratch/target.into/new"
sent=$(relayed wire up)
pids=()
for id in $(pg source status --json | jq -r 'select(.state == "sending") | .id'); do
    pg source resume "$id" >/dev/null 2>&1 &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || not_ok 'one that is gone on with ends well'; done
check 'nothing that had arrived is sent again' test $(($(relayed wire up) - sent)) -lt 3000000
for n in {1..16}; do check "n$n is there" diff -r "$scratch/estate" "$scratch/target.into/n$n"; done
listen_end target
