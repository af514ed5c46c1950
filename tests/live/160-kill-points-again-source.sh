#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the source in a migration of two generations over an older copy: one owner, no byte
# lost, the older copy as it was.
. "$(dirname "$0")/killhandover.sh"
. "$(dirname "$0")/killagain.sh"

listen target --basis
killed_everywhere "source's supervisor" supervisor attempt_source
killed_everywhere "source's worker" worker attempt_source
check 'what the older copy has is not sent' test "$spared"
listen_end target
printf 'killed at %d points in all\n' "$total"
