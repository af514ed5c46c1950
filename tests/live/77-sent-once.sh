#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is stored is not sent again: the bytes on the wire are counted, over a kill -9 of each side
# half way.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
mkdir "$scratch/estate"
total=$((48 * 1048576))
head -c "$total" /dev/urandom >"$scratch/estate/file"
streams=2
# A segment that was on its way in each stream, the manifest, handshakes, records' heads.
slack=$((streams * 4194304 + total / 100 + 200000))

# half_way NAME
half_way()
{
    : >"$scratch/source.lines"
    code target
    relay counter target
    migrate_start source counter "$scratch/estate" --name "$1" --streams "$streams" --limit 30M
    halt_at source $((total / 2)) || die 'half of it is sent'
    id=$(migration_of source)
}

half_way by-source
crash "$migrating"
run 0 source resume "$id" --json
check 'a killed source: the wire carried everything once' \
    test "$(relayed counter up)" -le $((total + slack))
check 'and everything' test "$(relayed counter up)" -ge "$total"
same_tree by-source "$scratch/estate" "$scratch/target.into/by-source"
relay_end counter

half_way by-target
listen_crash target
go_on
listen target
ends 0 "$migrating" 60 'the source goes on by itself'
check 'a killed target: the wire carried everything once' \
    test "$(relayed counter up)" -le $((total + slack))
same_tree by-target "$scratch/estate" "$scratch/target.into/by-target"
relay_end counter
listen_end target
