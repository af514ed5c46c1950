#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every write of init, of uploads, and of what waits to be confirmed.
# long
. "$(dirname "$0")/killpoints.sh"

plain_state
mkdir -m 700 "$scratch/empty"
cp -a "$scratch/plain" "$scratch/waiting"
must waiting chain upload --confirm-within 1h "$scratch/second.pem"
cp -a "$scratch/waiting" "$scratch/overdue"
sed -i 's/^deadline .*/deadline 2020-01-01T00:00:00Z/' "$scratch/overdue/identity/rollback"

cp -a "$scratch/plain" "$scratch/two"
for use in server client; do
    request two --purpose "$use"
    leaf_sign office "$scratch/two.csr" "$scratch/$use.pem" "eku=${use}Auth"
done

killed_at_every_write 'init' empty init --name node.example.com
killed_at_every_write 'chain upload' plain chain upload "$scratch/second.pem"
killed_at_every_write 'chain upload of several files, to be confirmed' plain \
    chain upload --confirm-within 10m "$scratch/ca/office-root/cert.pem" \
    "$scratch/ca/office/cert.pem" "$scratch/second.pem.leaf"
killed_at_every_write 'chain upload of two leaves' two \
    chain upload "$scratch/server.pem" "$scratch/client.pem"
must two chain upload "$scratch/server.pem" "$scratch/client.pem"
killed_at_every_write 'chain undo of two leaves' two chain undo
killed_at_every_write 'identity confirm' waiting identity confirm
killed_at_every_write 'a rollback that is due' overdue identity show

printf 'killed at %d points in all\n' "$total"
