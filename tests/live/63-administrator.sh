#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An administrator's password: how it is kept, what it opens, what a wrong one costs.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 1
# secret NAME TEXT: a file that only its owner reads.
secret() { (umask 077 && printf '%b\n' "$2" >"$scratch/$1"); }
secret good 'correct horse battery'
secret bad 'correct horse cattery'
secret accents 'Gr\303\274\303\237e aus K\303\266ln'
secret short 'short pw'

# asked STATUS USER FILE NAME [OPTION...]
asked()
{
    local want=$1 user=$2 file=$3 name=$4
    shift 4
    run "$want" source migrate "$(at target)" "$scratch/estate" --json --user "$user" \
        --password-file "$file" --name "$name" "$@"
}

run 1 target admin add root --password-file "$scratch/short"
check 'a short password is refused plainly' grep -q 'PGP2004' "$err"
run 64 target admin add 'Root User' --password-file "$scratch/good"
run 64 target admin add root --password-file "$scratch/good" extra
run 0 target admin add root --password-file "$scratch/good"
run 0 target admin add vera --password-fd 3 3<"$scratch/accents"
run 64 target admin add iris --role king --password-file "$scratch/good"
check '  which roles there are' grep -q PGP2701 "$err"
run 1 target admin add root --password-file "$scratch/good"
run 0 target admin list --json
equal 'two are listed' 'root vera' "$(jq -r .name "$out" | paste -sd' ')"
check_not 'the state does not hold the password' grep -rqF 'correct horse' "$scratch/target"

asked 1 root "$scratch/bad" none
check 'a wrong password is told' grep -q PGP2005 "$out"
asked 1 nobody "$scratch/good" none
check 'a name that nobody has is told the same' grep -q PGP2005 "$out"
nothing_moved target source

asked 0 root "$scratch/good" estate
same_tree 'the right one opens' "$scratch/estate" "$scratch/target.into/estate"
asked 0 vera "$scratch/accents" second
check 'letters beyond ASCII open too' test -d "$scratch/target.into/second"
check_not 'no output holds a password' grep -rqF 'correct horse' "$scratch/target.events" "$out" "$err"

# --peer-name overrides what was dialled; a name that the certificate has not is refused
# before any password.
asked 1 root "$scratch/good" none --peer-name elsewhere.example.com
check 'no password for a wrong name' grep -q 'peer-name' "$out"

# Nor for one that only the common name has, which else is a warning.
member plain office san=none
must plain admin add root --password-file "$scratch/good"
listen plain
run 1 source migrate "$(at plain)" "$scratch/estate" --json --user root \
    --password-file "$scratch/good" --name none --peer-name plain.example.com
check 'no password for a name in the common name alone' grep -q PGP2006 "$out"
nothing_moved plain
listen_end plain

# On a terminal nothing is asked before the verdicts, and nothing is echoed.
if command -v python3 >/dev/null; then
    cat >"$scratch/terminal.py" <<'EOF'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, sent = b"", False
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if b"Password of root" in seen and not sent:
        os.write(fd, open(sys.argv[1], "rb").read())
        sent = True
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status))
EOF
    status=0
    PAIRGATE_STATE=$scratch/source timeout 60 python3 "$scratch/terminal.py" "$scratch/good" \
        "$PAIRGATE" migrate "$(at target)" "$scratch/estate" --user root --name third \
        >"$out" 2>"$err" || status=$?
    equal 'a password typed on a terminal opens' 0 "$status"
    check 'it was asked for after the connection check' \
        awk '/paired with/ { paired = 1 } /Password of root/ { asked = paired } END { exit !asked }' "$out"
    check_not 'and not echoed' grep -q 'correct horse' "$out"
fi

run 0 target admin passwd root --password-file "$scratch/accents"
asked 1 root "$scratch/good" none
asked 0 root "$scratch/accents" fourth
run 0 target admin remove root
run 1 target admin remove root
asked 1 root "$scratch/accents" none
# Ten wrong tries in one minute shut the address, whatever the names. (A minute may end in
# between, so there are more than ten.)
for i in {1..22}; do
    pg source migrate "$(at target)" "$scratch/estate" --json --user "guess$i" \
        --password-file "$scratch/bad" --name none >"$out" 2>"$err" </dev/null || true
    if grep -q PGA1013 "$out"; then break; fi
done
check 'ten wrong tries in a minute shut the address' grep -q PGA1013 "$out"
check_not 'nothing was published for a guess' test -e "$scratch/target.into/none"
listen_end target
