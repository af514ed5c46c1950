#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Migrations of appliances with two leaves: both, either, killed on the way, approved by hand,
# aborted; each side presents and signs with the leaf of its part.
. "$(dirname "$0")/lib.sh"

ladder office
member_split source office
member target office
member single office
listen target
pairs source target
enrol_split target office # of the running listener

spki() { jq -r "$2.spki_sha256" < <(pg "$1" identity show --json); }
source_serves=$(spki source '') source_calls=$(spki source .client)
target_serves=$(spki target '') target_calls=$(spki target .client)

# ---- the check: offline as live ----
pairs source target
jq -S 'del(.connection)' "$out" >"$scratch/live"
equal 'rung 0 is the client leaf beside the server leaf' "$source_calls $target_serves" \
    "$(jq -r '.rungs[0] | "\(.source.spki_sha256) \(.target.spki_sha256)"' "$out")"
equal 'and has both leaves of both' \
    "$source_serves $source_calls $target_serves $target_calls" \
    "$(jq -r '.rungs[0] | [.source.leaves, .target.leaves] | map(.server.spki_sha256, .client.spki_sha256) | join(" ")' "$out")"
for name in source target; do
    cat "$scratch/$name.client.pem" "$scratch/$name.server.pem" >"$scratch/$name.pem"
done
run 0 nobody preflight --json "$scratch/source.pem" "$scratch/target.pem"
# Nobody has been asked for revocation lists offline.
equal 'preflight says the same of two files' '' \
    "$(diff <(jq -S 'del(.findings[] | select(.rule == "revocation"))' "$scratch/live") \
        <(jq -S . "$out"))"
run 0 source pair "$(at target)"
equal 'the text names the other leaves' 2 "$(grep -c 'has two leaves' "$out")"
pairs single target

# ---- killed on either side, and on it goes ----
tree "$scratch/estate" 24
half=$((12 * 1048576))
code target
migrate_start source target "$scratch/estate" --limit 6M --streams 1
halt_at source "$half" || die 'half of it is sent'
crash "$migrating"
id=$(migration_of source)
listen_crash target
listen target
run 0 source resume "$id" --json
equal 'it ends with the receipt' receipt "$(tail -n 1 "$out" | jq -r .event)"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
run 0 target receipt show "$id" --json
cp "$out" "$scratch/receipt"
equal 'the receipt has all four keys' \
    "$source_serves $source_calls $target_serves $target_calls" \
    "$(jq -r '.receipt.body' "$scratch/receipt" | base64 -d |
        jq -r '[.source.server_key, .source.client_key, .target.server_key, .target.client_key] | join(" ")')"
run 0 source receipt verify --target "$scratch/target.pem" "$scratch/receipt"
run 1 source receipt verify --target "$scratch/target.client.pem" "$scratch/receipt"
run 0 target receipt export "$id" --out "$scratch/exported"
run 0 nobody receipt verify --trust "$scratch/ca/office-root/cert.pem" "$scratch/exported"

# ---- one leaf with two, both ways ----
tree "$scratch/small" 1
code target
run 0 single migrate "$(at target)" "$scratch/small" --code-file "$scratch/target.code" --name one-to-two
same_tree 'one leaf to two' "$scratch/small" "$scratch/target.into/one-to-two"
listen single
code single
run 0 source migrate "$(at single)" "$scratch/small" --code-file "$scratch/single.code" --name two-to-one
same_tree 'two leaves to one' "$scratch/small" "$scratch/single.into/two-to-one"
listen_end single

# ---- an approval, and a migration that is ended ----
spawn source "$scratch/source.lines" migrate "$(at target)" "$scratch/small" --wait --json --name approved
told() { jq -rR 'fromjson? | select(.event == "waiting") | .code' "$scratch/source.lines" | sed -n 1p; }
code_is_told() { [[ $(told) ]]; }
wait_for 20 code_is_told || die 'the source tells its code'
pg target pairings --json >"$out"
equal 'both screens show the same code' "$(told)" "$(jq -r 'select(.state == "pending") | .code' "$out")"
run 0 target approve "$(jq -r 'select(.state == "pending") | .id' "$out")"
ends 0 "$spawned" 60 'approved, it goes through'
same_tree 'the tree arrived' "$scratch/small" "$scratch/target.into/approved"
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --limit 4M --streams 1 --name ended
halt_at source "$((2 * 1048576))" || die 'some of it is sent'
crash "$migrating"
run 0 source abort "$(migration_of source)"
check 'nothing of it is published' test ! -e "$scratch/target.into/ended"

# ---- the other way round: who served now calls ----
listen source
code source
run 0 target migrate "$(at source)" "$scratch/small" --code-file "$scratch/source.code" --name back
same_tree 'and back' "$scratch/small" "$scratch/source.into/back"
listen_end source
listen_end target
for name in source target; do run 0 "$name" audit verify; done
