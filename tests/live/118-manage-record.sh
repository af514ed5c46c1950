#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who used the management API is in the record: logins, those that came to nothing, and every
# call that changes something; a flood of wrong passwords is counted.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

v1=/api/pairgate/v1
sessions=/api/SessionService/Sessions
ladder office
member office office
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must office admin add vera --password-file "$scratch/password"
must office admin add otto --role observer --password-file "$scratch/password"
vera=(-u 'vera:correct horse battery')
otto=(-u 'otto:correct horse battery')

# recorded: the records of the API so far, one to a line; in full in $scratch/record.
recorded()
{
    pg office audit show --kind management --json >"$scratch/record"
    jq -r '[.event, .subject, .details.way, .details.command // .details.finding // .details.request] | join("|")' \
        "$scratch/record"
}
seen=0
# adds SENTENCE LINES: what was written since the last time.
adds()
{
    local all
    all=$(recorded)
    equal "$1" "$2" "$(tail -n "+$((seen + 1))" <<<"$all")"
    seen=$(grep -c . "$scratch/record" || true)
}

# ---- on the local socket ----
listen office
answers 200 'root looks' office GET "$v1/requests"
adds 'which is nothing to write down' ''
answers 201 'root changes something' office POST "$v1/requests" "${json[@]}" '{}'
id=$(field .id)
adds 'who did it is there before it' 'call|uid 0|local socket|request new'
equal 'and what came of it behind it' 'management call
request new' "$(pg office audit show --json | jq -r '.kind + " " + .event' | tail -2)"
answers 400 'what is no request of this route' office POST "$v1/requests" "${json[@]}" '{"nothing":1}'
answers 404 'what is nowhere' office DELETE "$v1/requests/none"
adds 'a change that was tried is there too' 'call|uid 0|local socket|request drop'
listen_end office

# ---- on the port ----
manage office
answers 200 'a password that is right' office GET "$v1/requests" "${vera[@]}"
adds 'is a login' 'login|vera|basic|request list'
told_by() { jq -e -s ".[-1].details | $1" "$scratch/record"; }
check 'with its address' told_by '.address == "127.0.0.1" and .request == "GET '"$v1"'/requests"'
answers 200 'the next request' office GET "$v1/requests" "${vera[@]}"
adds 'is none' ''
answers 200 'a change' office DELETE "$v1/requests/$id" "${vera[@]}"
adds 'has its name' 'call|vera|basic|request drop'
check 'and what it was' told_by ".request == \"DELETE $v1/requests/$id\""
answers 401 'a wrong password' office GET "$v1/requests" -u vera:sesame
answers 401 'an unknown name, with what is no name' office GET "$v1/requests" -u $'e\nve:sesame'
answers 401 'nobody' office GET "$v1/requests"
adds 'those that tried are there' 'refused|vera|basic|request list
refused|e\u{a}ve|basic|request list'
check 'with the finding' told_by '.finding == "PGA2701" and (.detail | length > 0)'
answers 403 'an observer who would change something' office POST "$v1/requests" "${json[@]}" '{}' "${otto[@]}"
adds 'is let in and turned away' 'login|otto|basic|request new
refused|otto|basic|request new'
answers 201 'a session' office POST "$sessions" "${json[@]}" \
    '{"UserName":"vera","Password":"correct horse battery"}'
token=(-H "X-Auth-Token: $(header X-Auth-Token)")
session=$(field .Id)
answers 200 'OpenManage asks for a request' office POST \
    /api/ApplicationService/Actions/ApplicationService.GenerateCSR "${token[@]}" "${json[@]}" \
    '{"DistinguishedName":"office.example.com","DepartmentName":"d","BusinessName":"b","Locality":"l","State":"s",
      "Country":"FR","Email":"a@example.com","San":null}'
adds 'both are there' "login|vera|new session|POST $sessions
call|vera|session|request new"
check 'with the session' told_by ".session == \"$session\""
answers 204 'it logs out' office DELETE "$sessions('$session')" "${token[@]}"
answers 401 'and its token is dead' office GET "$v1/requests" "${token[@]}"
adds 'both are there too' "call|vera|session|DELETE $sessions('$session')
refused|nobody|session|request list"

# ---- page by page ----
pages() { api office GET "$v1/audit?$1" "${vera[@]}" && jq -r '[.items[].seq | tostring] | join(" ")' "$out"; }
equal 'the first two behind one' '3 4' "$(pages 'after=2&limit=2')"
equal 'the last two before one' '3 4' "$(pages 'before=5&limit=2')"
answers 400 'what is no number' office GET "$v1/audit?limit=-1" "${vera[@]}"

# ---- a flood ----
seq 60 | xargs -P 8 -I{} curl -sS "${trust[@]}" -u guess{}:sesame "https://office.example.com$v1/requests" \
    >"$scratch/flood.out" 2>"$err"
listen_end office
recorded >/dev/null
check 'all of it is counted, and most of it not written' jq -e -s '
    (map(select(.event == "refused" and (.subject | startswith("guess")))) | length) as $written |
    (map(select(.event == "dropped") | .details.count) | add // 0) as $dropped |
    $written + $dropped == 60 and $written <= 60 and $dropped > 0' "$scratch/record"
check_not 'no password is in it' grep -q 'horse\|sesame' "$scratch/record"
run 0 office audit verify
