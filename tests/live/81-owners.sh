#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Other owners at the target, and a tree of which something cannot be read.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target

mkdir -p "$scratch/estate/dir"
echo open >"$scratch/estate/open"
echo closed >"$scratch/estate/closed"
mkfifo "$scratch/estate/dir/pipe"

code target
if (($(id -u) == 0)); then
    chown 4001:4002 "$scratch/estate/open"
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
        --json --map-owner user:4001:5001 --map-owner 4002:daemon --map-owner root:nobody
    equal 'users and groups are mapped, by number and by name' '5001:1 nobody:nogroup' "$(
        printf '%s %s' "$(stat -c %u:%g "$scratch/target.into/estate/open")" \
            "$(stat -c %U:nogroup "$scratch/target.into/estate/closed")")"
    # The rest needs a source that may not read everything.
    chown -R nobody "$scratch/source" "$scratch/target.code" "$scratch"
    chmod 755 "$scratch"
    as=(setpriv --reuid nobody --regid nogroup --clear-groups)
else
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
        --json --map-owner "$(id -un):$(id -u)"
    as=()
fi
check 'what is not moved is told' jq -e -s 'any(.[]; .event == "left-behind" and .count == 1)' "$out"

chmod 0 "$scratch/estate/closed"
code target
chmod 644 "$scratch/target.code"
# limited STATUS ARGUMENT...: the source, as somebody who is not root.
limited()
{
    local want=$1 got=0
    shift
    PAIRGATE_STATE=$scratch/source timeout 60 "${as[@]}" "$PAIRGATE" migrate "$(at target)" \
        "$scratch/estate" --code-file "$scratch/target.code" --name limited --json "$@" \
        >"$out" 2>"$err" || got=$?
    equal "source: migrate $* ends with $want" "$want" "$got"
}
limited 2
check 'an unreadable file is a finding before a byte moves' grep -q PGT1002 "$out" "$err"
check_not 'nothing arrived' test -e "$scratch/target.into/limited"
limited 0 --skip-unreadable
check 'what was skipped is told' jq -e -s 'any(.[]; .event == "left-behind" and
    any(.findings[]; .id == "PGT1402" and (.detail | startswith("closed"))))' "$out"
equal 'the rest arrived' 'dir open' "$(cd "$scratch/target.into/limited" && echo *)"
"${as[@]}" env PAIRGATE_STATE="$scratch/source" "$PAIRGATE" audit show --json >"$out"
check 'the record counts it' jq -e -s 'flatten | any(.[]; .event == "left-behind" and
    .details.count == 2)' "$out"
listen_end target
