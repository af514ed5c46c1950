#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# wolfSSL keeps what it verified in its context. An intermediate that was refused once must not
# vouch for a leaf that comes alone, nor for anybody else, on any later connection.
. "$(dirname "$0")/lib.sh"

ladder office
ladder stranger Stranger-Root Stranger-Inter
ca_new false CA1-Inter stranger-root # the office's intermediate in name, by another root
member good office
member source stranger
member target office
listen target

for round in 1 2; do
    run 1 source pair "$(at target)" --json
    check "round $round: the stranger's whole chain is refused" finding_in "$out" trust
done
plant source "$scratch/source.pem.leaf"
for round in 1 2 3; do
    run 1 source pair "$(at target)" --json
    check "round $round: its leaf alone is refused" finding_in "$out" trust
done
pairs good target
run 1 source pair "$(at target)" --json
check 'and still after a good peer' finding_in "$out" trust

# The office's names over the stranger's keys, then the leaf alone.
leaf_sign false "$scratch/source.csr" "$scratch/false.pem"
plant source "$scratch/false.pem"
run 1 source pair "$(at target)" --json
check 'the false intermediate is refused' finding_in "$out" trust
plant source "$scratch/false.pem.leaf"
run 1 source pair "$(at target)" --json
check 'and so is its leaf alone' finding_in "$out" trust

# A false intermediate put below the office's true root: the signature does not hold.
cat "$scratch/false.pem.leaf" "$scratch/ca/false/cert.pem" "$scratch/ca/office-root/cert.pem" \
    >"$scratch/grafted.pem"
plant source "$scratch/grafted.pem"
run 1 source pair "$(at target)" --json
check 'a grafted intermediate is refused' jq -e '.paired == false' "$out"
plant source "$scratch/false.pem.leaf"
run 1 source pair "$(at target)" --json
check 'and so is its leaf alone' finding_in "$out" trust

# The good agent's leaf without its issuers is incomplete, although they were seen before.
plant good "$scratch/good.pem.leaf"
run 1 good pair "$(at target)" --json
check 'a good leaf without its issuers is refused' jq -e '.paired == false' "$out"
nothing_moved target source
listen_end target
