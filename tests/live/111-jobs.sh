#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A migration through the management API: started as a job, followed as server-sent events
# and as a job of OpenManage, stopped and resumed; on the other side its stream of states.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

v1=/api/pairgate/v1
ladder office
member source office
member target office
listen source
listen target
tree "$scratch/estate" 4

# events_of NAME PATH FILE: the stream to its end, as the JSON of its data lines.
events_of()
{
    curl -sSN --max-time 60 --unix-socket "$scratch/$1/manage.sock" "http://localhost$2" >"$3.raw"
    sed -n 's/^data: //p' "$3.raw" >"$3"
}

# start SENTENCE PATH JSON-FILTER [JQ-ARGUMENT...]: a job of the source; its path is in $job.
start()
{
    local sentence=$1 path=$2 filter=$3
    shift 3
    jq -n "$@" "$filter" >"$scratch/body"
    answers 202 "$sentence" source POST "$path" "${json[@]}" "@$scratch/body"
    job=$(header Location)
}

# ---- from the beginning to the receipt ----
code target --for source.example.com
start 'a migration is started' "$v1/migrations" \
    '{host: $host, directory: $tree, code: $code}' --arg host "$(at target)" \
    --arg tree "$scratch/estate" --rawfile code "$scratch/target.code"
told 'it is a job' '.command == "migrate" and .state == "running" and (.subject | test("estate to"))'
events_of source "$job/events" "$scratch/events"
check 'each event has an id, a name and data' \
    awk '/^id: /{i++} /^event: /{e++} /^data: /{d++} END {exit !(i == e - 1 && e == d && d > 4)}' \
    "$scratch/events.raw"
check 'the states came' \
    jq -e -s '[.[] | select(.event == "state").state] == ["frozen", "commit-asked", "handed-over"]' \
    "$scratch/events"
check 'progress came' jq -e -s 'any(.[]; .event == "progress" and .total > 0)' "$scratch/events"
check 'the receipt came' jq -e -s 'any(.[]; .event == "receipt")' "$scratch/events"
check 'the last event is the job, which is done' \
    jq -e -s 'last | .state == "done" and .status == 0 and (.migration | startswith("m-"))' "$scratch/events"
same_tree 'the tree arrived' "$scratch/estate" "$scratch/target.into/estate"
id=$(tail -n 1 "$scratch/events" | jq -r .migration)
last=$(sed -n 's/^id: //p' "$scratch/events.raw" | tail -n 2 | head -n 1)
curl -sSN --max-time 60 --unix-socket "$scratch/source/manage.sock" -H "Last-Event-ID: $last" \
    "http://localhost$job/events" >"$scratch/again"
equal 'who comes back hears what is new' 2 "$(grep -c '^event: ' "$scratch/again")"
events_of source "$v1/migrations/$id/events" "$scratch/by-migration"
check 'the migration has the same stream' cmp "$scratch/events" "$scratch/by-migration"
events_of target "$v1/migrations/$id/events" "$scratch/there"
check 'the target, which has no job for it, tells its state' \
    jq -e -s 'last | .state == "committed"' "$scratch/there"
answers 404 'a migration of nobody has no events' source GET "$v1/migrations/m-none/events"
answers 200 'its receipt' source GET "$v1/migrations/$id/receipt"
told 'is that of the command' '.receipt.body and .countersignature'

# ---- as OpenManage's clients see it ----
number=${job##*/}
answers 200 'the job of OpenManage' source GET "/api/JobService/Jobs($number)"
told 'is completed' ".Id == $number and .JobStatus.Id == 2060 and .LastRunStatus.Name == \"Completed\""
answers 200 'its last execution' source GET "/api/JobService/Jobs($number)/LastExecutionDetail"
told 'has reached its end' '.Progress == "100" and .JobStatus.Id == 2060'
answers 200 'its executions' source GET "/api/JobService/Jobs($number)/ExecutionHistories"
details=$(field '.value[0]["ExecutionHistoryDetails@odata.navigationLink"]')
answers 200 'and their details' source GET "$details"
told 'are there' '.value[0].Key | test("estate")'
answers 200 'all jobs' source GET '/api/JobService/Jobs?%24top=1&%24skip=0'
told 'one of them was asked for' '.["@odata.count"] == 1 and (.value | length) == 1'
answers 404 'a job that is none' source GET '/api/JobService/Jobs(99999)'
told 'has the envelope' '.error["@Message.ExtendedInfo"][0].MessageId'

# ---- a job that says nothing for long ----
hook_at source freeze 'echo "$PAIRGATE_MIGRATION" >../freezing.new; mv ../freezing.new ../freezing
until [ -e ../thawing ]; do sleep 0.05; done'
# follow NAME PATH FILE: the stream, as it comes.
follow()
{
    curl -sSN --max-time 240 --unix-socket "$scratch/$1/manage.sock" "http://localhost$2" >"$3" &
    following=$!
    own "$following"
}
# libcurl takes a comment of a few bytes for silence.
has_comment() { grep -qE '^:.{9}' "$1"; }
code target --for source.example.com
start 'one that is held in a hook' "$v1/migrations" \
    '{host: $host, directory: $tree, code: $code, name: "held"}' \
    --arg host "$(at target)" --arg tree "$scratch/estate" --rawfile code "$scratch/target.code"
wait_for 60 test -s "$scratch/freezing" || die 'it is held'
follow source "$job/events" "$scratch/held"
stream=$following
follow target "$v1/migrations/$(cat "$scratch/freezing")/events" "$scratch/held-there"
check 'a reader is told now and then that it goes on' wait_for 120 has_comment "$scratch/held"
check 'and so is one at the target' wait_for 120 has_comment "$scratch/held-there"
answers 200 'its last execution' source GET "/api/JobService/Jobs(${job##*/})/LastExecutionDetail"
told 'is not at its end, whatever was sent' '(.Progress | tonumber) < 100 and .JobStatus.Id == 2050'
touch "$scratch/thawing"
ends 0 "$stream" 60 'then the stream comes to its end'
check 'which is that of the job' \
    jq -e -s 'last | .state == "done"' <(sed -n 's/^data: //p' "$scratch/held")
check 'and a comment is none of its events, but has an empty line of its own' \
    awk -v RS= '/(^|\n):/ && /\n/ { joined = 1 } END { exit joined }' "$scratch/held"
rm "$scratch/source/hooks/source-freeze"

# ---- what fails says why ----
start 'a code that is none' "$v1/migrations" \
    '{host: $host, directory: $tree, code: "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"}' \
    --arg host "$(at target)" --arg tree "$scratch/estate"
events_of source "$job/events" "$scratch/failed"
check 'is a job that failed, with the finding' \
    jq -e -s 'last | .state != "done" and (.finding.id | startswith("PG"))' "$scratch/failed"
answers 200 'its last execution' source GET "/api/JobService/Jobs(${job##*/})/LastExecutionDetail"
told 'has id, sentence and remedy' '.JobStatus.Id == 2070 and (.Value | test("PG[A-Z][0-9]{4}"))'

# ---- stopped, and resumed ----
head -c 12M /dev/urandom >"$scratch/estate/large"
code target --for source.example.com
start 'a slow one' "$v1/migrations" \
    '{host: $host, directory: $tree, code: $code, name: "slow", limit: "3M", streams: 1}' \
    --arg host "$(at target)" --arg tree "$scratch/estate" --rawfile code "$scratch/target.code"
has_bytes() { curl -sS --unix-socket "$scratch/source/manage.sock" "http://localhost$job" | jq -e '.bytes > 0'; }
check 'it moves' wait_for 20 has_bytes
answers 200 'what it does' source GET /metrics
check 'can be measured' grep -q '^pairgate_job_rate{job="[0-9]*",migration="m-[^"]*"} [1-9]' "$out"
answers 200 'it is stopped' source DELETE "$job"
events_of source "$job/events" "$scratch/stopped"
check 'and has ended, stopped' jq -e -s 'last | .ended != null and .state == "stopped"' "$scratch/stopped"
answers 200 'as OpenManage says it' source GET "/api/JobService/Jobs(${job##*/})"
told 'it is aborted' '.LastRunStatus.Name == "Aborted"'
slow=$(tail -n 1 "$scratch/stopped" | jq -r .migration)
start 'it is resumed' "$v1/migrations/$slow/resume" '{}'
events_of source "$job/events" "$scratch/resumed"
check 'and done' jq -e -s 'last | .state == "done"' "$scratch/resumed"
same_tree 'the slow tree arrived' "$scratch/estate" "$scratch/target.into/slow"

# At once, at any moment of its beginning, it is stopped all the same.
for _ in {1..5}; do
    start 'one is started' "$v1/migrations" '{host: $host, directory: $tree, wait: true, name: "never"}' \
        --arg host "$(at target)" --arg tree "$scratch/estate"
    answers 200 'and stopped' source DELETE "$job"
    events_of source "$job/events" "$scratch/stopped"
    check 'it was stopped' jq -e -s 'last | .state == "stopped"' "$scratch/stopped"
done

# ---- the clerk ends: so do its jobs ----
head -c 12M /dev/urandom >"$scratch/estate/large"
code target --for source.example.com
start 'one more' "$v1/migrations" \
    '{host: $host, directory: $tree, code: $code, name: "third", limit: "3M", streams: 1}' \
    --arg host "$(at target)" --arg tree "$scratch/estate" --rawfile code "$scratch/target.code"
check 'it moves' wait_for 20 has_bytes
listen_end source
listen source
answers 200 'after a restart of the agent' source GET "$job"
told 'it is stopped' '.state == "stopped"'
listen_end source
listen_end target
