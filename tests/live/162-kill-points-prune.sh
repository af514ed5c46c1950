#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# kill -9 of `prune` at its writes: what was published and its receipts stay, the next one removes
# the rest, and what half of it is left of harms no migration.
. "$(dirname "$0")/killhandover.sh"

head -c 9000000 /dev/urandom >"$scratch/estate/large"
listen target --basis

moved()
{
    code target
    must source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" "$@"
}

# cut_off NAME: half of it has arrived when the source is killed.
cut_off()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --name "$1" --limit 4M --streams 1 --compress never
    halt_at source 4194304 || die "$1: the half is sent"
    crash "$migrating"
}

moved
printf 'newer\n' >"$scratch/estate/d/small"
moved --basis
cut_off again
must source abort "$(migration_of source)"
cut_off revoked
must target revoke "$(migration_of source)"
listen_end target
for kind in older kept m; do
    check "there is something of $kind" compgen -G "$scratch/target.into/.pairgate/$kind-*"
done
cp -a "$scratch/target" "$scratch/target.before"
cp -a "$scratch/target.into" "$scratch/into.before"

# pruned_at N: killed there; false once it survives.
pruned_at()
{
    local status=0
    rm -rf "$scratch/target" "$scratch/target.into"
    cp -a "$scratch/target.before" "$scratch/target"
    cp -a "$scratch/into.before" "$scratch/target.into"
    LD_PRELOAD=$so KILLPOINT=$1 pg target prune >"$out" 2>"$err" </dev/null || status=$?
    ((status == 137))
}

# stays SENTENCE: the published tree, and a receipt of each of the two migrations.
stays()
{
    diff -r --no-dereference "$scratch/estate" "$scratch/target.into/estate" &&
        pg target audit verify >"$out" 2>"$err" &&
        [[ $(for id in "${committed[@]}"; do
            pg target receipt show --json "$id" | jq -r .shown.migration
        done) == "$(printf '%s\n' "${committed[@]}")" ]]
}

# begun_anew: what half of it is left of is nothing that a migration trusts.
begun_anew()
{
    listen target
    code target
    pg source migrate "$(at target)" "$scratch/estate" --name again \
        --code-file "$scratch/target.code" >"$out" 2>"$err" </dev/null &&
        diff -r --no-dereference "$scratch/estate" "$scratch/target.into/again"
    local status=$?
    crash "${listener_group[target]}"
    return "$status"
}

mapfile -t committed < <(pg target status --json | jq -r 'select(.state == "committed") | .id')
equal 'two migrations have a receipt' 2 "${#committed[@]}"
last=0
while pruned_at "$((last + 1))"; do last=$((last + 1)); done
bad=0
for n in $(points "$last"); do
    pruned_at "$n" || not_ok "prune, to be killed at $n, survived" "$out" "$err"
    if ! stays || { ((n % 3 == 0)) && ! begun_anew; } || ! pg target prune >"$out" 2>"$err" ||
        [[ -e $scratch/target.into/.pairgate ]] || ! stays; then
        not_ok "prune, killed at $n: the next one ends it" "$out" "$err"
        find "$scratch/target.into/.pairgate"
        bad=$((bad + 1))
    fi
    total=$((total + 1))
done
equal "prune: survived at $total of $last points" 0 "$bad"
printf 'killed at %d points in all\n' "$total"
