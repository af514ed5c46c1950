#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A target, with a certificate of the CA and the administrator's word, that floods the source: key
# updates, interim answers, headers, a body without an end; while they pair, and when data is to be
# sent. The source ends each time, with a reason, and has not handed anything over.
. "$(dirname "$0")/lib.sh"
forger_program=$(dirname "$PAIRGATE")/tests/forger
[[ -x $forger_program ]] || skip 'the forger is not built'

ladder office
member source office
member target office
tree "$scratch/estate" 1
command_seconds=60

# flooded STATUS ID WAY PATH
flooded()
{
    local status=$1 id=$2
    shift 2
    : >"$scratch/flood.port"
    setsid "$forger_program" "$scratch/target/identity/current" 0 "$scratch/flood.log" "$1" "$2" \
        >"$scratch/flood.port" 2>"$scratch/flood.err" </dev/null &
    local flooder=$!
    own "$flooder"
    wait_for 20 test -s "$scratch/flood.port" || die "the flooding target listens: $(cat "$scratch/flood.err")"
    run "$status" source migrate "127.0.0.1:$(cat "$scratch/flood.port")" "$scratch/estate" --wait --patience 1s --json
    check "$1, $2: $id" grep -qE "\"id\":\"($id)\"" "$out"
    check "$1, $2: the request was made" grep -q " $2" "$scratch/flood.log"
    kill -KILL -- "-$flooder" 2>/dev/null || true
    wait "$flooder" 2>/dev/null || true
    rm "$scratch/flood.log"
}

pairing=/pairgate/v1/pairing/hello transfer=/pairgate/v1/migrations/
flooded 2 PGP1002 key-updates "$pairing"
flooded 2 PGT1031 key-updates "$transfer"
flooded 1 PGA1010 interim "$pairing"
flooded 2 PGT1033 interim "$transfer"
flooded 1 'PGB1002|PGA1010' headers "$pairing" # too many bytes, or in too many pieces
flooded 2 PGT1033 headers "$transfer"
flooded 1 PGB1002 body "$pairing"
flooded 1 PGB1002 body "$transfer"
equal 'the source owns its data' 0 \
    "$(sqlite3 "$scratch/source/state.db" "SELECT count(*) FROM migration WHERE state != 'sending'")"
