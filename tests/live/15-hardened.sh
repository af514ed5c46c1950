#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The release program is built as a hardened one: PIE, full RELRO, stack protector, FORTIFY.
. "$(dirname "$0")/lib.sh"

if is_sanitized || is_counted; then
    skip 'not the release build'
fi
readelf -hldW "$PAIRGATE" >"$scratch/elf"
nm "$PAIRGATE" >"$scratch/symbols"
check 'position-independent' grep -q 'Type:.*DYN' "$scratch/elf"
check 'relocations are read-only' grep -q GNU_RELRO "$scratch/elf"
check 'and bound at once' grep -q 'FLAGS.*NOW' "$scratch/elf"
check 'the stack cannot be executed' grep -q 'GNU_STACK .* RW ' "$scratch/elf"
check 'stack protector' grep -q __stack_chk_fail "$scratch/symbols"
check 'FORTIFY' grep -q '__[a-z]*printf_chk\|__memcpy_chk' "$scratch/symbols"
check_not 'no path of this checkout is inside' grep -qaF "$live_root/" "$PAIRGATE"
