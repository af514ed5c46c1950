#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Two clocks that differ by five minutes or more: refused, and told as a clock.
. "$(dirname "$0")/lib.sh"

if is_sanitized; then
    skip 'faketime does not go with a sanitizer'
fi
ladder office
member source office
member target office
listen target
real=$PAIRGATE
printf '#!/bin/sh\nexec faketime -f "$FAKE_CLOCK" %s "$@"\n' "$real" >"$scratch/pairgate"
chmod +x "$scratch/pairgate"
PAIRGATE=$scratch/pairgate
export FAKE_CLOCK=+10m
refused source target clock
FAKE_CLOCK=-10m
refused source target clock
FAKE_CLOCK=+60s
pairs source target
check 'a minute is a warning' jq -e \
    'any(.findings[]; .rule == "clock" and .severity == "warning")' "$out"
FAKE_CLOCK=+4000d
refused source target validity
FAKE_CLOCK=+0s
pairs source target
listen_end target
