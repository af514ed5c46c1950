#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of the source at writes and messages of a migration: one owner, no byte lost.
. "$(dirname "$0")/killhandover.sh"

listen target
killed_everywhere "source's supervisor" supervisor attempt_source
killed_everywhere "source's worker" worker attempt_source
listen_end target
printf 'killed at %d points in all\n' "$total"
