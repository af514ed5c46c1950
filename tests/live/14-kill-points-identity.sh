#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every write of undo, import, self-sign, restore and prune.
# long
. "$(dirname "$0")/killpoints.sh"

plain_state
foreign other office
chmod 600 "$scratch/other.key"
openssl pkcs12 -export -inkey "$scratch/other.key" -in "$scratch/other.leaf.pem" \
    -certfile "$scratch/other.chain.pem" -passout "file:$scratch/passphrase" \
    -out "$scratch/other.p12"
cp -a "$scratch/plain" "$scratch/seen"
for n in 1 2 3; do must seen identity self-sign --replace-chain; done
printf 'seen 2027-06-15T12:00:00Z\n' >"$scratch/seen/identity/current/seen"

killed_at_every_write 'chain undo' plain chain undo
killed_at_every_write 'identity import of a key' plain identity import \
    --cert "$scratch/other.pem" --key "$scratch/other.key"
killed_at_every_write 'identity import of a PKCS#12' plain identity import \
    --p12 "$scratch/other.p12" --passphrase-file "$scratch/passphrase"
killed_at_every_write 'identity self-sign' plain identity self-sign --replace-chain
killed_at_every_write 'identity restore' plain identity restore 1
killed_at_every_write 'identity restore, to be confirmed' plain \
    identity restore 1 --confirm-within 10m
killed_at_every_write 'identity prune' seen identity prune --keep 0

printf 'killed at %d points in all\n' "$total"
