#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every write of what changes trust stores, published lists and the built-in CA: what
# is shown next is what was, or what was wanted, and nothing is damaged.
# long
. "$(dirname "$0")/killpoints.sh"

# in_trust, in_ca: what the state `work` holds, a line each; fails when something is damaged.
ids() { pg work trust list "$@" --json | jq -r '.. | objects | .sha256? // empty' | sort -u; }
in_trust()
{
    ids >"$scratch/ids" || return 1
    cat "$scratch/ids"
    echo published
    ids --published || return 1
    echo 'removed, and not trusted'
    ids --removed | comm -23 - "$scratch/ids" || return 1
    pg work trust status --json | jq -c '[.lists[] | {sequence, entries}]' || return 1
    healthy
}

# What it issues next is good.
in_ca()
{
    pg work ca show --json | jq -cS '[.. | objects | .spki_sha256? // empty] | sort | unique' || return 1
    pg work ca list --json | jq -c '[.. | objects | select(.serial?)] | length' || return 1
    pg work ca issue --request "$scratch/node.csr" --cert "$scratch/next.pem" >/dev/null 2>&1 || return 1
    sed '1,/END CERT/d' "$scratch/next.pem" >"$scratch/issuers.pem"
    openssl verify -CAfile "$scratch/issuers.pem" "$scratch/next.pem" >/dev/null || return 1
    healthy
}

healthy()
{
    local got=0
    pg work doctor --json >"$scratch/doctor" 2>/dev/null || got=$?
    ((got < 2))
}

# shown_after SENTENCE VIEW TEMPLATE ARGUMENT...
shown_after()
{
    local sentence=$1 view=$2 template=$3 n=0 bad=0 status old new seen
    shift 3
    fresh "$template"
    old=$($view) || { not_ok "$sentence: it is well before" "$scratch/doctor"; return; }
    fresh "$template"
    pg work "$@" >"$out" 2>"$err" </dev/null || { not_ok "$sentence works" "$out" "$err"; return; }
    new=$($view) || { not_ok "$sentence: it is well afterwards" "$scratch/doctor"; return; }
    while killed "$template" "$((++n))" "$@"; do
        if ! seen=$($view) || [[ $seen != "$old" && $seen != "$new" ]]; then
            bad=$((bad + 1))
            echo "$seen" >"$scratch/seen"
            not_ok "$sentence, killed at $n: the old or the new, whole" "$scratch/seen" "$scratch/doctor"
        fi
    done
    equal "$sentence: survives when no write is left to kill at" 0 "$status"
    equal "$sentence: $((n - 1)) kill points" 0 "$bad"
    if ((n == 1)); then not_ok "$sentence: it writes something"; fi
    total=$((total + n - 1))
}

ladder office
ca_new other 'Other Root'
other=$scratch/ca/other/cert.pem
member plain office
cp -a "$scratch/plain" "$scratch/both"
must both trust import "$other"
cp -a "$scratch/both" "$scratch/told"
must told trust publish "$other"
cp -a "$scratch/both" "$scratch/gone"
must gone trust remove -y "$(openssl x509 -in "$other" -outform DER | sha256sum | cut -c 1-64)"
which=$(openssl x509 -in "$other" -outform DER | sha256sum | cut -c 1-64)

shown_after 'trust import' in_trust plain trust import "$other"
shown_after 'trust remove' in_trust both trust remove -y "$which"
shown_after 'trust undo' in_trust gone trust undo "$which"
shown_after 'trust publish' in_trust both trust publish "$other"
shown_after 'trust unpublish' in_trust told trust unpublish -y "$other"

agent lab
must lab ca init --name 'Lab Root'
openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/node.key"
openssl req -new -key "$scratch/node.key" -subj /CN=node.example.com -addext subjectAltName=DNS:node.example.com \
    -out "$scratch/node.csr"
shown_after 'ca issue' in_ca lab ca issue --request "$scratch/node.csr" --cert "$scratch/node.pem"
shown_after 'ca crl' in_ca lab ca crl
shown_after 'ca root renew' in_ca lab ca root renew --same-key

printf 'killed at %d points in all\n' "$total"
