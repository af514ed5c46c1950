#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The management API on the local socket: who may, what HTTP is spoken, that a request is a
# command, and what becomes of one whose time is over.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

v1=/api/pairgate/v1
agent office
listen office
equal 'the socket is for its owner alone' 'socket 600' \
    "$(stat -c '%F %a' "$scratch/office/manage.sock")"

answers 200 'the agent is well' office GET /healthz
equal 'the answer is JSON' application/json "$(header Content-Type)"
equal 'and kept by nobody' no-store "$(header Cache-Control)"
answers 200 'HEAD is GET without a body' office HEAD /healthz --head
equal 'nothing comes behind the head' 0 "$(grep -c status "$out" || true)"
answers 404 'a path that is none' office GET /nothing
told 'says so' '.error.id == "PGA2712" and (.findings | length) == 1'
answers 404 'a path that is percent-encoded wrongly' office GET /%zz
answers 404 'an OpenManage path that is none' office GET /api/Nothing
equal 'its status line has the number twice' 'HTTP/1.1 404 404' "$(head -1 "$scratch/head" | tr -d '\r')"
told 'its body is the envelope' '.error["@Message.ExtendedInfo"][0].MessageId == "CGEN1006"'
answers 405 'another method' office PUT /healthz
equal 'those that are there are named' GET "$(header Allow)"
answers 403 'what a web page sends' office GET /healthz -H 'Origin: https://example.com'

# ---- the bodies ----
answers 200 'a GET may carry a body' office GET /healthz -d null
head -c 5000000 /dev/zero >"$scratch/large"
answers 413 'a body beyond the limit is read and refused' office GET /healthz --data-binary "@$scratch/large"
told 'with a reason' '.error.id == "PGB1002"'
answers 400 'a body in chunks' office POST /healthz -H 'Transfer-Encoding: chunked' -d x
answers 200 'curl that waits for 100 is told to go on' office GET /healthz -H 'Expect: 100-continue' -d x

# ---- a request is a command ----
must office request new --json
id=$(field .id)
answers 200 'all requests' office GET "$v1/requests"
told 'are those of the command' ".requests[0].id == \"$id\""
answers 200 'one request' office GET "$v1/requests/$id"
cp "$out" "$scratch/by-api"
run 0 office request show "$id" --json
check 'is printed as the command prints it' cmp "$scratch/by-api" "$out"
answers 400 'a name that the route does not know' office GET "$v1/requests?all=true"
told 'is named' '.error.id == "PGA2802" and (.error.detail | contains("all"))'
answers 404 'one that is none' office GET "$v1/requests/--help"
answers 404 'an operand is no option' office GET "$v1/requests/--state=%2Ftmp"
answers 200 'it is dropped' office DELETE "$v1/requests/$id"
answers 404 'and gone' office DELETE "$v1/requests/$id"

# ---- many at once, on one connection and on several ----
seq 60 | xargs -P 20 -I{} curl -sS -o "$scratch/many.{}" --unix-socket "$scratch/office/manage.sock" \
    "http://localhost/healthz" "http://localhost$v1/requests" >"$scratch/many.out" 2>&1
equal 'sixty callers have their answers' 60 "$(grep -l '"status":"ok"' "$scratch"/many.* | wc -l)"
check 'and nobody an error' test ! -s "$scratch/many.err"

# ---- the processes ----
# One of them ends: so does the agent, and says which.
clerk=$(pgrep -P "${listener_group[office]}" | sed -n 2p)
kill -KILL "$clerk"
ends 2 "${listener_group[office]}" 20 'without its clerk the agent ends'
check 'and says why' grep -q 'PGA1901.*\|the clerk' "$scratch/office.events.err"
listen office
answers 200 'started again, it takes the socket over' office GET /healthz
listen_end office
