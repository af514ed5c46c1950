#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whoever pairs again and again, and ends well, has its turn beside addresses that come as often and prove
# nothing: once a migration is under way strangers are let in slowly, and an attacker that begins now has
# come less often than it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/abuse.sh"
besieged
tree "$scratch/estate" 60
code target
migrate_start source target "$scratch/estate" --limit 200k --compress never --streams 2
wait_for 60 sent_at_least source 1000000 || die 'the migration moves'
for _ in {1..25}; do must friend pair "$(at elsewhere)" --peer-name target.example.com; done

attack target anonymous 200
wait_for 20 event_seen target '.event == "refused"' || die 'the attack has begun'
for _ in {1..3}; do run 0 friend pair "$(at elsewhere)" --peer-name target.example.com; done
attacks_end
check 'some were let in who proved nothing' test "$(attacked anonymous shaken)" -gt 0
check 'the migration is still under way' kill -0 "$migrating"
crash "$migrating"
listen_end target
