#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every version, cipher and group that openssl and gnutls can offer alone: those of the policy
# (docs/protocol.md 1) are answered, the others end in the handshake.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
foreign stranger office
listen target
address=$(at target)
printf 'GET / HTTP/1.1\r\nHost: target\r\nConnection: close\r\n\r\n' >"$scratch/request"

openssl_is_answered()
{
    timeout 15 openssl s_client -quiet -connect "$address" -cert "$scratch/stranger.leaf.pem" \
        -key "$scratch/stranger.key" -cert_chain "$scratch/stranger.chain.pem" "$@" \
        <"$scratch/request" >"$scratch/said" 2>"$scratch/said.err" || true
    grep -q '^HTTP/1.1 404' "$scratch/said"
}

gnutls_is_answered()
{
    timeout 15 gnutls-cli --insecure --port "${address#*:}" --x509certfile "$scratch/stranger.pem" \
        --x509keyfile "$scratch/stranger.key" --priority "$1" 127.0.0.1 <"$scratch/request" \
        >"$scratch/said" 2>"$scratch/said.err" || true
    grep -q '^HTTP/1.1 404' "$scratch/said"
}

handshakes_refused() { events target 'select(.event == "refused" and .findings[0].id == "PGP1002")' | wc -l; }
is_refused() { [[ $(handshakes_refused) -gt $1 ]]; }

# with CLIENT yes|no WHAT OPTION...
with()
{
    local client=$1 wanted=$2 what=$3 before
    shift 3
    before=$(handshakes_refused)
    if [[ $wanted == yes ]]; then
        check "$client: $what is taken" "${client}_is_answered" "$@"
    else
        check_not "$client: $what is not taken" "${client}_is_answered" "$@"
        check "$client: and it did ask" wait_for 10 is_refused "$before"
    fi
}

weak=(-cipher 'ALL:COMPLEMENTOFALL:@SECLEVEL=0')
for version in tls1 tls1_1 tls1_2; do with openssl no "$version" "-$version" "${weak[@]}"; done
with openssl yes tls1_3 -tls1_3
for suite in AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256; do
    with openssl yes "$suite" -ciphersuites "TLS_$suite"
done
for suite in AES_128_CCM_SHA256 AES_128_CCM_8_SHA256; do
    with openssl no "$suite" -ciphersuites "TLS_$suite"
done
for group in X25519 P-256 P-384; do with openssl yes "group $group" -groups "$group"; done
for group in P-521 X448 ffdhe2048 ffdhe3072 ffdhe4096; do
    with openssl no "group $group" -groups "$group"
done

all='NONE:+CTYPE-ALL:+CIPHER-ALL:+MAC-ALL:+COMP-NULL:+SIGN-ALL:+KX-ALL:+GROUP-ALL'
for version in TLS1.0 TLS1.1 TLS1.2; do with gnutls no "$version" "$all:+VERS-$version"; done
with gnutls yes TLS1.3 "$all:+VERS-TLS1.3"
base='NORMAL:-VERS-ALL:+VERS-TLS1.3'
for cipher in AES-128-GCM AES-256-GCM CHACHA20-POLY1305; do
    with gnutls yes "$cipher" "$base:-CIPHER-ALL:+$cipher"
done
for cipher in AES-128-CCM AES-128-CCM-8; do
    with gnutls no "$cipher" "$base:-CIPHER-ALL:+$cipher"
done
for group in X25519 SECP256R1 SECP384R1; do with gnutls yes "group $group" "$base:-GROUP-ALL:+GROUP-$group"; done
for group in SECP521R1 X448 FFDHE2048 FFDHE3072; do
    with gnutls no "group $group" "$base:-GROUP-ALL:+GROUP-$group"
done
pairs source target
listen_end target
