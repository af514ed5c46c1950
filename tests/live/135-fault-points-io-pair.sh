#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A read, a write, the disk's room or a connection that fails, at any such call of the four processes
# of a pairing: it succeeds with every finding, or ends with 2, and all is as before.
. "$(dirname "$0")/faultpairing.sh"
export KILLPOINTS=${KILLPOINTS:-2}

under flaky
listen target
pairing_as_usual
# The supervisors have the files, the workers the connection.
words=('' 'a read fails' 'a write fails' 'the disk is full' 'the connection breaks')
for how in 1 2 3 4; do
    role=supervisor
    if ((how == 4)); then role=worker; fi
    faulty_everywhere "${words[how]}" source "$role" "$how" 5
    faulty_everywhere "${words[how]}" target "$role" "$how" 0 # what it has read it need not read again
done
sound 'after all of them'
listen_end target
printf '%d points in all\n' "$total"
