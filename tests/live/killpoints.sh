# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Sourced by the scripts that kill -9 a command at every single write, rename, sync, unlink:
# before the next command there is the old or the new identity, whole, and after it nothing
# half-made is left.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"


so=${KILLPOINT_SO:-$(dirname "$PAIRGATE")/tests/killpoint.so}
if [[ ! -e $so ]]; then skip "no $so"; fi

printf 'correct horse battery staple\n' >"$scratch/passphrase"
chmod 600 "$scratch/passphrase"

pub_of_key() { openssl pkey -in "$1" -passin "file:$scratch/passphrase" -pubout 2>/dev/null; }
pub_of_leaf() { openssl x509 -in "$1" -noout -pubkey; }

# whole DIR: key and chain of the identity in use belong together, an anchor stands by a chain.
# What was found whole is not asked of openssl again.
declare -A known
whole()
{
    local current=$1/identity/current sum
    sum=$(cat "$current"/{key.pem,chain.pem,reason,anchor.pem} \
        "$current"/{client-key.pem,client-chain.pem,vouch} 2>/dev/null | cksum)
    if [[ ${known[$sum]:-} ]]; then return; fi
    [[ $(pub_of_key "$current/key.pem") == "$(pub_of_leaf "$current/chain.pem")" ]] || return 1
    if grep -qx 'origin chain' "$current/reason"; then
        openssl x509 -in "$current/anchor.pem" -noout || return 1
    fi
    if compgen -G "$current/client-*" >/dev/null || [[ -e $current/vouch ]]; then
        [[ $(pub_of_key "$current/client-key.pem") == "$(pub_of_leaf "$current/client-chain.pem")" ]] || return 1
        [[ $(grep -cE '^(server|client) ' "$current/vouch") == 2 ]] || return 1
    fi
    known[$sum]=1
}

leaf_of() { sed '/END CERT/q' "$1/identity/current/chain.pem"; }

left_over() { find "$1" -name '*.new' -o -name '*.old'; }

# every_request_answers DIR: no request is damaged.
every_request_answers() { [[ $(jq '.damaged | length' "$1") == 0 ]]; }

# fresh TEMPLATE: the state `work` is a copy of it again.
fresh()
{
    rm -rf "$scratch/work"
    cp -a "$scratch/$1" "$scratch/work"
}

# killed TEMPLATE N ARGUMENT...: on a fresh copy, at the Nth write; false once it survives: $status.
killed()
{
    local template=$1 n=$2
    shift 2
    fresh "$template"
    status=0
    LD_PRELOAD=$so KILLPOINT=$n pg work "$@" >"$out" 2>"$err" </dev/null || status=$?
    ((status == 137))
}

# killed_at_every_write SENTENCE TEMPLATE ARGUMENT...: N = 1, 2, … until the command survives.
total=0
killed_at_every_write()
{
    local sentence=$1 template=$2 n=0 status=137 bad=0 old new='' seen
    shift 2
    if [[ $template == empty ]]; then old=''; else old=$(leaf_of "$scratch/$template"); fi
    # Where it leads when nobody kills it.
    fresh "$template"
    pg work "$@" >"$out" 2>"$err" </dev/null || { not_ok "$sentence works" "$out" "$err"; return; }
    new=$(leaf_of "$scratch/work")
    while killed "$template" "$((++n))" "$@"; do
        if [[ ! -e $scratch/work/identity/current ]]; then
            if [[ $old ]]; then
                bad=$((bad + 1))
                not_ok "$sentence, killed at $n: an identity is in use"
            fi
            continue
        fi
        seen=$(leaf_of "$scratch/work")
        # Self-signed ones are new each time.
        if [[ $seen != "$old" && $seen != "$new" && $* != *self-sign* && $1 != init ]] ||
            ! whole "$scratch/work"; then
            bad=$((bad + 1))
            not_ok "$sentence, killed at $n: the old or the new identity, whole"
        fi
        # Any changing command takes the leftovers away; it need not succeed.
        pg work request drop 00000000 >/dev/null 2>&1 || true
        pg work identity backups --json >"$scratch/backups" 2>&1 || true
        if [[ $* == request* || $* == *-key* ]]; then
            pg work request list --json >"$scratch/requests" 2>&1 || true
        else
            echo '{"damaged":[]}' >"$scratch/requests"
        fi
        if [[ $(left_over "$scratch/work") ]] || ! whole "$scratch/work" ||
            ! every_request_answers "$scratch/requests" ||
            [[ $(jq '[.identities[] | select(.damage)] | length' "$scratch/backups") != 0 ]]; then
            bad=$((bad + 1))
            not_ok "$sentence, killed at $n: the next command leaves it clean" \
                "$scratch/backups" "$scratch/requests"
            left_over "$scratch/work"
        fi
    done
    equal "$sentence: survives when no write is left to kill at" 0 "$status"
    equal "$sentence: $((n - 1)) kill points" 0 "$bad"
    if ((n == 1)); then not_ok "$sentence: it writes something"; fi
    total=$((total + n - 1))
}

# plain_state: the agent `plain` with a chain, and a request whose answer is second.pem.
plain_state()
{
    ladder office
    agent plain
    request plain
    cp "$scratch/plain.csr" "$scratch/first.csr"
    leaf_sign office "$scratch/first.csr" "$scratch/first.pem"
    must plain chain upload "$scratch/first.pem"
    request plain
    leaf_sign office "$scratch/plain.csr" "$scratch/second.pem"
    pending=$(pg plain request list --json | jq -r '.requests[] | select(.used == null) | .id')
}
