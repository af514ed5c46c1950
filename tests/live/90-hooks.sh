#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The hooks of a migration: what they get, when they run, and what becomes of a migration when
# one of them fails, takes too long, or is killed with its agent.
#
# long
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
tree "$scratch/estate" 1
log=$scratch/log

# hook NAME [BODY]: it writes its name to the log, does BODY, and is right.
hook()
{
    local side=${1%%-*} file
    file=$scratch/$side/hooks/$1
    mkdir -p "${file%/*}"
    printf '#!/bin/sh\necho "%s" >>"%s"\n%s\n' "$1" "$log" "${2:-exit 0}" >"$file"
    chmod 700 "$file"
}
all=(source-{preflight,freeze,thaw,retire} target-{preflight,import,activate,rollback})
hooks_as_ever()
{
    local name
    for name in "${all[@]}"; do hook "$name"; done
    : >"$log"
}
ran() { equal "$1" "$2" "$(sed '/target-activate/{h;d};${x;/./{x;G};/./!x}' "$log" | paste -sd ' ')"; }
shows() { check "$1: $2" grep -qF -- "$2" "$err"; }

# try STATUS NAME: a migration of the tree.
try()
{
    code target
    run "$1" source migrate "$(at target)" "$scratch/estate" --name "$2" \
        --code-file "$scratch/target.code"
}
newest() { migrations source | tail -n 1; }
# state NAME ID: of a migration, as that side has it.
state() { pg "$1" status "$2" --json | jq -r .state; }
states() { equal "$1: $2" "$3 $4" "$(state source "$2") $(state target "$2")"; }
is_committed() { [[ -d $scratch/target.into/$1 ]]; }

# ---- what they get, and in which order they run ----
hooks_as_ever
hook target-import 'env | sort >"$PAIRGATE_STATE/../import.env"; ls "$PAIRGATE_STAGING" | wc -l >&2
[ -d "$PAIRGATE_DIR" ] && exit 9; ls -l /proc/$$/fd >"$PAIRGATE_STATE/../import.fd"'
hook target-activate '[ -d "$PAIRGATE_DIR" ]'
hook source-freeze 'env | sort >"$PAIRGATE_STATE/../freeze.env"'
listen target
SECRET=1 try 0 first
wait_for 10 grep -q target-activate "$log" || die 'the target is activated'
# The last two run at once, on the two sides.
ran 'every step has its hook, in order' \
    'source-preflight target-preflight source-freeze target-import source-retire target-activate'
id=$(newest)
names='LC_ALL PAIRGATE_DIR PAIRGATE_EPOCH PAIRGATE_GENERATION PAIRGATE_HOOK PAIRGATE_MIGRATION'
names+=' PAIRGATE_NAME PAIRGATE_PEER PAIRGATE_ROLE'
names_of() { sed -n 's/=.*//p' "$1" | grep -v '^_$\|^PWD$' | paste -sd ' '; }
equal 'the environment of the source' "$names PAIRGATE_STATE PATH" "$(names_of "$scratch/freeze.env")"
equal 'and of the target' "$names PAIRGATE_STAGING PAIRGATE_STATE PATH" \
    "$(names_of "$scratch/import.env")"
for line in "PAIRGATE_MIGRATION=$id" PAIRGATE_NAME=first PAIRGATE_ROLE=target \
    PAIRGATE_HOOK=target-import "PAIRGATE_DIR=$(realpath "$scratch/target.into")/first" \
    PAIRGATE_PEER=source.example.com PAIRGATE_EPOCH=1; do
    check "the target is told ${line%%=*}" grep -qxF -- "$line" "$scratch/import.env"
done
check "the source is told its tree" \
    grep -qxF "PAIRGATE_DIR=$(realpath "$scratch/estate")" "$scratch/freeze.env"
equal 'no descriptor of ours is open' '' "$(grep -o 'socket:.*\|.*state.db.*' "$scratch/import.fd")"
run 0 source audit show --json
check 'the record has them' jq -es 'any(.[]; .event == "hook" and .details.hook == "source-freeze")' "$out"
pg target audit show --json >"$out"
check 'on both sides' jq -es 'any(.[]; .event == "hook" and .details.hook == "target-activate")' "$out"
same_tree 'the tree' "$scratch/estate" "$scratch/target.into/first"

# ---- one that fails ----
# fails HOOK: it complains and ends with status 3.
fails() { hook "$1" 'echo "no room for it" >&2; exit 3'; }
complains()
{
    shows "$1: it is told" "$2"
    shows "$1: with its words" 'ended with status 3: no room for it'
    check "$1: all it said is shown" grep -qF '  | no room for it' "$out"
}
resumes()
{
    hook "$1"
    run 0 source resume "$2"
    states "$1: mended, and resumed" "$2" handed-over committed
}

hooks_as_ever
fails source-preflight
try 2 early
complains source-preflight PGA1602
ran 'source-preflight fails: nothing else runs' source-preflight
equal 'and no migration was begun' "$id" "$(newest)"
hook source-preflight
run 0 source migrate "$(at target)" "$scratch/estate" --name early \
    --code-file "$scratch/target.code"

hooks_as_ever
fails target-preflight
try 2 late
id=$(newest)
shows 'target-preflight: the source is told' PGA1606
shows 'target-preflight: with its words' 'no room for it'
states 'target-preflight fails: nothing was sent' "$id" sending receiving
ran 'and the source was not frozen' 'source-preflight target-preflight'
resumes target-preflight "$id"

hooks_as_ever
fails source-freeze
try 2 frozen
id=$(newest)
complains source-freeze PGA1603
states 'source-freeze fails: the source lives' "$id" sending receiving
ran 'and is thawed' 'source-preflight target-preflight source-freeze source-thaw'
resumes source-freeze "$id"

hooks_as_ever
hook source-freeze 'sleep 600'
echo 1 >"$scratch/source/hooks/seconds"
try 2 slow
id=$(newest)
shows 'a hook that takes too long' 'took more than 1 s and was ended'
ran 'is ended, and undone' 'source-preflight target-preflight source-freeze source-thaw'
rm "$scratch/source/hooks/seconds"
resumes source-freeze "$id"

hooks_as_ever
chmod 777 "$scratch/source/hooks/source-freeze"
try 2 open
id=$(newest)
shows 'a hook for everybody to write' "mend it with: chmod go-w '$scratch/source/hooks/source-freeze'"
ran 'is not run' 'source-preflight target-preflight'
resumes source-freeze "$id"

hooks_as_ever
fails target-import
try 2 imported
id=$(newest)
shows 'target-import: the source is told' PGA1607
shows 'target-import: with its words' 'no room for it'
states 'target-import fails: the source has it again' "$id" thawed aborted
check_not 'nothing is published' is_committed imported
ran 'both sides undo' \
    'source-preflight target-preflight source-freeze target-import target-rollback source-thaw'
run 1 source resume "$id"
check_not 'what is over is not gone on with' grep -q 'go on with' "$err"
hook target-import
try 0 imported
check 'mended, a new one is published' is_committed imported

# What the hook leaves there: a path that is too long, and before it a socket, which is only
# told of.
hooks_as_ever
hook source-freeze "cd '$scratch/estate' && python3 -c 'import os, socket
socket.socket(socket.AF_UNIX).bind(\"a\")
for i in range(25): os.mkdir(200 * \"d\"); os.chdir(200 * \"d\")'"
try 2 unmovable
id=$(newest)
states 'what cannot be moved is found once it is frozen' "$id" frozen receiving
shows 'the refusal is about it' 'pairgate: PGT1004'
shows 'it says how to go on' "go on with: pairgate resume $id"
rm -rf "$scratch/estate/a" "$scratch/estate/"ddd*
resumes source-freeze "$id"

hooks_as_ever
fails source-retire
try 2 retired
id=$(newest)
complains source-retire PGA1605
states 'source-retire fails: the target owns it' "$id" handed-over committed
resumes source-retire "$id"
run 0 source resume "$id"
equal 'one that succeeded is not run again' 2 "$(grep -c source-retire "$log")"

hooks_as_ever
hook target-activate '[ -e "$PAIRGATE_STATE/../ready" ] || { echo not yet; exit 3; }'
try 0 active
check 'target-activate fails: the listener says so' \
    wait_for 10 grep -q 'PGA1608.*not yet' "$scratch/target.events.err"
touch "$scratch/ready"
check 'and runs it again by itself' \
    wait_for 20 event_seen target '.hook == "target-activate" and .outcome == "done"'

# ---- one that is killed with its agent ----
hooks_as_ever
hook source-freeze 'echo $$ >"$PAIRGATE_STATE/../freezing"; sleep 600'
freezing() { [[ -s $scratch/freezing ]]; }
no_longer() { ! kill -0 "$(cat "$1")" 2>/dev/null; }
for way in resume abort; do
    rm -f "$scratch/freezing"
    code target
    migrate_start source target "$scratch/estate" --name "killed-$way"
    wait_for 20 freezing || die 'source-freeze runs'
    crash "$migrating"
    check "$way: source-freeze does not survive its agent" wait_for 10 no_longer "$scratch/freezing"
    id=$(newest)
    states "$way: the source is where it was" "$id" sending receiving
    hook source-freeze
    : >"$log"
    run 0 source "$way" "$id"
    if [[ $way == abort ]]; then ran 'abort thaws it' source-thaw; else
        ran 'resume freezes it again' 'source-preflight source-freeze target-import source-retire target-activate'
        hook source-freeze 'echo $$ >"$PAIRGATE_STATE/../freezing"; sleep 600'
    fi
done

hooks_as_ever
hook target-import 'echo $$ >"$PAIRGATE_STATE/../importing"; [ -e "$PAIRGATE_STATE/../go" ] || sleep 600'
importing() { [[ -s $scratch/importing ]]; }
code target
migrate_start source target "$scratch/estate" --name late-import
wait_for 20 importing || die 'target-import runs'
listen_crash target
check 'target-import does not survive its agent' wait_for 10 no_longer "$scratch/importing"
touch "$scratch/go"
listen target
ends 0 "$migrating" 60 'the source waits for it, and the next listener runs it again'
equal 'it was begun twice' 2 "$(grep -c target-import "$log")"
check 'and it is published' is_committed late-import

# ---- a person decides: the target is lost once the source is frozen ----
hooks_as_ever
hook source-freeze "bash -c 'kill -KILL -- -${listener_group[target]}'"
code target
run 2 source migrate "$(at target)" "$scratch/estate" --name lost --patience 1s \
    --code-file "$scratch/target.code"
id=$(newest)
equal 'the source stays frozen' frozen "$(state source "$id")"
ran 'and is not thawed' 'source-preflight target-preflight source-freeze'
run 0 source give-up -y "$id"
ran 'until a person gives up' 'source-preflight target-preflight source-freeze source-thaw'
wait "${listener_group[target]}" 2>/dev/null || true
listen target

hooks_as_ever
hook target-activate 'echo $$ >"$PAIRGATE_STATE/../activating"; [ -e "$PAIRGATE_STATE/../gone" ] || sleep 600'
activating() { [[ -s $scratch/activating ]]; }
try 0 late-active
check 'target-activate runs' wait_for 20 activating
listen_end target
check 'the end of the listener is its end' wait_for 10 no_longer "$scratch/activating"
touch "$scratch/gone"
listen target --once
check 'the next one runs it again, unasked' wait_for 20 event_seen target \
    '.hook == "target-activate" and .outcome == "done" and .migration == "'"$(newest)"'"'
listen_end target
