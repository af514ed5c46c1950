#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One code and two sources at once; whichever name of the target is dialled; for one key alone.
# The group of the connection is the hybrid one where there is one, and stands in the receipt.
. "$(dirname "$0")/lib.sh"

ladder office
member first office
member second office
agent target
request target --san DNS:localhost
leaf_sign office "$scratch/target.csr" "$scratch/target.pem"
must target chain upload "$scratch/target.pem"
listen target
tree "$scratch/one" 1
tree "$scratch/two" 1

# Both prove the same code: it opens for one of them, by one address or the other.
code target
declare -A group=()
for each in "first one $(at target)" "second two localhost:${listener_port[target]}"; do
    read -r source name address <<<"$each"
    spawn "$source" "$scratch/$source.lines" migrate "$address" "$scratch/$name" \
        --code-file "$scratch/target.code" --json
    group[$source]=$spawned
done
winner='' loser=''
for source in first second; do
    wait_for 60 process_has_ended "${group[$source]}" || die "$source ends"
    status=0
    wait "${group[$source]}" || status=$?
    case $status in
    0) winner+=$source ;;
    1) loser+=$source ;;
    esac
done
check "one of them has it ($winner), the other is refused ($loser)" \
    grep -qx 'first second\|second first' <<<"$winner $loser"
declare -A tree=([first]=one [second]=two)
same_tree 'the one' "$scratch/${tree[$winner]}" "$scratch/target.into/${tree[$winner]}"
check 'the other hears that it was used' grep -q PGP1062 "$scratch/$loser.lines"
check_not 'nothing of it is published' test -e "$scratch/target.into/${tree[$loser]}"
equal 'and it knows of no migration' '' "$(migrations "$loser")"
equal 'the code is used' used "$(pg target invitations --json | jq -r .state)"

# The address is no part of a code.
for address in "$(at target)" "localhost:${listener_port[target]}"; do
    code target
    run 0 "$winner" migrate "$address" "$scratch/one" --name "by-${address%%:*}" \
        --code-file "$scratch/target.code" --json
    same_tree "dialled as ${address%%:*}" "$scratch/one" "$scratch/target.into/by-${address%%:*}"
done

# key NAME: SHA-256 of the public key that it presents.
key()
{
    openssl x509 -in "$scratch/$1/identity/current/chain.pem" -noout -pubkey |
        openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}
code target --for "$(key first | tr a-f A-F)"
run 1 second migrate "$(at target)" "$scratch/two" --name by-key --json \
    --code-file "$scratch/target.code"
check 'a code for one key is nothing to another' grep -q PGP1061 "$out"
check_not 'nothing of it is published either' test -e "$scratch/target.into/by-key"
run 0 first migrate "$(at target)" "$scratch/one" --name by-key --json \
    --code-file "$scratch/target.code"
same_tree 'for the key that it names it opens' "$scratch/one" "$scratch/target.into/by-key"

# The receipt names the group of the connection, which is what `pair` shows.
id=$(migrations first | tail -n 1)
run 0 first receipt show "$id" --json
receipt_group=$(jq -r '[.. | .tls_group? // .group? // empty] | first' "$out")
run 0 first pair "$(at target)" --json
equal 'the receipt has the group' \
    "$(jq -r '[.. | .group? // empty] | first' "$out")" "$receipt_group"
pg first pair "$(at target)" --require-pq --json >"$out" 2>"$err" </dev/null && hybrid=yes || hybrid=no
check "it is the hybrid one where this wolfSSL has it: $hybrid" \
    test "$hybrid $receipt_group" = 'yes X25519MLKEM768' -o "$hybrid" = no
if [[ $hybrid == no ]]; then check 'or its want is told' jq -e '.paired == false and (.findings | length > 0)' "$out"; fi
listen_end target
