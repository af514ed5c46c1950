#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong usage ends with 64, missing state and unreachable peers with 2, and each says why.
. "$(dirname "$0")/lib.sh"

# says STATUS NAME ARGUMENT...: ends so, with an id and a sentence.
says()
{
    run "$@"
    check '  with an id or a usage line' grep -qE 'PG[A-Z][0-9]{4}|pairgate' "$out" "$err"
}

run 0 nobody help
run 0 nobody --help
run 0 nobody --version
run 0 nobody help migrate
run 0 nobody
run 64 nobody no-such-command
run 64 nobody help no-such-command
run 64 nobody migrat host dir
check 'a word that is nearly a command is guessed' grep -q 'pairgate migrate' "$err"
run 0 nobody migrate host dir --help
check 'a command is explained where --help is asked for' grep -q -- '--streams' "$out"
run 0 nobody ca -h
check '  a group of commands too' grep -q 'ca root renew' "$out"
run 0 nobody --state "$scratch/early" --json init --name early.example.com
check 'options of every command may stand before its name' test -d "$scratch/early"
run 64 nobody ca issue request.csr
check_not 'wrong usage leaves standard output empty' test -s "$out"
check '  and says how the command is used' grep -q -- '--request' "$err"
for command in init 'request new' 'request list' 'request show' 'request drop' 'chain check' \
    'chain upload' 'chain show' 'chain undo' 'certificate upload' 'ca init' 'ca issue' \
    preflight listen invite invitations pair migrate status resume 'receipt show' \
    'receipt verify'; do
    read -ra words <<<"$command"
    says 64 nobody "${words[@]}" --no-such-option
done
for command in 'request show' 'chain check' 'chain upload' 'certificate upload' 'ca issue' \
    preflight pair migrate resume 'receipt verify' listen; do
    read -ra words <<<"$command"
    says 64 nobody "${words[@]}"
done
says 64 nobody pair host one-too-many
says 64 nobody preflight one.pem
says 64 nobody migrate 127.0.0.1:1 "$scratch" --streams none
says 64 nobody migrate 127.0.0.1:1 "$scratch" --limit fast
says 64 nobody invite --expires soon
says 64 nobody chain check --policy lax "$scratch/x"
says 64 nobody chain check --at yesterday "$scratch/x"
check_not 'no state was made on the way' test -e "$scratch/nobody"

for command in 'chain upload /dev/null' 'chain show' 'request list' "pair 127.0.0.1:1" \
    "listen --into $scratch/into --peer 127.0.0.1:0" invite invitations status \
    "migrate 127.0.0.1:1 $scratch"; do
    read -ra words <<<"$command"
    says 2 nobody "${words[@]}"
done
run 2 nobody pair 127.0.0.1:1 --json
check 'a failure in JSON is one object with id, message and remedy' \
    jq -e '.error | .id and .message and .remedy' "$out"

ladder office
member source office
run 2 source pair 127.0.0.1:1
run 2 source pair no-such-host.invalid
run 2 source listen --peer 127.0.0.1:0 --into "$scratch/ca/office/cert.pem/below"
run 2 source chain check "$scratch/not-there"
run 1 source chain check /dev/null
run 2 source resume m-nothing
run 2 source status m-nothing
run 2 source receipt show m-nothing
run 1 source migrate 127.0.0.1 "$scratch/source.pem" --wait
check 'a file is no directory' grep -q PGA1801 "$err"
run 2 source receipt verify --target "$scratch/source.pem" "$scratch/not-there"
run 2 source receipt verify --target "$scratch/not-there" "$scratch/source.pem"
run 1 source receipt verify --target "$scratch/source.pem" "$scratch/source.pem"
mkdir "$scratch/dir"
run 1 source migrate 127.0.0.1:1 "$scratch/dir" --code-file "$scratch/source.pem"
