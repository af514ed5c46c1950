#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# doctor: well, attention, broken, as text, as JSON and as an exit status for monitoring.
. "$(dirname "$0")/lib.sh"

# shows SENTENCE TEXT...: the last command printed each of them.
shows()
{
    local sentence=$1 text
    shift
    for text; do check "$sentence: $text" grep -qF -- "$text" "$out" "$err"; done
}

# finds SENTENCE ID SEVERITY
finds()
{
    check "$1" jq -e --arg id "$2" --arg severity "$3" \
        'any(.findings[]; .id == $id and .severity == $severity and .remedy != "")' "$out"
}

run 2 nobody doctor
run 64 nobody doctor --within soon
run 64 nobody doctor --policy lax

# ---- attention: fresh from init; well: with a chain ----
agent node
run 1 node doctor
shows 'a self-signed appliance wants attention' PGA4027 'Health      attention'
ladder office
enrol node office days=90
run 0 node doctor
shows 'one screen' 'Health      well' 'node.example.com' 'days left' 'CA-Racine' 'Policy      default' \
    'wolfSSL     ' 'FIPS-validated module: no'
run 0 node doctor --json
check 'the JSON has it all' jq -e '.health == "well" and .wolfssl.fips_validated == false and
    (.identity.rungs | length) == 3 and (.identity.rungs[0].days_left | . == 89 or . == 90) and
    .policy == "default" and .anchors.count == 1' "$out"
run 1 node doctor --within 100d --json
finds 'within 100 days there is something' PGA4020 warning
equal 'and what it is' 0 "$(jq '[.findings[] | select(.id == "PGA4020")][0].rung' "$out")"
run 0 node doctor --within 80d

# ---- what pairing would refuse today ----
cp "$scratch/node/identity/current/chain.pem" "$scratch/good.pem"
openssl req -new -key "$scratch/node/identity/current/key.pem" -subj /CN=node.example.com \
    -addext subjectAltName=DNS:node.example.com -out "$scratch/again.csr"
leaf_sign office "$scratch/again.csr" "$scratch/server.pem" eku=serverAuth
plant node "$scratch/server.pem"
run 2 node doctor --json
check 'a chain that pairing would refuse is broken' \
    jq -e 'any(.findings[]; .rule == "leaf-eku" and .severity == "error")' "$out"
leaf_sign office "$scratch/again.csr" "$scratch/over.pem" days=-1 || true
if [[ -s $scratch/over.pem.leaf ]]; then
    plant node "$scratch/over.pem"
    run 2 node doctor --json
    finds 'an expired leaf is broken' PGA4021 error
fi
leaf_sign office "$scratch/again.csr" "$scratch/enciphers.pem" ku=keyEncipherment
plant node "$scratch/enciphers.pem"
run 0 node doctor --json
finds 'what asks nothing of this appliance is told, and wakes nobody' PGC1153 note
plant node "$scratch/good.pem"
run 0 node doctor

# ---- permissions ----
chmod 644 "$scratch/node/identity/current/key.pem"
run 2 node doctor --json
finds 'a key that others can read is broken' PGA4022 error
run 2 node doctor
shows 'with the command that mends it' 'chmod 600'
chmod 600 "$scratch/node/identity/current/key.pem"
chmod 755 "$scratch/node/requests"
run 1 node doctor --json
finds 'an open directory wants attention' PGA4022 warning
chmod 700 "$scratch/node/requests"
chmod 755 "$scratch/node"
run 2 node doctor
chmod 700 "$scratch/node"
mv "$scratch/node/identity/current/chain.pem" "$scratch/aside"
run 2 node doctor --json
check 'a damaged identity is broken' jq -e '.health == "broken" and .identity == null' "$out"
mv "$scratch/aside" "$scratch/node/identity/current/chain.pem"

# ---- anchors ----
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$scratch/soon.key" -subj '/CN=Soon CA' \
    -days 5 -addext keyUsage=critical,keyCertSign -out "$scratch/soon.pem" 2>/dev/null
run 0 node trust import "$scratch/soon.pem"
run 1 node doctor --json
finds 'an anchor that ends soon wants attention' PGA4024 warning
faketime '-400 days' openssl req -x509 -key "$scratch/soon.key" -subj '/CN=Soon CA' -days 30 \
    -addext keyUsage=critical,keyCertSign -out "$scratch/past.pem" 2>/dev/null
run 0 node trust import "$scratch/past.pem"
run 0 node doctor --within 1d --json
finds 'an expired one with a renewal of the same key is a note' PGA4024 note
run 0 node trust remove -y "$(openssl x509 -in "$scratch/past.pem" -outform DER | sha1sum | cut -c 1-40)"
run 0 node trust remove -y "$(openssl x509 -in "$scratch/soon.pem" -outform DER | sha1sum | cut -c 1-40)"

# ---- backups (M-34) ----
run 0 node doctor --json
finds 'no backup known is a note' PGA4025 note
run 0 node doctor --backed-up
run 0 node doctor --json
check 'a backup is remembered' jq -e '.backed_up != null and .findings == []' "$out"
sleep 1
enrol node office
run 1 node doctor --json
finds 'a backup older than the certificate wants attention' PGA4025 warning
run 0 node doctor --backed-up

# ---- the published list ----
member other office
run 0 node trust publish "$scratch/soon.pem"
run 0 node trust export "$scratch/list.json"
run 0 other trust adopt "$scratch/list.json"
run 0 other trust status --export "$scratch/other.json"
run 0 node trust status --import "$scratch/other.json"
run 0 node doctor
run 0 node trust publish "$scratch/ca/office-root/cert.pem"
run 1 node doctor --json
finds 'an appliance that is behind is told' PGA4026 warning
sed -i -e 's/^issued .*/issued 2026-01-01T00:00:00Z/' -e 's/^expires .*/expires 2026-01-02T00:00:00Z/' "$scratch"/other/trust/published/*.pem
run 1 other doctor --within 1d --json
finds 'an adopted list that is over is told' PGA4026 warning

# ---- clock ----
if ! is_sanitized; then
    got=0
    PAIRGATE_STATE=$scratch/node timeout 20 faketime '2020-01-01' "$PAIRGATE" doctor --json >"$out" || got=$?
    equal 'a clock before everything is broken' 2 "$got"
    finds 'and told as such' PGA4023 error
fi
