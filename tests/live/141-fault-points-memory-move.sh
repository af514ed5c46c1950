#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Memory that is not to be had, once or from then on, at requests of the four processes of a
# migration: it ends well or with 2, goes on afterwards, one owner, no byte lost.
. "$(dirname "$0")/faultpoints.sh"
export KILLPOINTS=${KILLPOINTS:-2}

under scarce
listen target
failing_everywhere 'one request fails'
how=1
failing_everywhere 'all fail from then on'
sound 'after all of them'
listen_end target
printf '%d points in all\n' "$total"
