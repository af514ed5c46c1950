# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what lib.sh sets, and what the scripts use
#
# After lib.sh: a source and a target, each with a clock of its own that can be set while it runs
# (tests/support/preload/later.c). Both begin three days from now, so that certificates and what
# goes back meet.
so=${LATER_SO:-$(dirname "$PAIRGATE")/tests/later.so}
if [[ ! -e $so ]]; then skip "no $so"; fi
if is_sanitized; then skip 'a sanitizer comes before the preloaded calls'; fi
clocks_begin=72

# set_clock NAME HOURS: from the beginning.
set_clock()
{
    touch "$scratch/$1.clock"
    python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as f: f.write(struct.pack("=q", 3600 * int(sys.argv[2])))' \
        "$scratch/$1.clock" $((clocks_begin + $2))
}
set_clocks()
{
    set_clock source "$1"
    set_clock target "$1"
}

# under_way NAME [ADDRESS]: a third of it is sent, there it stands; $migrating, $id.
under_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source "${2:-target}" "$scratch/estate" --name "$1" --limit 4M --compress never \
        --streams 1
    halt_at source 4000000 || die "$1: the transfer begins"
    id=$(migration_of source)
}

ladder office
member source office
member target office
set_clocks 0
printf '#!/bin/sh\nLATER=$PAIRGATE_STATE.clock LD_PRELOAD="%s" exec "%s" "$@"\n' "$so" "$PAIRGATE" \
    >"$scratch/pairgate"
chmod +x "$scratch/pairgate"
PAIRGATE=$scratch/pairgate
