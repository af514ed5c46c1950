#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The example of docs/integrating.md: an appliance that is a directory and a service. It moves
# while the service writes; the target goes on where the source stopped, and when the target
# does not want it, the source goes on.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
for side in source target; do
    mkdir -m 700 "$scratch/$side/hooks"
    cp "$live_root/examples/directory/"{appliance,service} "$scratch/$side/hooks/"
    for hook in freeze thaw retire import activate; do
        ln -s appliance "$scratch/$side/hooks/$side-$hook"
    done
done
tree "$scratch/estate" 24
chmod 755 "$scratch/estate"

service() { echo "$scratch/source/hooks/service"; }
notes() { wc -l <"$1/notes"; }
grows() { local n; n=$(notes "$1"); wait_for 10 more_than "$1" "$n"; }
more_than() { [[ $(notes "$1") -gt $2 ]]; }
runs() { [[ -e $1.pid ]] && kill -0 "$(cat "$1.pid")"; }
is_whole() { awk '$0 != NR { exit 1 }' "$1/notes"; }
end_services()
{
    local pid
    for pid in "$scratch"/*.pid "$scratch"/*/*.pid; do
        if [[ -e $pid ]]; then kill -KILL "$(cat "$pid")" 2>/dev/null || true; fi
    done
}
trap 'end_services; cleanup' EXIT

setsid "$(service)" "$scratch/estate" </dev/null >/dev/null 2>&1 &
wait_for 10 runs "$scratch/estate" || die 'the service runs'
check 'it writes' grows "$scratch/estate"
listen target

# ---- the target does not want it ----
rm "$scratch/target/hooks/target-import"
printf '#!/bin/sh\necho no licence for it; exit 1\n' >"$scratch/target/hooks/target-import"
chmod 700 "$scratch/target/hooks/target-import"
code target
run 2 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
check 'the source hears why' grep -q 'PGA1607' "$err"
check 'in the words of the target' grep -q 'no licence for it' "$err"
check 'its service runs again' runs "$scratch/estate"
check 'and writes' grows "$scratch/estate"
check 'no note is lost' is_whole "$scratch/estate"
check_not 'nothing is at the target' test -e "$scratch/target.into/estate"

# ---- it does ----
# Without what the failed try has copied, or there would be no time to write meanwhile.
# (It puts that away once it has told the source.)
wait_for 30 test -n "$(find "$scratch/target.into/.pairgate" -maxdepth 1 -name 'kept-*')" || true
run 0 target prune
ln -sf appliance "$scratch/target/hooks/target-import"
code target
before=$(notes "$scratch/estate")
migrate_start source target "$scratch/estate" --limit 4M --compress never --streams 1
wait_for 30 sent_at_least source 1 || die 'bytes travel'
check 'the service writes while its data moves' grows "$scratch/estate"
ends 0 "$migrating" 60 'the data moves'
check_not 'the service of the source has ended' runs "$scratch/estate"
check_not 'and does not start any more' "$(service)" "$scratch/estate"
"$(service)" "$scratch/estate" 2>"$scratch/told" || true
check 'it says where the data is' grep -q 'moved to target.example.com' "$scratch/told"
check 'the service of the target runs' wait_for 10 runs "$scratch/target.into/estate"
check 'and writes' grows "$scratch/target.into/estate"
last=$(notes "$scratch/estate")
check 'what was written meanwhile has arrived' test "$last" -gt "$before"
check 'no note is lost, and none is twice' is_whole "$scratch/target.into/estate"
check 'the first ones are those of the source' cmp -n "$(wc -c <"$scratch/estate/notes")" \
    "$scratch/estate/notes" "$scratch/target.into/estate/notes"
listen_end target
