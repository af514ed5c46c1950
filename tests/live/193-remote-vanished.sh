#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --remote: a host that vanishes under a request is told long before an answer is given up, and one
# that only thinks is waited for.
. "$(dirname "$0")/lib.sh"

ladder office
member office office
agent laptop
mkdir "$scratch/server"
setsid python3 -B "$live_root/tests/live/vanish.py" "$scratch/office.pem" \
    "$scratch/office/identity/current/key.pem" "$scratch/server" >"$scratch/server/log" 2>&1 &
serving=$!
own "$serving"
wait_for 10 test -s "$scratch/server/port" || die "the server: $(cat "$scratch/server/log")"
pin=$(pg office identity show --json | jq -r .spki_sha256)
export PAIRGATE_PASSWORD_FILE=$scratch/password
(umask 077 && echo 'correct horse battery' >"$PAIRGATE_PASSWORD_FILE")

# ask NAME: in the background; what it says is in $scratch/NAME.
ask()
{
    spawn laptop "$scratch/$1" --remote "https://127.0.0.1:$(cat "$scratch/server/port")" \
        --user mary --pin "$pin" identity show
}

ask vanished
vanished=$spawned
wait_for 30 test -e "$scratch/server/asked0" || die "the first asks: $(cat "$scratch/server/log")"
ask slow
slow=$spawned
wait_for 30 test -e "$scratch/server/asked1" || die 'the second asks'

ends 2 "$vanished" 300 'a host that vanished is told'
check '  by the message for it' grep -rq PGA2808 "$scratch"/vanished*
check_not '  before the silence itself would be' grep -rq 'too slow' "$scratch"/vanished*
check_not 'one that thinks so long is waited for' process_has_ended "$slow"
touch "$scratch/server/answer"
ends 0 "$slow" 60 '  and answers'
equal '  what was asked' slow.example.com "$(jq -r .name "$scratch/slow")"
ends 0 "$serving" 60 '  and nobody is left that asks'
