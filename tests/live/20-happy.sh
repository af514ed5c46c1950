#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two agents pair, show their ladders, and a tree arrives identical.
. "$(dirname "$0")/lib.sh"

export SSLKEYLOGFILE=$scratch/keylog # must be ignored
ladder office
member source office
member target office
listen target

pairs source target
equal 'three rungs match' '[true,true,true]' "$(jq -c '[.rungs[].match]' "$out")"
run 0 source pair "$(at target)"
equal 'the text shows three rungs that match' 3 "$(grep -c -e '<->' "$out")"
check_not 'and none that does not' grep -qE '(^| )X( |$)' "$out"
check 'the listener tells of the pairing' event_seen target '.event == "paired"'

tree "$scratch/estate" 20
code target --for source.example.com
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --json
cp "$out" "$scratch/lines"
check 'every line is a JSON object' jq -e -s 'all(.[]; type == "object")' "$scratch/lines"
equal 'the last line is the receipt' receipt "$(tail -n 1 "$scratch/lines" | jq -r .event)"
equal 'its states' 'frozen commit-asked handed-over' \
    "$(jq -r 'select(.event == "state") | .state' "$scratch/lines" | paste -sd ' ')"
check 'the target has sealed it' event_seen target '.event == "migration" and .state == "sealed"'
check 'the progress ends at the whole' \
    jq -e -s '[.[] | select(.event == "progress")] | last | .bytes == .total' "$scratch/lines"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
equal 'nothing but the tree and the staging is there' estate \
    "$(ls "$scratch/target.into")"
check 'the listener tells that it is committed' \
    event_seen target '.event == "migration" and .state == "committed"'

id=$(jq -rR 'fromjson? | .migration // empty' "$scratch/lines" | sed -n 1p)
run 0 source status "$id" --json
run 0 target status "$id" --json
run 0 source status
run 0 source receipt show "$id"
run 0 source receipt show "$id" --json
run 0 target receipt show "$id" --json
cp "$out" "$scratch/receipt"
run 0 source receipt verify --target "$scratch/target.pem" "$scratch/receipt"
run 1 source receipt verify --target "$scratch/source.pem" "$scratch/receipt"
body=$(jq -r .receipt.body "$scratch/receipt" | base64 -d | sed 's/estate/estatf/' | base64 -w0)
jq -c --arg body "$body" '.receipt.body = $body' "$scratch/receipt" >"$scratch/forged"
check_not 'a receipt with another name is another one' cmp -s "$scratch/receipt" "$scratch/forged"
run 1 source receipt verify --target "$scratch/target.pem" "$scratch/forged"

# Given another name, beside the first.
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
    --name second
same_tree 'a second one, named' "$scratch/estate" "$scratch/target.into/second"
listen_end target
check_not 'no session key was written down' test -e "$scratch/keylog"
