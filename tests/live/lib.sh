# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # what the scripts use
#
# Sourced by every live script: real agents in a scratch directory on the loopback.
#
#   PAIRGATE   the program under test; build/release/pairgate when it is not set
#
# A script is a list of checks. A check that fails is told at once and counted; the script goes
# on, and ends with status 1. Nothing waits a fixed time: wait_for polls until a deadline.
set -euo pipefail
export LC_ALL=C TZ=UTC
unset PAIRGATE_STATE SSLKEYLOGFILE CDPATH COLUMNS

live_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PAIRGATE=$(realpath "${PAIRGATE:-$live_root/build/release/pairgate}")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pairgate-live.XXXXXX")
out=$scratch/out # what the last command printed
err=$scratch/err
held=0
broken=0
mounts=() # file systems mounted here
declare -A groups=() # process groups started here, each one agent, leader and all: when it was born
command_seconds=120

# A sanitizer's report is a failure whatever the exit status; reports are files san.<pid>.
san=$scratch/san
export ASAN_OPTIONS="log_path=$san:exitcode=99:detect_leaks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="log_path=$san:exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="log_path=$san:exitcode=99:${TSAN_OPTIONS:-}"

# ---- checks ----

ok()
{
    held=$((held + 1))
    printf 'ok: %s\n' "$1"
}

# not_ok SENTENCE [FILE...]: what was seen is shown below the sentence.
not_ok()
{
    local file
    broken=$((broken + 1))
    printf 'BROKEN: %s\n' "$1"
    shift
    for file; do
        if [[ -s $file ]]; then
            printf -- '--- %s\n' "${file##*/}"
            tail -n 30 "$file"
        fi
    done
}

# check SENTENCE COMMAND...: the command must succeed.
check()
{
    local sentence=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then ok "$sentence"; else
        not_ok "$sentence" "$scratch/check.log"
    fi
}

# check_not SENTENCE COMMAND...: the command must fail.
check_not()
{
    local sentence=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        not_ok "$sentence" "$scratch/check.log"
    else
        ok "$sentence"
    fi
}

# equal SENTENCE WANT GOT
equal()
{
    if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1: wanted '${2:0:500}', got '${3:0:500}'"; fi
}

die()
{
    not_ok "$1"
    exit 1
}

# skip REASON: the whole script; ctest calls status 77 skipped.
skip()
{
    printf 'skipped: %s\n' "$1"
    exit 77
}

# is_sanitized: the program is built with ASan or TSan. (Not with grep -q: under pipefail an
# early end of the pipe's reader is a failure of its writer.)
is_sanitized() { nm "$PAIRGATE" 2>/dev/null | grep '__asan_init\|__tsan_init' >/dev/null; }

# is_counted: the program is built for scripts/coverage.
is_counted() { nm "$PAIRGATE" 2>/dev/null | grep '__gcov_init' >/dev/null; }

# wait_for SECONDS COMMAND...: until it succeeds, asked every $pause seconds (0.05); false when the time is over.
wait_for()
{
    local end=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        if ((SECONDS >= end)); then return 1; fi
        sleep "${pause:-0.05}"
    done
}

# look PID: its state and its birth, in ticks since the machine's, to $state and $birth; false when
# there is none. (A bare return would not do: in a trap its status is the one from before the trap.)
look()
{
    local stat field
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra field <<<"${stat##*) }"
    state=${field[0]} birth=${field[19]}
}

# own PID: the leader of a process group of ours.
own()
{
    local state birth=''
    look "$1" || true
    groups[$1]=$birth
}

# is_another PID: the number is somebody else's by now: they come round within minutes here.
is_another()
{
    local state birth
    [[ -v groups[$1] ]] && look "$1" && [[ ${groups[$1]} != "$birth" ]]
}

process_has_ended()
{
    local state birth
    look "$1" || return 0
    [[ $state == [ZX] ]] || is_another "$1"
}

# ---- the end ----

kill_groups()
{
    local group
    for group in "${!groups[@]}"; do
        is_another "$group" || kill -KILL -- "-$group" 2>/dev/null || true
    done
    groups=()
}

cleanup()
{
    local status=$? command=$BASH_COMMAND report mount
    trap - EXIT
    set +e
    kill_groups
    if ((status != 0 && status != 77 && broken == 0)); then
        not_ok "the script ends by itself, and not with $status at: $command" "$out" "$err"
    fi
    wait 2>/dev/null
    for report in "$san".*; do
        if [[ -e $report ]]; then not_ok "no sanitizer complains" "$report"; fi
    done
    for mount in "${mounts[@]}"; do umount -l "$mount"; done
    printf 'checks: %d held, %d broken\n' "$held" "$broken"
    if [[ ${PAIRGATE_KEEP:-} ]]; then printf 'kept: %s\n' "$scratch"; else rm -rf "$scratch"; fi
    if ((status == 0 && broken > 0)); then status=1; fi
    exit "$status"
}
trap cleanup EXIT
trap 'exit 143' TERM INT HUP

# ---- agents ----

# pg NAME ARGUMENT...: a pairgate command on the state directory of agent NAME.
pg()
{
    local name=$1
    shift
    PAIRGATE_STATE=$scratch/$name timeout -k 5 "$command_seconds" "$PAIRGATE" "$@"
}

# run STATUS NAME ARGUMENT...: the same, which must end with STATUS; see $out and $err.
run()
{
    local want=$1 name=$2 got=0
    shift 2
    pg "$name" "$@" >"$out" 2>"$err" </dev/null || got=$?
    if [[ $got == "$want" ]]; then
        ok "$name: pairgate $* ends with $want"
        return
    fi
    not_ok "$name: pairgate $* ends with $want, not $got" "$out" "$err"
}

# must NAME ARGUMENT...: a step of the preparation; the script stops when it fails.
must()
{
    local name=$1
    shift
    if pg "$name" "$@" >"$out" 2>"$err" </dev/null; then return; fi
    not_ok "$name: pairgate $* succeeds" "$out" "$err"
    exit 1
}

# agent NAME [KEY]: a fresh state directory whose appliance is NAME.example.com.
agent() { must "$1" init --name "$1.example.com" ${2:+--key "$2"}; }

# request NAME [OPTION...]: a signing request in $scratch/NAME.csr.
request()
{
    local name=$1
    shift
    must "$name" request new --cn "$name.example.com" \
        --san "DNS:$name.example.com" --san IP:127.0.0.1 "$@"
    sed -n '/^-----BEGIN/,/^-----END/p' "$out" >"$scratch/$name.csr"
    if [[ -s $scratch/$name.csr ]]; then return; fi
    not_ok "$name: request new prints a request" "$out" "$err"
    exit 1
}

# enrol NAME CA [leaf_sign's OPTIONS]: a request signed by CA and uploaded as the chain.
enrol()
{
    local name=$1 ca=$2
    shift 2
    request "$name"
    leaf_sign "$ca" "$scratch/$name.csr" "$scratch/$name.pem" "$@"
    must "$name" chain upload "$scratch/$name.pem"
}

# enrol_split NAME CA [leaf_sign's OPTIONS]: a server leaf and a client leaf, uploaded as one.
enrol_split()
{
    local name=$1 ca=$2 use
    shift 2
    for use in server client; do
        request "$name" --purpose "$use"
        leaf_sign "$ca" "$scratch/$name.csr" "$scratch/$name.$use.pem" "eku=${use}Auth" "$@"
    done
    must "$name" chain upload "$scratch/$name.server.pem" "$scratch/$name.client.pem"
}

# member_split NAME CA [leaf_sign's OPTIONS]: agent and enrol_split.
member_split()
{
    agent "$1"
    enrol_split "$@"
}

# member NAME CA [leaf_sign's OPTIONS]: agent and enrol.
member()
{
    agent "$1"
    enrol "$@"
}

# plant NAME CHAIN: present this chain although `chain upload` would refuse it; its leaf has
# the key of the current identity.
plant() { cp "$2" "$scratch/$1/identity/current/chain.pem"; }

# spawn NAME LOG ARGUMENT...: in the background, a process group of its own: $spawned.
spawn()
{
    local name=$1 log=$2
    shift 2
    PAIRGATE_STATE=$scratch/$name setsid "$PAIRGATE" "$@" >>"$log" 2>>"$log.err" </dev/null &
    spawned=$!
    own "$spawned"
}

# worker_of NAME: the listener's process that speaks to peers; those after it serve manage.sock.
worker_of() { pgrep -P "${listener_group[$1]}" | head -n 1; }

group_is_gone() { ! pgrep -g "$1"; }

# crash GROUP: kill -9 of the whole agent.
crash()
{
    kill -KILL -- "-$1"
    wait "$1" 2>/dev/null || true
    wait_for 10 group_is_gone "$1" || die "a killed agent is gone"
}

# ends STATUS GROUP SECONDS SENTENCE: wait until it ends by itself.
ends()
{
    local got=0
    if ! wait_for "$3" process_has_ended "$2"; then
        not_ok "$4: it still runs after $3 s"
        kill -KILL -- "-$2" 2>/dev/null || true
        wait "$2" 2>/dev/null || true
        return
    fi
    wait "$2" || got=$?
    equal "$4" "$1" "$got"
}

# ---- the listener ----
# Of the listener NAME: listener_group[NAME], listener_port[NAME], $scratch/NAME.events
declare -A listener_group listener_port

# listen NAME [ARGUMENT...]: into $scratch/NAME.into. Started again, it takes the same port, once
# that is free: somebody else's connection may have been given it meanwhile.
listen()
{
    local name=$1 log=$scratch/$1.events skip end=$((SECONDS + 20))
    mkdir -p "$scratch/$name.into"
    touch "$log"
    skip=$(wc -l <"$log")
    until listen_once "$@"; do
        if ((SECONDS >= end)) || ! tail -n "+$((skip + 1))" "$log" | grep PGA1014 >/dev/null; then
            not_ok "$name: listen says where it listens" "$log" "$log.err"
            exit 1
        fi
        sleep 0.5
    done
    listener_group[$name]=$spawned
    listener_port[$name]=$(tail -n "+$((skip + 1))" "$log" |
        jq -r 'select(.event == "listening") | .address' | sed -n '1s/.*://p')
}

# listen_once NAME [ARGUMENT...]: $spawned, which speaks.
listen_once()
{
    local name=$1 log=$scratch/$1.events skip
    shift
    skip=$(wc -l <"$log")
    spawn "$name" "$log" listen --peer "127.0.0.1:${listener_port[$name]:-0}" \
        --into "$scratch/$name.into" --json "$@"
    wait_for 20 listener_speaks "$log" "$skip" && ! process_has_ended "$spawned"
}

listener_speaks()
{
    if process_has_ended "$spawned"; then return; fi
    tail -n "+$(($2 + 1))" "$1" | grep '"listening"'
}

# at NAME: the address of a listener.
at() { echo "127.0.0.1:${listener_port[$1]}"; }

# listen_end NAME: SIGTERM ends it cleanly and leaves no process behind.
listen_end()
{
    local group=${listener_group[$1]}
    kill -TERM "$group" 2>/dev/null || true
    ends 0 "$group" 20 "$1: SIGTERM ends the listener cleanly"
    check "$1: no process of the listener is left" wait_for 5 group_is_gone "$group"
}

# listen_crash NAME
listen_crash() { crash "${listener_group[$1]}"; }

# events NAME FILTER: a jq filter over the listener's events, one line each.
events() { jq -c "$2" "$scratch/$1.events"; }

# event_seen NAME FILTER: some event passes.
event_seen() { [[ -n $(events "$1" "select($2)" 2>/dev/null) ]]; }

# ---- a bad network ----
relay_program=${RELAY:-$(dirname "$PAIRGATE")/tests/relay}
declare -A relay_group

# relay NAME TARGET [OPTION...]: tests/support/relay/relay.c before the listener TARGET. NAME then
# is an address as good as TARGET: `at NAME`, and $scratch/NAME.code is TARGET's.
relay()
{
    local name=$1 target=$2 dir=$scratch/$1.relay
    shift 2
    rm -rf "$dir"
    mkdir "$dir"
    setsid "$relay_program" "$@" "$dir" "${listener_port[$target]}" >"$dir/log" 2>&1 &
    relay_group[$name]=$!
    own "$!"
    wait_for 10 test -s "$dir/port" || die "the relay listens: $(cat "$dir/log")"
    listener_port[$name]=$(cat "$dir/port")
    ln -sf "$scratch/$target.code" "$scratch/$name.code"
}

relay_end() { crash "${relay_group[$1]}"; }

# relayed NAME FIELD: up, down, connections or cuts so far.
relayed() { jq -r ".$2" "$scratch/$1.relay/counts" 2>/dev/null || echo 0; }

relayed_at_least() { [[ $(relayed "$1" "$2") -ge $3 ]]; }

# network NAME gone|down|back: nothing passes any more; connections break, new ones are refused;
# all is well again.
network()
{
    local dir=$scratch/$1.relay
    case $2 in
    gone) touch "$dir/silent" ;;
    down) touch "$dir/down" ;;
    back) rm -f "$dir/silent" "$dir/down" ;;
    esac
}

# code NAME [OPTION...]: an invitation in $scratch/NAME.code
code()
{
    local name=$1
    shift
    must "$name" invite "$@"
    (umask 077 && cp "$out" "$scratch/$name.code")
}

# nothing_moved NAME [SOURCE]: no byte of a tree has reached the listener NAME, and SOURCE
# knows of no migration.
nothing_moved()
{
    equal "$1: nothing is in its directory" '' \
        "$(find "$scratch/$1.into" -mindepth 1 ! -path "*/.pairgate" 2>/dev/null)"
    equal "$1: no payload byte was received" 0 "$(payload "$1")"
    if [[ ${2:-} ]]; then
        equal "$2: it knows of no migration" '' "$(migrations "$2")"
    fi
}

# payload NAME: bytes that the listener's migration events tell of.
payload()
{
    jq -s '[.[] | select(.event == "migration" or .event == "granted") | .bytes // 0] | add // 0' \
        "$scratch/$1.events"
}

# migrations NAME: their ids, a line each.
migrations()
{
    pg "$1" status --json 2>/dev/null </dev/null |
        jq -r 'if type == "array" then .[] elif .migrations then .migrations[] else . end
            | .migration // .id // empty' 2>/dev/null || true
}

# ---- refusals ----

headline='Unable to mutually authenticate and connect to the remote appliance. Please check the'
headline+=' source and target appliances has valid certificate chain uploaded which are signed by'
headline+=' the same CA.'

# finding_in FILE RULE [SIDE]: some error among the findings of a JSON answer.
finding_in()
{
    jq -e --arg rule "$2" --arg side "${3:-}" '.paired == false and
        any(.findings[]; .rule == $rule and .severity == "error" and ($side == "" or .side == $side))' \
        "$1"
}

# refused SOURCE TARGET RULE [SIDE] [-- OPTION...]: the connection check and a migration with
# a good code are both refused for RULE, both sides say so, and nothing moves.
refused()
{
    local source=$1 target=$2 rule=$3 side=''
    shift 3
    if [[ ${1:---} != -- ]]; then
        side=$1
        shift
    fi
    if [[ ${1:-} == -- ]]; then shift; fi
    run 1 "$source" pair "$(at "$target")" --json "$@"
    check "$source: the refusal names $rule ${side:+of the $side}" \
        finding_in "$out" "$rule" "$side"
    equal "$source: the refusal has the headline" "$headline" "$(jq -r .headline "$out")"
    run 1 "$source" pair "$(at "$target")" "$@"
    equal "$source: the text begins with the headline" "$headline" "$(head -n 1 "$out")"
    check "$target: it tells of the refusal" event_seen "$target" '.event == "refused"'
    if [[ ! -d $scratch/$source.tree ]]; then tree "$scratch/$source.tree" 1; fi
    code "$target"
    relay wire "$target"
    run 1 "$source" migrate "$(at wire)" "$scratch/$source.tree" --json \
        --code-file "$scratch/$target.code" "$@"
    no_payload_passed wire
    relay_end wire
    nothing_moved "$target" "$source"
}

# no_payload_passed RELAY: what it saw of the source is no more than a conversation, and less
# than a tree of 1 MiB.
no_payload_passed()
{
    check "the capture holds no payload: $(relayed "$1" up) bytes" \
        test "$(relayed "$1" up)" -le 131072
}

# pairs SOURCE TARGET [OPTION...]: the listener is alive and does take a good peer.
pairs()
{
    local source=$1 target=$2
    shift 2
    run 0 "$source" pair "$(at "$target")" --json "$@"
    equal "$source: paired with $target" true "$(jq .paired "$out")"
}

# ---- certificates, all by openssl ----

# key_new FILE KIND: ec, or rsa and its bits.
key_new()
{
    case $2 in
    ec) openssl ecparam -name prime256v1 -genkey -noout -out "$1" ;;
    rsa*) openssl genrsa -out "$1" "${2#rsa}" 2>/dev/null ;;
    *) die "key_new: no kind $2" ;;
    esac
}

serial() { echo "0x4$(openssl rand -hex 9)"; }

# ca_new DIR CN [ISSUER] [KIND]: $scratch/ca/DIR/{key,cert,chain}.pem, below ISSUER or a root.
ca_new()
{
    local dir=$scratch/ca/$1 cn=$2 issuer=${3:+$scratch/ca/$3} by
    mkdir -p "$dir"
    if [[ ! -e $dir/key.pem ]]; then key_new "$dir/key.pem" "${4:-ec}"; fi
    printf '%s\n' 'basicConstraints=critical,CA:TRUE' 'keyUsage=critical,keyCertSign,cRLSign' \
        'subjectKeyIdentifier=hash' >"$dir/ext"
    openssl req -new -key "$dir/key.pem" -subj "/O=Example/CN=$cn" -out "$dir/csr.pem"
    if [[ $issuer ]]; then
        by=(-CA "$issuer/cert.pem" -CAkey "$issuer/key.pem")
        echo 'authorityKeyIdentifier=keyid' >>"$dir/ext"
    else
        by=(-signkey "$dir/key.pem")
    fi
    openssl x509 -req -in "$dir/csr.pem" "${by[@]}" -set_serial "$(serial)" -days 3650 -sha256 \
        -extfile "$dir/ext" -out "$dir/cert.pem" 2>/dev/null
    cat "$dir/cert.pem" ${issuer:+"$issuer/chain.pem"} >"$dir/chain.pem"
}

# ladder NAME [ROOT-CN INTERMEDIATE-CN]: root NAME-root, and below it the CA NAME.
ladder()
{
    ca_new "$1-root" "${2:-CA-Racine}"
    ca_new "$1" "${3:-CA1-Inter}" "$1-root"
}

# leaf_sign CA CSR OUT [eku=LIST] [ku=ALSO] [san=LIST|none] [days=N] [at=DATE] [chain=FILE]:
# leaf and chain of CA in OUT. `at` (a date for faketime) is when it is signed.
leaf_sign()
{
    local dir=$scratch/ca/$1 csr=$2 to=$3 ku=digitalSignature option at=()
    local eku=serverAuth,clientAuth san='' days=365 chain=$scratch/ca/$1/chain.pem also_ku=''
    shift 3
    for option; do
        case $option in
        eku=*) eku=${option#*=} ;;
        san=*) san=${option#*=} ;;
        ku=*) also_ku=${option#*=} ;;
        days=*) days=${option#*=} ;;
        at=*) at=(faketime "${option#*=}") ;;
        chain=*) chain=${option#*=} ;;
        *) die "leaf_sign: $option" ;;
        esac
    done
    if openssl req -in "$csr" -noout -text | grep rsaEncryption >/dev/null; then
        ku+=,keyEncipherment
    fi
    ku+=${also_ku:+,$also_ku}
    if [[ ! $san ]]; then
        san=$(openssl req -in "$csr" -noout -text |
            sed -n '/Subject Alternative Name/{n;s/IP Address:/IP:/g;s/ //g;p}')
    fi
    {
        echo basicConstraints=critical,CA:FALSE
        echo "keyUsage=critical,$ku"
        echo subjectKeyIdentifier=hash
        echo authorityKeyIdentifier=keyid
        if [[ $eku != none ]]; then echo "extendedKeyUsage=$eku"; fi
        if [[ $san != none && $san ]]; then echo "subjectAltName=$san"; fi
    } >"$to.ext"
    "${at[@]}" openssl x509 -req -in "$csr" -CA "$dir/cert.pem" -CAkey "$dir/key.pem" \
        -set_serial "$(serial)" -days "$days" -sha256 -extfile "$to.ext" -out "$to.leaf" \
        2>"$to.log" || { cat "$to.log"; return 1; }
    cat "$to.leaf" "$chain" >"$to"
}

# foreign NAME CA [leaf_sign's OPTIONS]: a key and a chain that no agent has:
# $scratch/NAME.key, $scratch/NAME.leaf.pem, $scratch/NAME.chain.pem (its issuers), and both in $scratch/NAME.pem.
foreign()
{
    local name=$1 ca=$2
    shift 2
    key_new "$scratch/$name.key" ec
    openssl req -new -key "$scratch/$name.key" -subj "/O=Example/CN=$name.example.com" \
        -addext "subjectAltName=DNS:$name.example.com,IP:127.0.0.1" -out "$scratch/$name.csr"
    leaf_sign "$ca" "$scratch/$name.csr" "$scratch/$name.pem" "$@"
    cp "$scratch/$name.pem.leaf" "$scratch/$name.leaf.pem"
    cp "$scratch/ca/$ca/chain.pem" "$scratch/$name.chain.pem"
}

# long_ladder NAME N KIND: the CA NAME such that a leaf below it has N certificates in all.
long_ladder()
{
    local i below=''
    for ((i = 1; i < $2; i++)); do key_jobs "$1" "$i" "$2" "$3"; done
    wait_jobs
    for ((i = 1; i < $2; i++)); do
        local dir=$1-$i
        if ((i == $2 - 1)); then dir=$1; fi
        ca_new "$dir" "Rung $i" "$below" "$3"
        below=$dir
    done
}

# The keys of a ladder, two at a time: long RSA keys take their time.
jobs_running=()
key_jobs()
{
    local dir=$scratch/ca/$1-$2
    if (($2 == $3 - 1)); then dir=$scratch/ca/$1; fi
    mkdir -p "$dir"
    key_new "$dir/key.pem" "$4" &
    jobs_running+=($!)
    if ((${#jobs_running[@]} >= 2)); then wait_jobs; fi
}

wait_jobs()
{
    local job
    for job in "${jobs_running[@]}"; do wait "$job"; done
    jobs_running=()
}

# ---- trees ----

# tree DIR MIB: one big file of MIB mebibytes, many small ones, links, modes and odd names.
tree()
{
    local dir=$1 i
    mkdir -p "$dir"/{small/{a,b,c},empty,"with space"}
    if (($2 > 0)); then head -c "$(($2 * 1048576 + 4711))" /dev/urandom >"$dir/big"; fi
    for i in {1..60}; do
        head -c "$((i * 173))" /dev/urandom >"$dir/small/a/$i"
        printf 'file %d\n' "$i" >"$dir/small/b/file-$i.txt"
    done
    : >"$dir/small/c/nothing"
    printf 'odd\n' >"$dir/with space/"$'new\nline'
    printf 'odd\n' >"$dir/with space/"$'not-utf8-\xff'
    ln -s ../small/a/1 "$dir/with space/link"
    ln -s /nowhere/at/all "$dir/dangling"
    ln "$dir/small/a/60" "$dir/small/c/hard"
    chmod 4750 "$dir/small/a/2"
    chmod 0400 "$dir/small/a/3"
    chmod 0711 "$dir/empty"
    touch -d '2001-02-03T04:05:06.123456789Z' "$dir/small/a/4" "$dir/empty"
    touch -h -d '2002-03-04T05:06:07.5Z' "$dir/dangling"
    touch -d '2003-04-05T06:07:08Z' "$dir"
}

# same_tree SENTENCE A B: contents, links, modes and times.
same_tree()
{
    check "$1: diff finds nothing" diff -r --no-dereference "$2" "$3"
    equal "$1: rsync finds nothing" '' \
        "$(rsync -aHAXSn --checksum --itemize-changes --delete "$2/" "$3/" 2>&1)"
    equal "$1: times to the nanosecond" '' "$(diff <(facts "$2") <(facts "$3"))"
}

facts()
{
    # How many names a directory has is its file system's.
    (cd "$1" && find . \( -type d -printf '%P %y %#m %T+\0' \) -o -printf '%P %y %#m %n %T+ %l\0' |
        sort -z | tr '\0' '\n')
}

# ---- migrations ----

# migrate_start SOURCE TARGET DIR [OPTION...]: in the background; its lines are in
# $scratch/SOURCE.lines, its group in $migrating.
migrate_start()
{
    local source=$1 target=$2 dir=$3
    shift 3
    spawn "$source" "$scratch/$source.lines" migrate "$(at "$target")" "$dir" \
        --code-file "$scratch/$target.code" --json "$@"
    migrating=$spawned
}

# bytes_sent NAME: that the target has accepted, as the newest progress line says.
bytes_sent()
{
    jq -R 'fromjson? | select(.event == "progress") | .accepted' "$scratch/$1.lines" | tail -n 1
}

sent_at_least() { [[ $(bytes_sent "$1") -ge $2 ]]; }

# halt_at NAME BYTES: the migration is stopped, so much being sent.
halt_at() { wait_for 60 sent_at_least "$1" "$2" && kill -STOP -- "-$migrating"; }

go_on() { kill -CONT -- "-$migrating"; }

# migration_of NAME: the id that its lines tell.
migration_of()
{
    jq -rR 'fromjson? | .migration // empty' "$scratch/$1.lines" | sed -n 1p
}

# hook_at SIDE STEP BODY: the body runs in the state directory.
hook_at()
{
    mkdir -p "$scratch/$1/hooks"
    printf '#!/bin/sh\ncd "$PAIRGATE_STATE" || exit\n%s\n' "$3" >"$scratch/$1/hooks/$1-$2"
    chmod 700 "$scratch/$1/hooks" "$scratch/$1/hooks/$1-$2"
}

# stands SIDE: state and owner of the migration $id, as that side says.
# shellcheck disable=SC2154 # the script that asks has set it
stands() { pg "$1" status "$id" --json | jq -r '"\(.state) \(.owner)"'; }
owners() { echo "$(stands source) $(stands target)"; }

said_port() { grep -qE '^ACCEPT.*:[0-9]+$' "$1" && [[ -z $(tail -c 1 "$1") ]]; }

# server_port FILE: the port that `openssl s_server` has, once its line in FILE is whole.
server_port()
{
    wait_for 10 said_port "$1" && sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' "$1"
}
