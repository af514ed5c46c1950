#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A migration of one stream has two connections: one that pairs, one for all that comes after, the whole
# handover with it. That one breaks, or the target's certificate is renewed: another one, and nothing else.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
relay wire target
tree "$scratch/estate" 6
mkdir -p "$scratch/source/hooks"
cat >"$scratch/source/hooks/source-freeze" <<EOF
#!/bin/sh
touch '$scratch/frozen'
while [ -e '$scratch/hold' ]; do sleep 0.05; done
EOF
chmod 0755 "$scratch/source/hooks/source-freeze"

# moves NAME [OPTION...]: until the source's hook has it frozen; $before are the connections so far.
moves()
{
    local name=$1
    shift
    rm -f "$scratch/frozen"
    touch "$scratch/hold"
    before=$(relayed wire connections)
    : >"$scratch/source.lines"
    code target
    migrate_start source wire "$scratch/estate" --name "$name" --streams 1 "$@"
    wait_for 60 test -e "$scratch/frozen" || die "$name: the source is frozen"
}
# moved NAME CONNECTIONS: to its end, with so many.
moved()
{
    rm "$scratch/hold"
    ends 0 "$migrating" 60 "$1: it comes to its end"
    same_tree "$1" "$scratch/estate" "$scratch/target.into/$1"
    equal "$1: connections" "$2" "$(($(relayed wire connections) - before))"
}

moves plain
moved plain 2
moves written
printf 'more' >>"$scratch/estate/big"
moved written 2
equal 'what was written came as a second generation' 2 \
    "$(jq -rR 'fromjson? | select(.event == "generation") | .generation' "$scratch/source.lines")"
moves broken
network wire down
wait_for 10 relayed_at_least wire cuts 1 || die 'the connection is broken'
network wire back
moved broken 3
moves renewed
leaf_sign office "$scratch/target.csr" "$scratch/target.pem"
must target chain upload "$scratch/target.pem"
moved renewed 3
listen_end target
