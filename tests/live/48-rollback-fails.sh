#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A target that cannot undo what its import did: the source owns the data all the same, and the
# listener goes on trying until it is undone.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
tree "$scratch/estate" 0
mkdir -m 700 "$scratch/target/hooks"
printf '#!/bin/sh\nexit 3\n' >"$scratch/target/hooks/target-import"
printf '#!/bin/sh\n[ -e "$PAIRGATE_STATE/mended" ] || { echo "it is in use" >&2; exit 4; }\n' \
    >"$scratch/target/hooks/target-rollback"
chmod 700 "$scratch/target/hooks/"*
listen target

owed() { pg target status "$id" --json | jq -r '.owed // "nothing"'; }
warned() { jq -e 'any(.findings[]; .id == "PGA2203")' <(pg target doctor --json) >/dev/null; }
tried() { [[ $(events target 'select(.hook == "target-rollback" and .outcome == "failed")' | wc -l) -ge $1 ]]; }

code target
run 2 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
check 'the source is told that import failed' grep -q PGA1607 "$err"
id=$(migrations source)
equal 'the source owns it' thawed "$(pg source status "$id" --json | jq -r .state)"
equal 'the target does not' aborted "$(pg target status "$id" --json | jq -r .state)"
check 'the listener tries again by itself' wait_for 20 tried 2
check 'and says what is in its way' grep -q 'PGA1609.*it is in use' "$scratch/target.events.err"
equal 'status tells what is owed' target-rollback "$(owed)"
check 'the doctor warns of it' warned

# A listener that ends leaves it to the next one.
listen_end target
equal 'it is owed still' target-rollback "$(owed)"
touch "$scratch/target/mended"
listen target
check 'the next one undoes it' wait_for 20 event_seen target \
    '.hook == "target-rollback" and .outcome == "done"'
equal 'nothing is owed' nothing "$(owed)"
check_not 'the doctor is silent about it' warned
listen_end target
