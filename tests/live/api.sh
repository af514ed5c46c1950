# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the scripts use, what lib.sh has
#
# Sourced behind lib.sh by the scripts of the management API.

command -v curl >/dev/null || skip 'curl is not installed'

declare -A managed # the port of --manage, ADDR:PORT
trust=()           # how the server of `managed` is verified

# manage NAME [ARGUMENT...]: listen, with a port for the API. Its chain must lead to the CA of
# $scratch/NAME.pem.
manage()
{
    local name=$1
    listen "$@" --manage 127.0.0.1:0
    wait_for 10 grep -q '"managing"' "$scratch/$name.events"
    managed[$name]=$(events "$name" 'select(.event == "managing") | .address' | tail -1 | tr -d '"')
    trust=(--cacert "$scratch/$name.pem" --connect-to "::${managed[$name]}")
}

# api NAME METHOD PATH [CURL-ARGUMENT...]: ask the agent on its local socket, or on its port once there is
# one (manage). The body is in
# $out, the head in $scratch/head, the number in $status.
api()
{
    local name=$1 method=$2 path=$3 way
    shift 3
    if [[ ${managed[$name]:-} ]]; then
        way=("${trust[@]}" "https://$name.example.com$path")
    else
        way=(--unix-socket "$scratch/$name/manage.sock" "http://localhost$path")
    fi
    status=$(curl -sS --max-time 60 -X "$method" -o "$out" -D "$scratch/head" -w '%{http_code}' \
        "$@" "${way[@]}" 2>"$err") || status="curl $?: $(cat "$err")"
}

# json BODY: arguments for api.
json=(-H 'Content-Type: application/json' --data-binary)

# answers STATUS SENTENCE NAME METHOD PATH [CURL-ARGUMENT...]
answers()
{
    local want=$1 sentence=$2
    shift 2
    api "$@"
    if [[ $status == "$want" ]]; then ok "$sentence: $want"; else
        not_ok "$sentence: $want, not $status" "$scratch/head" "$out" "$err"
    fi
}

# told SENTENCE JQ-EXPRESSION: it is true of the answer.
told() { check "$1" jq -e "$2" "$out"; }

# field FILTER: of the answer.
field() { jq -r "$1" "$out"; }

# header NAME: of the answer.
header() { sed -n "s/^$1: \(.*\)\r\$/\1/Ip" "$scratch/head"; }
