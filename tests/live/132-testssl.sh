#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# What testssl.sh finds out about the peer port: versions, ciphers and groups are those of the policy.
. "$(dirname "$0")/lib.sh"

command -v testssl >/dev/null || skip 'testssl is not here'
ladder office
member source office
member target office
listen target
timeout 270 testssl --quiet --color 0 --warnings off --openssl "$(command -v openssl)" -p -f \
    --jsonfile "$scratch/found.json" "$(at target)" >"$scratch/testssl.log" 2>&1 || true

finding() { jq -r --arg id "$1" '.[] | select(.id == $id) | .finding' "$scratch/found.json" | xargs; }
for version in SSLv2 SSLv3 TLS1 TLS1_1 TLS1_2; do
    check "$version is not offered" grep '^not offered' <<<"$(finding "$version")"
done
equal 'TLS 1.3 is' 'offered with final' "$(finding TLS1_3)"
equal 'three ciphers' 'TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256' \
    "$(finding PFS_ciphers | tr ' ' '\n' | sort | xargs)$(finding FS_ciphers | tr ' ' '\n' | sort | xargs)"
equal 'three groups that it knows' 'X25519 prime256v1 secp384r1' \
    "$(for id in PFS_ECDHE_curves FS_ECDHE_curves; do finding "$id"; done | xargs -n 1 | LC_ALL=C sort | xargs)"
equal 'no finite field' '' "$(finding DH_groups)"
pairs source target
listen_end target
