#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The messages of the catalogue over HTTP: those of errors.told come back, and no others; the rest
# is in errors.elsewhere, which scripts/check-messages holds against the tests.
# long
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

agent office
listen office
/usr/bin/python3 -B "$(dirname "$0")/errors.py" "$scratch/office/manage.sock" "$live_root" \
    >"$scratch/report" 2>&1 || not_ok 'every message is told or explained' "$scratch/report"
tail -n 1 "$scratch/report"
check 'many were told' grep -q '^messages: .*over HTTP: 1[6-9][0-9],' "$scratch/report"
listen_end office
