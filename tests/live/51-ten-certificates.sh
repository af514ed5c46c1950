#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Chains of ten certificates pass the wire, EC and RSA-4096, and a tree with them.
. "$(dirname "$0")/lib.sh"

tree "$scratch/estate" 2
for kind in ec rsa4096; do
    long_ladder "$kind" 10 "$kind"
    agent "source-$kind" "$kind"
    agent "target-$kind" "$kind"
    enrol "source-$kind" "$kind"
    enrol "target-$kind" "$kind"
    equal "$kind: the chain has ten certificates" 10 \
        "$(grep -c '^-----BEGIN CERT' "$scratch/source-$kind.pem")"
    listen "target-$kind"
    pairs "source-$kind" "target-$kind"
    equal "$kind: ten rungs match" 10 "$(jq '[.rungs[] | select(.match)] | length' "$out")"
    code "target-$kind"
    run 0 "source-$kind" migrate "$(at "target-$kind")" "$scratch/estate" --json \
        --code-file "$scratch/target-$kind.code"
    same_tree "$kind: the tree arrived" "$scratch/estate" "$scratch/target-$kind.into/estate"
    listen_end "target-$kind"
done
