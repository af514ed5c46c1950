#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The power is cut at every write of what changes the state directory: the old or the new, whole,
# and what a command has told is there.
. "$(dirname "$0")/powercut.sh"

node=$scratch/node
pub_of_key() { openssl pkey -in "$1" -passin "file:$scratch/passphrase" -pubout 2>/dev/null; }
sha256() { openssl x509 -in "$1" -outform DER | sha256sum | cut -c 1-64; }

# ---- what is shown, a line each; fails when something is damaged ----

in_identity()
{
    pg node identity show --json | jq -r '.. | objects | .spki_sha256? // empty' | sort -u || return 1
    [[ $(pub_of_key "$node/identity/current/key.pem") == \
    "$(openssl x509 -in "$node/identity/current/chain.pem" -noout -pubkey)" ]]
}

in_trust()
{
    pg node trust list --json | jq -r '.. | objects | .sha256? // empty' | sort -u || return 1
    pg node trust list --published --json | jq -r '"published", (.. | objects | .sha256? // empty)' || return 1
    pg node trust status --json | jq -c '[.lists[] | {sequence, entries}]'
    find "$node/trust/crls" -name '*.pem' -exec sha256sum {} + 2>/dev/null | cut -c 1-64 | sort || true
}

in_stores() { pg node store list --json | jq -c '[.. | objects | select(.store? // .name?) | [.store // .name, .entries]]'; }

in_requests() { pg node request list --json | jq -r '"damaged \(.damaged | length)", .requests[].id'; }

in_ca()
{
    [[ -d $node/ca ]] || return 0
    pg node ca show --json | jq -cS '[.. | objects | .spki_sha256? // empty] | sort | unique' || return 1
    pg node ca list --json | jq -c '[.. | objects | select(.serial?) | .revoked]' || return 1
    cat "$node/ca.issued/crl-number" 2>"$err" || true
}

in_database()
{
    pg node invitations --json | jq -c length || return 1
    pg node admin list --json | jq -c .
}

healthy()
{
    local got=0
    pg node doctor --json >"$out" 2>"$err" || got=$?
    ((got < 2)) && pg node audit verify >"$out" 2>"$err" &&
        [[ $(sqlite3 "$node/state.db" 'PRAGMA integrity_check') == ok ]]
}

views=(in_identity in_trust in_stores in_requests in_ca in_database)

# ---- the steps ----

declare -A before after

see()
{
    local view
    for view in "${views[@]}"; do eval "$1[\$view]=\$(\$view 2>&1)"; done
}

# old_or_new OPERATIONS FATE LABEL
old_or_new()
{
    local view seen seen_by=("${views[@]}")
    if [[ ${POWERCUTS:-} != all ]]; then seen_by=("${view_of[$step]}"); fi
    for view in "${seen_by[@]}"; do
        if seen=$($view 2>"$err") && [[ $seen == "${after[$view]}" || ($3 != *-done &&
            $seen == "${before[$view]}") ]]; then continue; fi
        printf '%s\n' "$seen" >"$scratch/seen"
        not_ok "$step, cut after $1 operations ($2, $3): $view" "$scratch/seen" "$err"
        return 1
    done
    if healthy; then return; fi
    not_ok "$step, cut after $1 operations ($2, $3): all is well" "$out" "$err"
    return 1
}

steps=()
declare -A view_of

# does STEP VIEW ARGUMENT...: a command, written down; what it changed is remembered.
does()
{
    step=$1
    view_of[$step]=$2
    shift 2
    label "$step"
    logged must node "$@"
    label "$step-done"
    steps+=("$step")
    rm -rf "$scratch/kept-$step"
    cp -a "$node" "$scratch/kept-$step"
}

# does_later STEP VIEW ARGUMENT...: the same, two hours later.
does_later()
{
    printf '%b' '\x20\x1c\0\0\0\0\0\0' >"$scratch/later" # 7200, little-endian
    LATER=$scratch/later writelog="${LATER_SO:-$(dirname "$PAIRGATE")/tests/later.so} $writelog" does "$@"
}

# shows STEP WHERE: what that state shows, as `before` or `after`.
shows()
{
    rm -rf "$node"
    cp -a "$scratch/kept-$1" "$node"
    see "$2"
}

printf 'correct horse battery staple\n' >"$scratch/passphrase"
chmod 600 "$scratch/passphrase"
ladder office
ca_new other 'Other Root'
other=$scratch/ca/other/cert.pem
foreign moved office
chmod 600 "$scratch/moved.key"
openssl req -new -key "$scratch/moved.key" -subj /CN=lab.example.com -addext subjectAltName=DNS:lab.example.com \
    -out "$scratch/lab.csr"

member peer office
must peer trust publish "$other"
must peer trust export "$scratch/list.json"

watch "$node"
does init in_identity init --name node.example.com
does request in_requests request new --cn node.example.com --san DNS:node.example.com
openssl req -in "$(find "$node/requests" -name request.pem)" -out "$scratch/node.csr"
leaf_sign office "$scratch/node.csr" "$scratch/node.pem"
does upload in_identity chain upload "$scratch/node.pem"
does import in_identity identity import --cert "$scratch/moved.pem" --key "$scratch/moved.key" --confirm-within 1h
does confirm in_identity identity confirm
does undo in_identity chain undo
does waiting in_identity identity restore 3 --confirm-within 1h
does_later rollback in_identity identity show
does encrypt in_identity identity encrypt-key --passphrase-file "$scratch/passphrase"
does trust in_trust trust import "$other"
does publish in_trust trust publish "$other"
does remove in_trust trust remove -y --force "$(sha256 "$other")"
does trust-undo in_trust trust undo "$(sha256 "$other")"
does store in_stores store create lab
does entry in_stores trust import --store lab "$other"
does ca in_ca ca init --name 'Lab Root'
does issue in_ca ca issue --request "$scratch/lab.csr" --cert "$scratch/lab.pem"
does revoke in_ca ca revoke "$(openssl x509 -in "$scratch/lab.pem" -noout -serial | cut -d = -f 2)"
does crl in_ca ca crl --out "$scratch/lab.crl"
does anchor in_trust trust import "$node/ca/chain.pem"
does import-crl in_trust trust import-crl "$scratch/lab.crl"
does adopt in_trust trust adopt --confirm "$scratch/list.json"
does invite in_database invite
check 'the log is complete' log_is_complete

shows init before
for step in "${steps[@]}"; do
    shows "$step" after
    if [[ $step == init ]]; then continue; fi
    each_state "$step" "$step-done" "$node" "4" old_or_new
    equal "$step: $distinct states of $states, at $prefixes writes, are the old or the new" 0 "$bad"
    shows "$step" before
done
printf 'survived %d power cuts in all\n' "$total"
