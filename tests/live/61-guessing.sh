#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Five wrong secrets use an invitation up.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 0
code target
# The last group belongs to the secret.
last=$(tail -c 5 "$scratch/target.code" | head -c 4)
for guess in 2222 3333 4444 5555 6666; do
    if [[ $guess == "$last" ]]; then guess=7777; fi
    sed "s/....\$/$guess/" "$scratch/target.code" >"$scratch/guess"
    run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/guess" --json
    check "$guess is a wrong secret" grep -q PGP1063 "$out"
done
run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --json
check 'the right one comes too late' grep -q PGP1061 "$out"
run 0 target invitations --json
equal 'five are counted' 5 "$(jq -r .failures "$out")"
nothing_moved target source
listen_end target
