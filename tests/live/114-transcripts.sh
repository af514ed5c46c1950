#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of docs/rest.md run as they stand.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

curl --help all | grep -q -e --json || skip 'this curl does not know --json'
agent old
agent new
listen old
listen new
tree "$scratch/estate" 3
cd "$scratch"
TARGET=$(at new) TREE=$scratch/estate /usr/bin/python3 "$live_root/tests/live/transcripts.py" \
    "$live_root/docs/rest.md" "/var/lib/=$scratch/" >"$scratch/report" 2>&1 ||
    not_ok 'docs/rest.md says what happens' "$scratch/report"
check 'all of it was run' grep -q '^commands: [2-9][0-9]' "$scratch/report"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/new.into/estate"
listen_end old
listen_end new
