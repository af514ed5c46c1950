#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every write of requests, and of encrypting and decrypting the keys at rest.
# long
. "$(dirname "$0")/killpoints.sh"

plain_state
agent small
request small
cp -a "$scratch/small" "$scratch/sealed"
must sealed identity encrypt-key --passphrase-file "$scratch/passphrase"

killed_at_every_write 'identity encrypt-key' small \
    identity encrypt-key --passphrase-file "$scratch/passphrase"
killed_at_every_write 'identity decrypt-key' sealed identity decrypt-key
killed_at_every_write 'self-sign with keys at rest encrypted' sealed identity self-sign
killed_at_every_write 'request new' plain request new
killed_at_every_write 'request new --overwrite' plain request new --overwrite
killed_at_every_write 'request drop' plain request drop "$pending"

printf 'killed at %d points in all\n' "$total"
