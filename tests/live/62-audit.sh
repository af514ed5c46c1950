#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The record holds every step of a migration on both sides, and shows who touched it.
. "$(dirname "$0")/lib.sh"

# records NAME [OPTION...]: "kind event" of each, a line each; in full in $scratch/NAME.record.
records()
{
    local name=$1
    shift
    pg "$name" audit show --json "$@" >"$scratch/$name.record"
    jq -r '.kind + " " + .event' "$scratch/$name.record"
}

# in_record NAME FILTER: some record passes.
in_record() { [[ -n $(jq -c "select($2)" "$scratch/$1.record") ]]; }

# bytes PORT: something that is no handshake.
bytes() { timeout 10 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && echo bytes >&3 && cat <&3' - "$1"; }

# handshakes_fail PORT N
handshakes_fail()
{
    local i
    for ((i = 0; i < $2; i++)); do bytes "$1" >/dev/null 2>&1 || true; done
}

# ---- a whole migration ----

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 3
code target --for source.example.com
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
listen_end target

equal 'the source has every step in its order' \
    'identity init
request new
upload chain-upload
pairing paired
grant adopt
migration will-freeze
migration will-ask
migration receipt
migration will-countersign' "$(records source)"
equal 'the target has every step in its order' \
    'identity init
request new
upload chain-upload
listener start
invitation invite
pairing paired
authorization accepted
grant issue
migration freeze
migration seal
migration commit
migration published
migration countersign
listener stop' "$(records target)"
check 'the pairing shows both ladders and the keys' jq -e -s '.[] | select(.kind == "pairing") |
    .details.source[0].issued_to == "source.example.com" and
    .details.target[0].issued_to == "target.example.com" and
    ([.details.source, .details.target | .[].spki_sha256 | length == 64] | all and length == 6)' \
    "$scratch/target.record"
check 'the upload shows its ladder' in_record source \
    '.kind == "upload" and .details.accepted and (.details.ladder | length == 3)'
secret=$(sed 's/^[^-]*-//; s/-//g' "$scratch/target.code")
check_not 'the secret of the code is nowhere' \
    grep -riq -e "$secret" -e "$(sed 's/^[^-]*-//' "$scratch/target.code")" "$scratch/target.record"
equal 'one kind alone' 5 "$(records target --kind migration | wc -l)"
equal 'nothing is later than the day after tomorrow' '' \
    "$(records target --since "$(date -u -d '+2 days' +%FT%TZ)")"
run 64 target audit show --kind nonsense
numbers() { pg target audit show --json "$@" | jq -r .seq | paste -sd ' '; }
equal 'the last two' '13 14' "$(numbers --limit 2)"
equal 'those before them' '11 12' "$(numbers --limit 2 --before 13)"
equal 'the first two behind one' '4 5' "$(numbers --after 3 --limit 2)"
run 64 target audit show --limit 0
run 0 target audit show
check 'the text has a line for each record' \
    test "$(grep -cE '^[0-9]+  2' "$out")" = 14
run 0 source audit verify
run 0 target audit verify --json
equal 'all of it is vouched for' 'true 14' "$(jq -r '"\(.good) \(.vouched)"' "$out")"

# ---- refusals ----

ladder impostor
member stranger impostor
listen target
run 1 stranger pair "$(at target)" --json
handshakes_fail "${listener_port[target]}" 30
listen_end target
records target >/dev/null
check 'the refused pairing is there with its findings' in_record target \
    '.kind == "pairing" and .event == "refused" and .details.paired == false and
        .details.source[0].issued_to == "stranger.example.com" and
        any(.details.findings[]; .rule == "ladder-key" and .severity == "error")'
equal 'thirty refused handshakes are one record' '30 127.0.0.1' \
    "$(jq -r 'select(.kind == "refused") | "\(.details.count) \(.subject)"' "$scratch/target.record")"
records stranger >/dev/null
check 'so it is at the source' in_record stranger '.kind == "pairing" and .event == "refused"'
run 1 stranger chain upload "$scratch/source.pem"
echo 'no certificate' >"$scratch/garbage"
pg stranger chain upload "$scratch/garbage" >"$out" 2>"$err" </dev/null || true
records stranger >/dev/null
check 'a refused upload is there with its findings' in_record stranger \
    '.kind == "upload" and .details.accepted == false and (.details.findings | length > 0)'
equal 'each of them' 2 \
    "$(jq -c 'select(.kind == "upload" and .details.accepted == false)' "$scratch/stranger.record" | wc -l)"

code target
sed 's/...$/222/' "$scratch/target.code" >"$scratch/guess"
listen target
run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/guess" --name other
listen_end target
records target >/dev/null
check 'a wrong code is a refused try' in_record target \
    '.kind == "authorization" and .event == "refused" and .details.method == "code"'
run 0 target audit verify

# ---- an identity that has gone ----

must target identity self-sign --replace-chain
run 0 target audit verify

# ---- whoever touches it is found ----

database=$scratch/target/state.db
end=$(records target | wc -l)

# touched RECORD SENTENCE SQL: `audit verify` names the record; then all is as before.
touched()
{
    cp "$database" "$scratch/before.db"
    sqlite3 "$database" "DROP TRIGGER audit_kept; DROP TRIGGER audit_fixed;
        DROP TRIGGER audit_head_kept; DROP TRIGGER audit_head_fixed; $3" ||
        not_ok "sqlite3 does it: $2"
    run 1 target audit verify --json
    equal "$2: the record is named" "$1" "$(jq -r .first "$out")"
    rm -f "$database"-wal "$database"-shm
    cp "$scratch/before.db" "$database"
}

check_not 'the database itself lets nobody change a record' \
    sqlite3 "$database" "UPDATE audit SET subject = 'nobody' WHERE seq = 5"
check_not 'nor take one away' sqlite3 "$database" 'DELETE FROM audit WHERE seq = 5'
touched 5 'one byte is another' \
    "UPDATE audit SET details = replace(details, 'source.example.com', 'sourcf.example.com')
        WHERE seq = 5"
touched 7 'a record is gone' 'DELETE FROM audit WHERE seq = 7'
touched "$end" 'the end was cut off' "DELETE FROM audit WHERE seq = $end"
touched 3 'a head is forged' 'UPDATE audit_head SET signature =
    (SELECT signature FROM audit_head WHERE seq = 4) WHERE seq = 3'
run 0 target audit verify
