#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The destination's name is taken by somebody else after a migration has begun: what was copied is
# not lost by it, and no state is one that nothing leads out of.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sealed.sh"
tree "$scratch/estate" 3

# ---- a takeover, of a sealed one and of a source that may live ----
sealed lost
mkdir "$scratch/target.into/lost"
run 1 target takeover -y "$id"
check 'a name that is taken is told' grep -q PGT1025 "$err"
equal 'nothing was decided' 'sealed nobody' "$(stands target)"
rmdir "$scratch/target.into/lost"
run 0 target takeover -y "$id"
same_tree 'taken over' "$scratch/estate" "$scratch/target.into/lost"
run 0 source resume "$id"
equal 'the source hears of it' 'handed-over target committed target' "$(owners)"

# ---- the listener ends between the commit and the rename ----
hook_at target import 'touch asked; while ! [ -e granted ]; do sleep 0.05; done'
hook_at target rollback 'touch undone'
: >"$scratch/source.lines"
code target
migrate_start source target "$scratch/estate" --name taken
wait_for 30 test -e "$scratch/target/asked" || die 'commit is asked for'
id=$(migration_of source)
listen_crash target
mkdir "$scratch/target.into/taken"
touch "$scratch/target/granted"
listen target
ends 1 "$migrating" 60 'the source ends'
check 'it is told that it was ended' grep -q 'PGT1044\|PGT1025' "$scratch/source.lines"
equal 'and owns the data' 'thawed source aborted source' "$(owners)"
check 'what was imported is undone' test -e "$scratch/target/undone"
check_not 'and what was frozen' test -e "$scratch/source/frozen"
rmdir "$scratch/target.into/taken"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --name taken --code-file "$scratch/target.code" --json
check 'the next one finds what was copied' test \
    "$(jq -s '[.[] | select(.event == "spared") | .bytes] | add // 0' "$out")" -ge 3000000
same_tree 'again' "$scratch/estate" "$scratch/target.into/taken"
listen_end target
