#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Every file of a real state directory, cut short, emptied or with a bit flipped: every command
# ends by itself, says what is wrong and what to do, and `doctor` names the file.
. "$(dirname "$0")/lib.sh"

# ---- a state directory with everything in it ----
ladder office
ca_new other 'Other Root'
member node office
member target office
member peer office
request node
must node trust import "$scratch/ca/other/cert.pem"
must node trust publish "$scratch/ca/other/cert.pem"
must node store create lab
must node trust import --store lab "$scratch/ca/other/cert.pem"
must peer trust import "$scratch/ca/office-root/cert.pem"
must peer trust publish "$scratch/ca/office-root/cert.pem"
must peer trust export "$scratch/list.json"
must node trust adopt --confirm "$scratch/list.json"
must node trust export "$scratch/ours.json"
must peer trust adopt --confirm "$scratch/ours.json"
must peer trust status --export "$scratch/status.json"
must node trust status --import "$scratch/status.json"
must node trust remove -y --store lab "$(openssl x509 -in "$scratch/ca/other/cert.pem" -outform DER | sha256sum | cut -c 1-64)"
must node ca init --name 'Lab Root' --intermediate
openssl req -new -key "$scratch/ca/other/key.pem" -subj /CN=lab.example.com -addext subjectAltName=DNS:lab.example.com \
    -out "$scratch/lab.csr"
must node ca issue --request "$scratch/lab.csr" --cert "$scratch/lab.pem"
must node ca crl --out "$scratch/lab.crl"
must node trust import --store lab "$scratch/ca/other/cert.pem"
must node invite
must node doctor --backed-up
listen target
code target
tree "$scratch/estate" 9
migrate_start node target "$scratch/estate" --limit 1M --compress never --streams 1 --patience 1s
wait_for 60 sent_at_least node 4000000 || die 'a part is sent'
crash "$migrating"
listen_crash target
id=$(migration_of node)
node=$scratch/node
mkdir -p "$node/hooks"
chmod 700 "$node/hooks"
(umask 077 && echo 60 >"$node/hooks/seconds")
must node identity self-sign --replace-chain --confirm-within 20h
cp -a "$node" "$scratch/whole"

# ---- what is done to it, and who looks ----

# damage FILE HOW: true when that changed it.
damage()
{
    local n
    n=$(stat -c %s "$1")
    case $2 in
    emptied) : >"$1" ;;
    halved) # within a line
        n=$((n / 2))
        if [[ $(tail -c "+$n" "$1" | head -c 1 | od -An -c) == *'\n' ]]; then n=$((n - 2)); fi
        truncate -s "$n" "$1"
        ;;
    flipped)
        python3 - "$1" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    text = bytearray(file.read())
    for at in range(len(text) // 7, len(text), len(text) // 3 + 1):
        text[at] ^= 4
    file.seek(0)
    file.write(text)
END
        ;;
    esac
    ((n > 0))
}

# commands FILE: those that read it, a line each.
commands()
{
    echo doctor
    case $1 in
    identity/*) printf '%s\n' 'identity show' 'identity backups' 'chain show' ;;
    requests/*) printf '%s\n' 'request list' 'request new' ;;
    trust/*) printf '%s\n' 'trust list' 'trust list --published' 'trust list --removed' 'trust status' ;;
    ca/* | ca.issued/*) printf '%s\n' 'ca show' 'ca list' 'ca crl' ;;
    migrations/*) printf '%s\n' status "resume $id" "abort $id" ;;
    *) printf '%s\n' status invitations 'audit verify' 'identity services' "resume $id" ;;
    esac
}

# says_what_to_do STATUS: no signal ended it; what it refuses has an id and a remedy.
says_what_to_do()
{
    (($1 <= 2)) || return 1
    (($1 == 0)) || { grep -qE 'PG[A-Z][0-9]{4}' "$out" "$err" && grep -q 'Remedy' "$out" "$err"; }
}

# costs_nothing FILE: read again from the tree, or a note that only says when.
costs_nothing() { [[ $1 =~ ^trust/removed/|^migrations/.*/(digests|listed|changed|manifest)-|/seen$|^backed-up$|^services$|crl-number$|^hooks/seconds$ ]]; }

# names FILE: doctor tells of it, or of the folder of an identity or a request.
names()
{
    local folder=${1%/*}
    grep -qF -e "$1" -e "${1##*/}" "$out" && return
    [[ $folder =~ ^(identity|requests)/ ]] && grep -qF "$folder" "$out"
}

files=0
# looked_at FILE HOW
looked_at()
{
    local file=$1 how=$2 command words got
    rm -rf "$node"
    cp -a "$scratch/whole" "$node"
    damage "$node/$file" "$how" || return 0
    while read -r command <&3; do
        read -ra words <<<"$command"
        got=0
        pg node "${words[@]}" >"$out" 2>"$err" </dev/null || got=$?
        if ! says_what_to_do "$got"; then
            not_ok "$file, $how: $command ends with $got, and says what to do" "$out" "$err"
        elif [[ $command == doctor && $how != flipped ]] && ! costs_nothing "$file" && ! { ((got > 0)) && names "$file"; }; then
            not_ok "$file, $how: doctor names it ($got)" "$out" "$err"
        fi
    done 3< <(commands "$file")
    files=$((files + 1))
}

run 1 node doctor
while read -r file; do
    for how in emptied halved flipped; do looked_at "$file" "$how"; done
done < <(cd "$scratch/whole" && find . -type f ! -name lock ! -name hooks.lock ! -name '*-shm' -printf '%P\n' | sort)
ok "$files damaged states were looked at"

rm -rf "$node"
cp -a "$scratch/whole" "$node"
sqlite3 "$node/state.db" 'PRAGMA user_version = 999'
for command in status invitations 'audit verify' invite; do
    read -ra words <<<"$command"
    run 2 node "${words[@]}"
    check 'a database of a newer program is refused, and said so' grep -q PGB1006 "$err"
done
