#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Another intermediate below the same root is refused (O-29).
. "$(dirname "$0")/lib.sh"

ladder office
ca_new branch Inter-CA2 office-root
member source branch
member target office
listen target
refused source target ladder-name
run 1 source pair "$(at target)" --json
equal 'X, X, <->' '[false,false,true]' "$(jq -c '[.rungs[].match]' "$out")"
run 1 source pair "$(at target)"
equal 'two rungs are drawn with X' 2 "$(grep -cE '(^| )X( |$)' "$out")"
equal 'one with <->' 1 "$(grep -c -e '<->' "$out")"
run 1 source preflight "$scratch/source.pem" "$scratch/target.pem" --json
equal 'preflight says the same' '[false,false,true]' "$(jq -c '[.rungs[].match]' "$out")"
listen_end target
