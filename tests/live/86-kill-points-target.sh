#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the target at writes and messages of a migration: one owner, no byte lost.
. "$(dirname "$0")/killhandover.sh"

# The port is taken once, so that the source finds the target again.
listen target
listen_end target

killed_everywhere "target's supervisor" supervisor attempt_target
killed_everywhere "target's worker" worker attempt_target
printf 'killed at %d points in all\n' "$total"
