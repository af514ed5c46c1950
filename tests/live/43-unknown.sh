#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A migration that the target does not know: who holds a grant is told so, nobody else; and a
# target that has lost its memory moves no source.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
member other office
listen target
tree "$scratch/estate" 24

# asks NAME ID: GET of a migration with the key of agent NAME: $status and $out.
asks()
{
    status=$(curl -sk --max-time 20 -o "$out" -w '%{http_code}' \
        --cert "$scratch/$1/identity/current/chain.pem" \
        --key "$scratch/$1/identity/current/key.pem" \
        "https://$(at target)/pairgate/v1/migrations/$2")
}
first_id() { jq -r '.findings[0].id' "$out"; }

cp -a "$scratch/target" "$scratch/before"
code target
migrate_start source target "$scratch/estate" --limit 1M --streams 1
wait_for 60 sent_at_least source 500000 || die 'the transfer is under way'
id=$(migration_of source)
kill -STOP -- "-$migrating" # however slow this machine is, it is under way

asks other m-none
equal 'a key without a grant: not paired' '403 PGA1012' "$status $(first_id)"
asks other "$id"
equal 'nor does it learn that there is one' '403 PGA1012' "$status $(first_id)"
asks source m-none
equal 'a key with a grant: no such migration' '404 PGT1040' "$status $(first_id)"
asks source "$id"
equal 'its own is answered' 200 "$status"

run 2 source resume "$id"
check 'what one process moves no other one does' grep -q PGA2200 "$err"

# The target is put back to a day on which it had never heard of the source.
crash "$migrating"
listen_crash target
rm -rf "$scratch/target" "$scratch/target.into"
cp -a "$scratch/before" "$scratch/target"
listen target
run 1 source migrate "$(at target)" "$scratch/estate" --map-owner 1:2
check 'a listing is not taken up with other wishes' grep -q PGA2201 "$err"
run 1 source resume "$id" --json
check 'a target that knows nothing refuses' grep -q 'PGP1050' "$out"
equal 'and thaws nothing' sending \
    "$(pg source status --json </dev/null | jq -r "select(.id == \"$id\") | .state")"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --json --code-file "$scratch/target.code"
same_tree 'a new code begins anew' "$scratch/estate" "$scratch/target.into/estate"

# The same once the source is frozen: what became of its data is for a person to say.
forget_all()
{
    rm -rf "$scratch/target" "$scratch/target.into"
    cp -a "$scratch/before" "$scratch/target"
    listen target
}
again()
{
    run "$1" source migrate "$(at target)" "$scratch/estate" --name frozen --json \
        --code-file "$scratch/target.code"
}
mkdir "$scratch/source/hooks"
printf '#!/bin/bash\nkill -KILL -- -%s\n' "${listener_group[target]}" >"$scratch/source/hooks/source-freeze"
chmod -R go-w,u+x "$scratch/source/hooks"
code target
run 2 source migrate "$(at target)" "$scratch/estate" --name frozen --patience 1s --json \
    --code-file "$scratch/target.code"
id=$(pg source status --json | jq -r 'select(.name == "frozen") | .id')
rm -r "$scratch/source/hooks"
wait "${listener_group[target]}" 2>/dev/null || true
forget_all
code target
again 1
check 'a frozen source begins no other migration' grep -q PGT1562 "$out"
equal 'it stays frozen' frozen "$(pg source status "$id" --json | jq -r .state)"
equal 'and the code is not used up' open "$(pg target invitations --json | jq -r .state)"
run 0 source give-up -y "$id"
again 0
same_tree 'given up, it may' "$scratch/estate" "$scratch/target.into/frozen"
listen_end target
