# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what scripts/abuse and tests/live/abuse.sh set
#
# The sections of scripts/abuse.
# shellcheck source=tests/live/abuse.sh
. "$root/tests/live/abuse.sh"

# Each row: what it is called, then `way count [options]`, several of them with `;` between.
# @NAME is a certificate made by attackers_equip.
floods=(
    'nothing:'
    'silent:                 silent 1000'
    'a byte a second:        drip 500'
    'no certificate:         anonymous 200'
    'same CA, no grant:      stranger 200 @stranger'
    'all four at once:       silent 1000; drip 500; anonymous 200; stranger 200 @stranger'
    'ClientHello, no more:   stall 500'
    'handshake, no more:     linger 500 @stranger'
    'asks without a grant:   nag 64 @stranger'
    'begins TLS anew:        renegotiate 200 @stranger'
    'key updates:            key-update 16 @stranger'
    'header line of 64 KiB:  long-line 100 @stranger'
    'header byte by byte:    slow-head 64 @stranger'
    'body without end:       endless-body 200 @stranger'
    'certificate of 64 KiB:  stranger 100 @fat'
    'chain of 100:           stranger 100 @long'
    'wrong codes:            guess'
    'no cert., our address:  anonymous 200 --from 1 --addresses 1'
    'no grant, our address:  stranger 200 @stranger --from 1 --addresses 1'
    'stalled, our address:   stall 500 --from 1 --addresses 1'
    'all four, our address:  silent 1000 --from 1 --addresses 1; drip 500 --from 1 --addresses 1;
                             anonymous 200 --from 1 --addresses 1; stranger 200 @stranger --from 1 --addresses 1'
)

# Certificates of the target's own CA for those who have no grant.
attackers_equip()
{
    foreign stranger office
    # 64 KiB of names; 100 certificates, the same issuers again and again.
    foreign fat office "san=$(seq -s, -f 'DNS:%g.a-name-that-takes-some-room.example.com' 100000 101150)"
    cp "$scratch/stranger.key" "$scratch/long.key"
    { cat "$scratch/stranger.leaf.pem"; for _ in {1..50}; do cat "$scratch/stranger.chain.pem"; done; } \
        >"$scratch/long.pem"
}

# floods_begin ROW
floods_begin()
{
    local each words
    while IFS= read -r -d ';' each; do
        read -ra words <<<"${each//$'\n'/ }"
        if ((!${#words[@]})); then continue; fi
        if [[ ${words[2]:-} == @* ]]; then
            words=("${words[@]:0:2}" --chain "$scratch/${words[2]#@}.pem" --key "$scratch/${words[2]#@}.key"
                "${words[@]:3}")
        fi
        attack target "${words[@]}"
    done <<<"${1#*:};"
}

shorter=16 quiet_seconds=3 # of the long migration: the short ones, and how long it is alone
longest=30                 # a short one, in seconds

# What so far: $sent MiB in $spent seconds, with $worked seconds of both agents' processors.
counts_begin() { sent=0 spent=0 worked=0 failed=0; }

# One short migration into nowhere, added to the counts; where there is an argument it may fail, or take
# more than half a minute, and is counted in $failed then.
migrated_once()
{
    local start group=${listener_group[target]} before user system done=$((size / shorter / 1048576))
    code target
    start=$EPOCHREALTIME before=$(ticks "$group")
    if ! command time -o "$scratch/time" -f '%U %S' timeout -k 5 "$longest" env PAIRGATE_STATE="$scratch/source" "$PAIRGATE" \
        migrate "$(at target)" "$scratch/short" --code-file "$scratch/target.code" --to-nowhere \
        --compress never >"$out" 2>"$err" </dev/null; then
        if (($# == 0)); then die "a migration is done: $(tail -n 5 "$err")"; fi
        done=0 failed=$((failed + 1))
    fi
    read -r user system < <(tail -n 1 "$scratch/time")
    sent=$((sent + done))
    spent=$(calc "$spent + $EPOCHREALTIME - $start")
    worked=$(calc "$worked + $user + $system + ($(ticks "$group") - $before) / $(getconf CLK_TCK)")
}

# Pairings from an address of their own until $scratch/enough is there; the longest took, in ms,
# what $scratch/slowest says.
pairings_go_on()
{
    local start ms slowest=0
    until [[ -e $scratch/enough ]]; do
        start=$EPOCHREALTIME
        if ! pg friend pair "$(at friends)" --peer-name target.example.com >"$scratch/friend.out" 2>&1 </dev/null; then
            slowest=refused
            break
        fi
        ms=$(calc "($EPOCHREALTIME - $start) * 1000" 0)
        if ((ms > slowest)); then slowest=$ms; fi
        sleep 0.5
    done
    echo "$slowest" >"$scratch/slowest"
}

# Tries with a wrong code, from an address of their own, until $scratch/enough is there.
guesses_go_on()
{
    until [[ -e $scratch/enough ]]; do
        pg guesser migrate "$(at guessers)" "$scratch/estate" --code-file "$scratch/wrong.code" \
            --to-nowhere >>"$scratch/guesses" 2>&1 </dev/null || true
    done
}

# What the migration of running_begin has sent: bytes, and seconds since it sends, when it last sent any.
running_sent()
{
    jq -rR 'fromjson? | select(.event == "progress" and .rate > 0) | "\(.bytes) \(.bytes / .rate)"' \
        "$scratch/source.lines" | awk '$1 != bytes { bytes = $1; line = $0 } END { print line }'
}

running_sends() { [[ $(running_sent) ]]; }

# Over, or all there: what it begins to hand over waits at the door, from an attacked address.
running_is_over()
{
    process_has_ended "$migrating" ||
        jq -eR 'fromjson? | select(.event == "progress" and .accepted == .total)' "$scratch/source.lines"
}

# A long migration, which is under way when the attack begins.
running_begin()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --to-nowhere --compress never
    wait_for 20 running_sends || die 'the long migration sends'
}

# What it keeps of its rate: alone from $1 to $2, attacked from $3 to $4, each a running_sent. "-": it
# ended too soon, and needs a greater --size.
running_keeps()
{
    printf '%s\n' "$@" | awk '{ bytes[NR] = $1; at[NR] = $2 }
        END {
            alone = (bytes[2] - bytes[1]) / (at[2] - at[1])
            if (at[4] - at[3] < 1) { print "-" }
            else { printf "%.2f", (bytes[4] - bytes[3]) / (at[4] - at[3]) / alone }
        }'
}

# flood ROW: a long migration, that is attacked under way; short ones without the attack, with it,
# and without it.
flood()
{
    local rate_quiet rate_under theirs cost start wall background=() alone last attacked keeps
    rm -f "$scratch/enough" "$scratch"/attack.*.json
    counts_begin && migrated_once && migrated_once
    peak_mib target >/dev/null
    pairings_go_on & # with and without the attack
    background+=($!)
    running_begin
    sleep 1
    alone=$(running_sent)
    sleep "$quiet_seconds"
    last=$(running_sent)
    start=$EPOCHREALTIME
    if [[ $1 == *:*guess ]]; then guesses_go_on & background+=($!); else floods_begin "$1"; fi
    sleep 1
    attacked=$(running_sent)
    # To look costs a processor, too.
    pause=1 wait_for 600 running_is_over || die 'all of the long migration is there'
    keeps=$(running_keeps "$alone" "$last" "$attacked" "$(running_sent)")
    read -r quiet_sent quiet_spent quiet_worked <<<"$sent $spent $worked"
    counts_begin
    until (($(calc "($spent >= $seconds)" 0))); do migrated_once or-not; done
    wall=$(calc "$EPOCHREALTIME - $start")
    touch "$scratch/enough"
    wait "${background[@]}"
    attacks_end
    ends 0 "$migrating" 600 'the long migration comes to its end' >/dev/null
    read -r under_sent under_spent under_worked under_failed <<<"$sent $spent $worked $failed"
    sent=$quiet_sent spent=$quiet_spent worked=$quiet_worked
    peak=$(peak_mib target)
    migrated_once
    cat "$scratch"/attack.*.json >"$scratch/attacks" 2>/dev/null || true
    theirs=$(jq -s "map(.cpu) | add // 0 | . / $wall / $(nproc)" "$scratch/attacks")
    rate_quiet=$(calc "$sent / $spent" 0) rate_under=$(calc "$under_sent / $under_spent" 0)
    cost=$(calc "($under_worked - $worked / $sent * $under_sent) / $under_spent / $(nproc)" 4)
    printf '%-24s %6s %7s %6s %6s %6s %6s %8s %4s\n' "${1%%:*}" "$rate_quiet" "$keeps" \
        "$(calc "$rate_under / $rate_quiet")" "$(calc "$theirs * 100" 1)" "$(calc "$cost * 100" 1)" \
        "$(calc "1 - $cost")" "$(cat "$scratch/slowest")" "$peak"
    jq -r '"    \(.way): \(.begun) begun, \(.shaken) handshakes, \(.answers) answers, \(.refused) refusals"' \
        "$scratch/attacks"
    if ((under_failed)); then echo "    $under_failed short migrations did not begin"; fi
}

floods_equip()
{
    local name
    ladder office
    for name in source friend guesser target; do member "$name" office; done
    listen target --to-nowhere
    relay friends target --from 100
    relay guessers target --from 101
    attackers_equip
    code target
    sed 's/....$/2222/' "$scratch/target.code" >"$scratch/wrong.code"
    big_file
    mkdir -p "$scratch/short"
    head -c $((size / shorter)) "$scratch/estate/file" >"$scratch/short/file"
}

abuse_floods()
{
    local row idle
    floods_equip
    printf '%-24s %6s %7s %6s %6s %6s %6s %8s %4s\n' 'MiB/s; % of processors' quiet running begun \
        theirs cost kept 'pair ms' MiB
    counts_begin && migrated_once
    wait_for 5 holds_at_most target 4 60 || true
    idle="$(threads target) $(descriptors target)"
    for row in "${floods[@]}"; do
        if [[ ! $row =~ ${ONLY:-} ]]; then continue; fi
        flood "$row"
    done
    # shellcheck disable=SC2086
    check "threads and descriptors are again at most $idle" wait_for 60 holds_at_most target $idle
}

# ---- many pairings ----

held_kib()
{
    local pid
    for pid in $(agents_of target); do
        sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$pid/smaps_rollup"
    done | awk '{ sum += $1 } END { print sum }'
}

kib_of() { du -ck "$@" | awk 'END { print $1 }'; }

# What both states hold after $1 pairings since $2.
pairings_show()
{
    local base=$scratch/target/state.db
    printf '%-12s %8s %8s %12s %8s %8s %8s %10s %8s\n' "$1" "$(held_kib)" "$(threads target)" \
        "$(descriptors target)" "$(kib_of "$base")" "$(kib_of "$base-wal")" \
        "$(sqlite3 "$base" 'select count(*) from audit')" "$(kib_of "$scratch/friend")" \
        "$(calc "$1 / ($EPOCHREALTIME - $2)" 1)"
}

abuse_pairings()
{
    local i start
    if [[ ! ${listener_group[target]:-} ]]; then floods_equip; fi
    printf '%-12s %8s %8s %12s %8s %8s %8s %10s %8s\n' pairings 'KiB' threads descriptors \
        'db KiB' 'wal KiB' records 'source KiB' 'per s'
    start=$EPOCHREALTIME
    for ((i = 1; i <= pairings; i++)); do
        pg friend pair "$(at target)" >"$out" 2>"$err" </dev/null || die "pairing $i: $(cat "$err")"
        if ((i % ((pairings + 9) / 10) == 0)); then pairings_show "$i" "$start"; fi
    done
    run 0 target audit verify
    run 0 friend audit verify
}

# ---- handshakes ----

# handshakes NAME GROUP CHAIN-OF: so many of them in a second of the processors that GROUP takes.
handshakes()
{
    local before worked
    before=$(ticks "$2")
    attack_nice=0 attack "$1" stranger 40 --chain "$scratch/$3.pem" --key "$scratch/$3.key"
    sleep "$seconds"
    attacks_end
    sleep 1
    worked=$(calc "($(ticks "$2") - $before) / $(getconf CLK_TCK)")
    printf '  %-22s %6s handshakes, %6s s of processor: %6s a second\n' "$1" "$(attacked stranger shaken)" \
        "$worked" "$(calc "$(attacked stranger shaken) / $worked" 0)"
}

# server_start CHAIN: openssl with the key and the chain of a client of the CA.
server_start()
{
    setsid openssl s_server -accept 127.0.0.1:0 -Verify 12 -verify_return_error -tls1_3 -www \
        -num_tickets 0 -CAfile "$scratch/$1.chain.pem" -cert "$scratch/$1.leaf.pem" \
        -key "$scratch/$1.key" -cert_chain "$scratch/$1.chain.pem" >"$scratch/server" 2>&1 </dev/zero &
    own "$!"
    listener_group[openssl]=$!
    wait_for 10 grep '^ACCEPT' "$scratch/server" || die 'openssl listens'
    listener_port[openssl]=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' "$scratch/server")
}

abuse_handshakes()
{
    local ca
    if [[ ! ${listener_group[target]:-} ]]; then floods_equip; fi
    long_ladder deep 10 rsa3072
    member deep-target deep
    listen deep-target --to-nowhere
    foreign deep-stranger deep
    for ca in '' deep-; do
        printf 'handshakes and one refused request, %s\n' "$([[ $ca ]] && echo 'CAs of RSA-3072, 10 rungs' || echo 'EC, 3 rungs')"
        handshakes "${ca}target" "${listener_group[${ca}target]}" "${ca}stranger"
        server_start "${ca}stranger"
        handshakes openssl "${listener_group[openssl]}" "${ca}stranger"
        crash "${listener_group[openssl]}"
    done
}

abuse_policy() { PAIRGATE=$PAIRGATE bash "$root/tests/live/132-testssl.sh" || broken=$((broken + 1)); }

abuse_manage()
{
    PAIRGATE=$PAIRGATE WRK_SECONDS=$seconds bash "$root/tests/live/117-manage-wrk.sh" | grep -v '^ok:' ||
        broken=$((broken + 1))
}
