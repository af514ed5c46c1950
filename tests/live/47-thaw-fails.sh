#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A source that cannot be thawed: the command says so, it stays owed, and the next one thaws it.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 0
mkdir -m 700 "$scratch/source/hooks"

# hook NAME BODY: of the source.
hook()
{
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/source/hooks/$1"
    chmod 700 "$scratch/source/hooks/$1"
}
owed() { pg source status "$1" --json | jq -r '.owed // "nothing"'; }
warned() { jq -e 'any(.findings[]; .id == "PGA2203")' <(pg source doctor --json) >/dev/null; }

# ---- frozen in vain, and not thawed ----
hook source-freeze 'exit 3'
hook source-thaw 'echo "the service does not start" >&2; exit 4'
code target
run 2 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
check 'the command says why it failed' grep -q PGA1603 "$err"
check 'and that it was not thawed' grep -q 'PGA1604.*the service does not start' "$err"
id=$(migrations source)
equal 'status tells what is owed' source-thaw "$(owed "$id")"
check 'in words too' grep -q 'owed: source-thaw' <(pg source status)
check 'the doctor warns of it' warned

# ---- still not, when it is over ----
run 2 source abort "$id"
equal 'the source owns it' thawed "$(pg source status "$id" --json | jq -r .state)"
equal 'and is to be thawed yet' source-thaw "$(owed "$id")"

# ---- mended ----
hook source-thaw 'touch "$PAIRGATE_STATE/thawed"'
run 1 source resume "$id"
check 'any command about it thaws it' test -e "$scratch/source/thawed"
equal 'nothing is owed' nothing "$(owed "$id")"
check_not 'the doctor is silent about it' warned
listen_end target
