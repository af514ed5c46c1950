#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Self-signed identities pair by pins of both sides alone; --require-revocation wants the lists.
. "$(dirname "$0")/lib.sh"

# key NAME: SHA-256 of the public key that it presents.
key()
{
    openssl x509 -in "$scratch/$1/identity/current/chain.pem" -noout -pubkey |
        openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

for name in source target other; do agent "$name"; done
by_name=(--peer-name target.example.com)
tree "$scratch/estate" 0

listen target
run 1 source pair "$(at target)" --json "${by_name[@]}"
equal 'without a pin: refused' false "$(jq .paired "$out")"
run 1 source pair "$(at target)" --json "${by_name[@]}" --pin "$(key target)"
equal 'with the pin of one side: refused' false "$(jq .paired "$out")"
listen_end target

listen target --pin "$(key source)"
run 1 source pair "$(at target)" --json "${by_name[@]}"
equal 'of the other: refused' false "$(jq .paired "$out")"
run 1 source pair "$(at target)" --json "${by_name[@]}" --pin "$(key other)"
check 'a pin of somebody else: refused' grep -q PGP1022 "$out"
run 1 other pair "$(at target)" --json "${by_name[@]}" --pin "$(key target)"
check 'somebody else with the right pin: refused' grep -q PGP1022 "$out"
nothing_moved target source
pairs source target "${by_name[@]}" --pin "$(key target)"
code target
run 0 source migrate "$(at target)" "$scratch/estate" "${by_name[@]}" --pin "$(key target)" \
    --code-file "$scratch/target.code"
same_tree 'by the pins of both' "$scratch/estate" "$scratch/target.into/estate"
listen_end target

ladder office
member old office
member new office
listen new
pairs old new
refused old new revocation -- --require-revocation
listen_end new
listen new --require-revocation
refused old new revocation
listen_end new
