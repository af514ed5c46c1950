#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is measured with: scripts/bench and scripts/abuse do their work, and each row has its figures.
# How good those are is nothing to be judged here.
# long
. "$(dirname "$0")/lib.sh"
for peer in rsync ssh sshd nginx socat curl time cc; do
    PATH=$PATH:/usr/sbin type -P "$peer" >/dev/null || skip "$peer is not installed (scripts/deps --bench)"
done
attacker=$(dirname "$PAIRGATE")/tests/attacker
[[ -x $attacker ]] || skip 'the attacker is not built'
export PAIRGATE

# measures SCRIPT ARGUMENT...: it ends well, and nothing is no number.
measures()
{
    local script=$1
    shift
    check "$script $* does its work" eval "\"\$live_root/scripts/$script\" $* >\"$out\" 2>&1" ||
        tail -n 20 "$out"
    check_not "$script $*: every figure is one" grep -qwi 'nan\|inf' "$out"
}

# rows NUMBER PATTERN: so many rows of figures begin like that.
rows() { equal "rows of $2" "$1" "$(grep -cE "^ *$2 +[0-9.]+ " "$out")"; }

measures bench --quick --size 16M file sink
rows 1 '\(cp\)'
rows 1 'rsync, ssh'
rows 1 scp
rows 1 'curl to nginx'
rows 1 pairgate
rows 1 'OpenSSL pair, unverified'
rows 3 'pairgate --to-nowhere, [124] streams'

export ONLY='key updates'
measures abuse --seconds 1 --size 64M floods
rows 1 'key updates'
