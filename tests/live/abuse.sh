# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the scripts use, and what lib.sh sets
#
# Sourced behind lib.sh by scripts/abuse and by the live scripts of its kind: attackers
# (tests/support/attacker/attacker.c) and what a listener holds meanwhile.
attacker_program=${ATTACKER:-$(dirname "$PAIRGATE")/tests/attacker}
attackers=()
attack_nice=0 # of the attackers: so that they take what the listener leaves

attacker_needed()
{
    if [[ ! -x $attacker_program ]]; then skip 'no attacker: it needs the OpenSSL library (libssl-dev)'; fi
}

# besieged: agents source, friend and target; the last listens, and is called from another address too by way
# of `elsewhere`. as_stranger: attack's options for a certificate of the same CA that no agent has.
besieged()
{
    attacker_needed
    ladder office
    member source office
    member friend office
    member target office
    foreign stranger office
    as_stranger=(--chain "$scratch/stranger.pem" --key "$scratch/stranger.key")
    listen target
    relay elsewhere target --from 100
}

# attack TARGET WAY COUNT [OPTION VALUE]...: in the background, until attacks_end.
attack()
{
    local target=$1 way=$2 count=$3
    shift 3
    nice -n "$attack_nice" "$attacker_program" --seconds 600 "$@" "$way" "$count" "${listener_port[$target]}" \
        >"$scratch/attack.$way.json" 2>"$scratch/attack.$way.err" &
    attackers+=("$!")
}

# attacks_end: their reports are $scratch/attack.WAY.json.
attacks_end()
{
    local pid
    for pid in "${attackers[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${attackers[@]}"; do wait "$pid" 2>/dev/null || true; done
    attackers=()
}

# attacked WAY FIELD: begun, shaken, answers, refused, closed or cpu.
attacked() { jq -r ".$2" "$scratch/attack.$1.json"; }

# ---- what both processes of the listener NAME hold ----
agents_of() { pgrep -g "${listener_group[$1]}"; }
threads() { for pid in $(agents_of "$1"); do ls "/proc/$pid/task"; done | wc -l; }
descriptors() { for pid in $(agents_of "$1"); do ls "/proc/$pid/fd"; done | wc -l; }

# peak_mib NAME: resident, since it was asked for the last time.
peak_mib()
{
    local pid
    for pid in $(agents_of "$1"); do
        sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
        echo 5 >"/proc/$pid/clear_refs" || true
    done | awk '{ sum += $1 } END { print int(sum / 1024 + 0.5) }'
}

# holds_at_most NAME THREADS DESCRIPTORS
holds_at_most() { [[ $(threads "$1") -le $2 && $(descriptors "$1") -le $3 ]]; }
