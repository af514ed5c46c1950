#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong requests made from the description of the API: always refused with a finding, never a
# 5xx, never an end of the agent.
# long
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

agent office
listen office
/usr/bin/python3 -B "$(dirname "$0")/abuse.py" "$scratch/office/manage.sock" >"$scratch/report" 2>&1 ||
    not_ok 'every wrong request is refused as such' "$scratch/report"
tail -n 1 "$scratch/report"
check 'all of it was sent' grep -q '^requests: [0-9]\{4\}' "$scratch/report"
answers 200 'the agent is well' office GET /healthz
check 'it told of nothing broken' test ! -s "$scratch/office.events.err"
listen_end office
