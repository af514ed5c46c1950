#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Every file of a real state directory, cut short, emptied or with a bit flipped: every command
# that reads it ends by itself, says what is wrong and what to do, and `doctor` names the file. A
# migration that goes on all the same brings the tree whole.
#
#   DAMAGES   how each file is damaged: `all` for every way; without it one, another for the next
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
migrate_start node target "$scratch/estate" --limit 6M --compress never --streams 1 --patience 1s
halt_at node 1000000 || die 'a part is sent'
crash "$migrating"
listen_crash target
id=$(migration_of node)
node=$scratch/node
mkdir -p "$node/hooks"
chmod 700 "$node/hooks"
(umask 077 && echo 60 >"$node/hooks/seconds")
for kept in node target target.into; do cp -a "$scratch/$kept" "$scratch/$kept.whole"; done
must node identity self-sign --replace-chain --confirm-within 20h
cp -a "$node" "$scratch/node.changed"

# back DIR [STATE]: as it was.
back()
{
    rm -rf "${scratch:?}/$1"
    cp -a "$scratch/$1.${2:-whole}" "$scratch/$1"
}

# target_back: the target as it was when the source was killed, if something came since; it listens.
target_moved=yes
target_back()
{
    if [[ $target_moved == no ]]; then return; fi
    group_is_gone "${listener_group[target]}" >"$out" || listen_crash target
    back target
    back target.into
    listen target
    target_moved=no
}

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

# What reads a file: a pattern of its name, and the commands with commas; the first that fits.
readers=(
    '^identity/(change|rollback)'   'identity show,identity confirm'
    '^identity/1/'                  'identity backups,identity restore 1'
    '^identity/.*/(chain|key)\.pem' "identity show,chain show,resume $id"
    '^identity/'                    'identity show,identity backups'
    '^requests/'                    'request list,request new'
    '^trust/removed/'               'trust list --removed'
    '^trust/published/'             'trust list --published,trust status'
    '^trust/holders/'               'trust status'
    '^trust/anchors/'               "trust list,resume $id"
    '^trust/'                       'trust list --store lab'
    '^ca/|^ca\.issued/'             'ca show,ca list,ca crl'
    '^migrations/.*/plan'           "status,resume $id,abort $id"
    '^migrations/'                  "status,resume $id"
    '^services'                     'identity services'
    '^state\.db'                    "status,invitations,invite,audit verify,resume $id"
    ''                              'status'
)

# commands FILE: those that read it, a line each.
commands()
{
    local i
    echo doctor
    for ((i = 0; i < ${#readers[@]}; i += 2)); do
        if [[ $1 =~ ${readers[i]} ]]; then
            tr ',' '\n' <<<"${readers[i + 1]}"
            return
        fi
    done
}

# damages N: those of the N-th file, a line each.
damages()
{
    local -r ways=(emptied halved flipped)
    if [[ ${DAMAGES:-one} == all ]]; then printf '%s\n' "${ways[@]}"; else echo "${ways[$1 % 3]}"; fi
}

# says_what_to_do STATUS: no signal ended it; what it refuses has an id and a remedy.
says_what_to_do()
{
    (($1 <= 2)) || return 1
    (($1 == 0)) || { grep -qE 'PG[A-Z][0-9]{4}' "$out" "$err" && grep -q 'Remedy' "$out" "$err"; }
}

# costs_nothing FILE: read again from the tree, or a note that only says when, or what SQLite drops as
# it does after a power cut.
costs_nothing() { [[ $1 =~ ^migrations/.*/(digests|listed|changed)-|/seen$|^backed-up$|^services$|crl-number$|^hooks/seconds$|^state\.db-wal$ ]]; }

# names FILE: doctor tells of it, of the folder of an identity or a request, of a whole listing.
names()
{
    local folder=${1%/*}
    grep -qF -e "$1" -e "${1##*/}" "$out" && return
    if [[ $1 =~ manifest-[0-9]+ ]]; then folder=$folder/${BASH_REMATCH[0]}; fi
    [[ $folder =~ ^(identity|requests)/|manifest- ]] && grep -qF "$folder" "$out"
}

# is_told FILE HOW COMMAND: what COMMAND, run on the damaged state, says of it.
is_told()
{
    local file=$1 how=$2 command=$3 words got=0
    read -ra words <<<"$command"
    if [[ $command =~ ^(resume|abort) ]]; then target_back; fi
    pg node "${words[@]}" >"$out" 2>"$err" </dev/null || got=$?
    if [[ $command == abort* || $command == resume* && $got == 0 ]]; then target_moved=yes; fi
    if ! says_what_to_do "$got"; then
        not_ok "$file, $how: $command ends with $got, and says what to do" "$out" "$err"
    elif [[ $command == doctor && $how != flipped ]] && ! costs_nothing "$file" && ! { ((got > 0)) && names "$file"; }; then
        not_ok "$file, $how: doctor names it ($got)" "$out" "$err"
    elif [[ $command == resume* && $got == 0 ]]; then
        same_tree "$file, $how: $command" "$scratch/estate" "$scratch/target.into/estate"
    fi
}

states=0
# looked_at STATE FILE HOW
looked_at()
{
    local command
    back node "$1"
    damage "$node/$2" "$3" || return 0
    while read -r command <&3; do
        is_told "$2" "$3" "$command"
    done 3< <(commands "$2")
    states=$((states + 1))
}

# files STATE: those in it.
files() { (cd "$scratch/node.$1" && find . -type f ! -name lock ! -name hooks.lock ! -name '*-shm' -printf '%P\n' | sort); }

n=0
while read -r state file; do
    n=$((n + 1))
    while read -r how; do looked_at "$state" "$file" "$how"; done < <(damages "$n")
done < <(files whole | sed 's/^/whole /' && comm -13 <(files whole) <(files changed) | sed 's/^/changed /')
ok "$states damaged states of $n files were looked at"

back node
sqlite3 "$node/state.db" 'PRAGMA user_version = 999'
for command in status invitations 'audit verify' invite; do
    read -ra words <<<"$command"
    run 2 node "${words[@]}"
    check 'a database of a newer program is refused, and said so' grep -q PGB1006 "$err"
done

back node
: >"$node/state.db"
rm -f "$node"/state.db-*
for command in status invitations 'audit verify' invite; do
    read -ra words <<<"$command"
    run 2 node "${words[@]}"
    check 'an emptied database is not taken for new' grep -q PGB1005 "$err"
done
printf 'survived %d damaged states in all\n' "$states"
