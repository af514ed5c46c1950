#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Certificates are renewed, or a key is, between the commit and the source's hearing of it: the
# receipt that the source then has can be verified like any other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sealed.sh"
tree "$scratch/estate" 0

# verified SENTENCE [WARNING]: the receipt that the source exports, on its own.
verified()
{
    must source receipt export --out "$scratch/receipt" "$id"
    run 0 source receipt verify --trust "$scratch/ca/office-root/cert.pem" "$scratch/receipt" --json
    equal "$1" "${2:-}" "$(jq -r '.findings[].id' "$out" | xargs)"
    rm "$scratch/receipt"
}

sealed renewed asked
run 0 target takeover -y "$id"
for side in source target; do
    leaf_sign office "$scratch/$side.csr" "$scratch/$side.pem"
    must "$side" chain upload "$scratch/$side.pem"
done
run 0 source resume "$id"
verified 'both sides have renewed their certificates: signed by both, with both chains'

sealed carried asked
run 0 target takeover -y "$id"
must target receipt export --out "$scratch/carried" "$id"
enrol source office
run 1 source resume "$id"
check 'another key is no party of it' grep -q PGP1050 "$err"
run 0 source resume --receipt "$scratch/carried" "$id"
verified 'another key does not sign it, and spoils nothing' PGT1504

sealed ended asked
run 0 target abort "$id"
enrol target office
run 0 target abort "$id"
must target receipt export --out "$scratch/carried" "$id"
run 0 source resume --receipt "$scratch/carried" "$id"
equal 'said again with another key, an end is signed by the first' 'thawed source' "$(stands source)"
listen_end target
