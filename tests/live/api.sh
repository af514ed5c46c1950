# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the scripts use, what lib.sh has
#
# Sourced behind lib.sh by the scripts of the management API.

command -v curl >/dev/null || skip 'curl is not installed'

# api NAME METHOD PATH [CURL-ARGUMENT...]: ask the agent on its local socket. The body is in
# $out, the head in $scratch/head, the number in $status.
api()
{
    local name=$1 method=$2 path=$3
    shift 3
    status=$(curl -sS --max-time 60 --unix-socket "$scratch/$name/manage.sock" -X "$method" \
        -o "$out" -D "$scratch/head" -w '%{http_code}' "$@" "http://localhost$path" 2>"$err") ||
        status="curl $?: $(cat "$err")"
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
