#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What cannot be printed is a failure, a closed stream is nobody's file, and a device or pipe
# that is named for a result is written to, not replaced.
. "$(dirname "$0")/lib.sh"

# printed_to STATUS FILE COMMAND...: its standard output is FILE, or closed with "-".
printed_to()
{
    local want=$1 file=$2 got=0
    shift 2
    if [[ $file == - ]]; then
        pg one "$@" >&- 2>"$err" </dev/null || got=$?
    else
        pg one "$@" >"$file" 2>"$err" </dev/null || got=$?
    fi
    equal "$*, printed to $file, ends with $want" "$want" "$got"
}

agent one
must one ca init
for command in help --version status 'identity show' 'audit show --json' 'chain show' \
    'request new' 'ca show' invite doctor; do
    read -ra words <<<"$command"
    printed_to 2 /dev/full "${words[@]}"
    check '  and says so' grep -q PGB1004 "$err"
done
printed_to 2 - identity show
check '  and says so' grep -q PGB1004 "$err"
printed_to 64 - identity show --no-such-option
printed_to 0 /dev/null identity show
{
    sleep 0.3
    pg one help 2>"$err" && echo "$?" >"$scratch/got"
} | true
equal 'a reader that leaves early is no failure' 0 "$(cat "$scratch/got")"
check_not '  and nothing is said of it' test -s "$err"
python3 - "$PAIRGATE" "$err" <<'END' || not_ok 'nor one that leaves a socket' "$err"
import socket, subprocess, sys
ours, theirs = socket.socketpair()
theirs.close()
with open(sys.argv[2], "wb") as told:
    sys.exit(subprocess.run([sys.argv[1], "help"], stdout=ours, stderr=told).returncode)
END
check_not 'nor one that leaves a socket' test -s "$err"

# With all three closed the files that are opened must not get their numbers.
got=0
pg one identity self-sign <&- >&- 2>&- || got=$?
equal 'all streams closed: what was printed is missing' 2 "$got"
run 0 one identity show
check '  and the work was done' grep -q 'by self-sign' "$out"
run 0 one audit verify
check_not '  and nothing was printed into the lock' test -s "$scratch/one/lock"

mkfifo "$scratch/pipe"
cat "$scratch/pipe" >"$scratch/read" &
run 0 one ca crl --out "$scratch/pipe"
wait "$!"
check 'a pipe is written to' openssl crl -in "$scratch/read" -noout
check '  and is a pipe still' test -p "$scratch/pipe"
run 2 one ca crl --out /dev/full
check '  a device too' test -c /dev/full
ln -s /proc/self/fd/1 "$scratch/stdout"
run 0 one ca crl --out "$scratch/stdout"
check 'a link to standard output stays one, where that is a file' test -L "$scratch/stdout"
check '  and the list is in that file' openssl crl -in "$out" -noout
mkdir "$scratch/dir"
run 2 one ca crl --out "$scratch/dir"
equal '  and beside a directory nothing is left behind' '' \
    "$(find "$scratch" -maxdepth 1 -name 'dir?*')"
