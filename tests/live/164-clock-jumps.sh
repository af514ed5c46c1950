#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The clock of one side is set while a migration runs, forwards and backwards: what it says is
# believed, what only has to last some seconds does, and once it is right again it goes on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clocks.sh"

hook_at target activate '[ -e "$PAIRGATE_STATE/may" ]'
touch "$scratch/target/may"
listen target
tree "$scratch/estate" 12

under_way hours
set_clock source 2
set_clock target -2
go_on
ends 0 "$migrating" 60 'two hours on at one side and back at the other change nothing'
same_tree hours "$scratch/estate" "$scratch/target.into/hours"
set_clocks 0

# expired SIDE HOURS PLACE: beyond what the certificates are good for.
expired()
{
    local name=$1$2
    under_way "$name"
    set_clock "$1" "$2"
    go_on
    ends 1 "$migrating" 60 "$name: no certificate is good then"
    check "$name: it is said why, and what to do" jq -eRs '[splits("\n") | fromjson?][-1] |
        [.error // .findings[]] | any(.[]; (.id | test("^PGP(1016|1052|1054)$")) and
        (.remedy | test("clock|resume")))' "$scratch/source.lines"
    check_not "$name: nothing is published" test -e "$scratch/target.into/$name"
    set_clocks 0
    run 0 source resume "$id" --json
    same_tree "$name" "$scratch/estate" "$scratch/target.into/$name"
}
expired source 10000
expired source -300
expired target 10000
expired target -300

# What the target has is on its disk a second later, whatever its clock says.
under_way durable
durable() { sqlite3 -readonly "$scratch/target/state.db" "SELECT count(*) FROM segment WHERE migration = '$id'"; }
set_clock target -2
before=$(durable)
go_on
more_durable() { (($(durable) > before)); }
check 'the journal goes on' wait_for 20 more_durable
set_clocks 0
ends 0 "$migrating" 60 'and the migration ends well'

relay net target
under_way away net
network net down
go_on
trouble() { grep '"trouble"' "$scratch/source.lines"; }
wait_for 60 trouble || die 'the source notices'
set_clock source 2
check_not 'two hours by the clock are no hour of trying' wait_for 4 process_has_ended "$migrating"
network net back
ends 0 "$migrating" 60 'it goes on'
same_tree away "$scratch/estate" "$scratch/target.into/away"
set_clocks 0
relay_end net

# A hook that failed is run again after seconds, not when the clock is where it was.
rm "$scratch/target/may"
under_way owed
go_on
ends 0 "$migrating" 60 'it is committed'
wait_for 20 grep -q PGA1608 "$scratch/target.events.err" || die 'the hook fails'
set_clock target -20
touch "$scratch/target/may"
activated() { [[ $(pg target audit show --json | jq -s "[.[] | select(.subject == \"$id\" and .details.hook == \"target-activate\" and .details.status == 0)] | length") -ge 1 ]]; }
check 'what is owed is done although the clock went back' wait_for 30 activated
set_clocks 0
for side in source target; do run 0 "$side" audit verify; done
listen_end target
