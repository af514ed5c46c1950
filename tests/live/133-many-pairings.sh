#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pairings in a row, and handshakes that come to nothing, leave no thread, no descriptor and no memory
# behind; the record has a line for each pairing and few for the rest. Ten thousand: scripts/abuse.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/abuse.sh"
attacker_needed

ladder office
member source office
member target office
foreign stranger office
listen target

records() { sqlite3 "$scratch/target/state.db" 'select count(*) from audit'; }
held_kib() { for pid in $(agents_of target); do sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$pid/smaps_rollup"; done | awk '{ sum += $1 } END { print sum }'; }
pair_often()
{
    local i
    for ((i = 0; i < $1; i++)); do
        pg source pair "$(at target)" >"$out" 2>"$err" </dev/null || return 1
    done
}

check 'twenty pairings' pair_often 20
wait_for 3 holds_at_most target 4 60 || true
threads=$(threads target) descriptors=$(descriptors target) kib=$(held_kib) before=$(records)
check 'forty more' pair_often 40
attack target stranger 40 --chain "$scratch/stranger.pem" --key "$scratch/stranger.key"
attack target anonymous 40
sleep 3
attacks_end
check 'handshakes came to nothing meanwhile' test "$(attacked stranger refused)" -gt 0
check "threads and descriptors are $threads and $descriptors again" \
    wait_for 60 holds_at_most target "$threads" "$descriptors"
after=$(held_kib)
if ! is_sanitized; then
    check "what both processes hold has not grown by 4 MiB: $kib, $after KiB" test $((after - kib)) -lt 4096
fi
run 0 target audit verify
rows=$(($(records) - before))
check "the record has grown by $rows, at least the forty and at most twice as much" \
    test "$rows" -ge 40 -a "$rows" -le 80
listen_end target
