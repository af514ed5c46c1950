#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A client without a certificate does not get through the handshake.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
address=$(at target)

# OpenSSL believes in the handshake until the alert arrives: an answer is what counts.
# shellcheck disable=SC2016
check_not 'openssl s_client gets no answer' sh -c '
    printf "GET / HTTP/1.1\r\nHost: x\r\n\r\n" |
        timeout 15 openssl s_client -quiet -connect "$1" 2>/dev/null | grep .' - "$address"
check_not 'curl gets no answer' curl -sk --max-time 15 "https://$address/"
check_not 'nor does a PUT' curl -sk --max-time 15 -T "$scratch/target.pem" "https://$address/x"
check 'the listener tells of it' wait_for 10 event_seen target '.event == "refused"'
nothing_moved target
pairs source target
listen_end target
