#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Plain HTTP, garbage and silence on the port are refused, and cost the listener nothing.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
address=$(at target)

check_not 'curl gets no HTTP answer' curl -s --http1.1 --max-time 15 -f "http://$address/"
curl -s --max-time 15 "http://$address/" >"$scratch/answer" 2>/dev/null || true
check_not 'no page at all' grep -qi '<html\|HTTP/1' "$scratch/answer"
head -c 65536 /dev/urandom >"/dev/tcp/127.0.0.1/${listener_port[target]}" 2>/dev/null || true
exec 5<>"/dev/tcp/127.0.0.1/${listener_port[target]}" # says nothing
exec 6<>"/dev/tcp/127.0.0.1/${listener_port[target]}"
printf '\x16\x03\x01\x02\x00\x01' >&6 # a record that never goes on
pairs source target
nothing_moved target

# A connection without a ClientHello is closed within the handshake's deadline, or reset when
# what it said was not read.
closed()
{
    local status=0

    timeout 20 cat <&"$1" >/dev/null 2>&1 || status=$?
    [[ $status != 124 ]]
}
check 'a silent connection is closed' closed 5
check 'half a hello is closed' closed 6
pairs source target
listen_end target
