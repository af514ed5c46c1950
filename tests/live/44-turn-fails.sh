#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target has agreed to a second generation and cannot begin it: what is in the way taken
# away, the source goes on with a listener that was not started anew.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 1

# A file where the first generation is to be moved to, laid there before the second begins.
mkdir -p "$scratch/source/hooks"
cat >"$scratch/source/hooks/source-freeze" <<END
#!/bin/sh
echo changed >>"\$PAIRGATE_DIR/changed"
[ -e "$scratch/in-the-way" ] || : >"$scratch/target.into/.pairgate/\$PAIRGATE_MIGRATION/before-1"
echo 1 >"$scratch/in-the-way"
END
chmod 700 "$scratch/source/hooks/source-freeze"

code target
status=0
pg source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --json \
    >"$out" 2>"$err" </dev/null || status=$?
check "the second generation cannot begin (status $status)" test "$status" != 0
id=$(migrations source | tail -n 1)
equal 'it is neither sealed nor lost' 'frozen receiving' \
    "$(for side in source target; do pg $side status "$id" --json | jq -r .state; done | paste -sd ' ')"
check_not 'nothing is published' test -e "$scratch/target.into/estate"
rm "$scratch/target.into/.pairgate/$id/before-1"
run 0 source resume "$id" --json
same_tree 'it goes on' "$scratch/estate" "$scratch/target.into/estate"
listen_end target
