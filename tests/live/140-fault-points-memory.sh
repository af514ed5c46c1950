#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory that is not to be had, once or from then on, at any request of the four processes of a
# pairing: it succeeds with every finding, or ends with 2, and all is as before.
. "$(dirname "$0")/faultpairing.sh"

under scarce
listen target
pairing_as_usual
words=('one request' 'all from one on')
for how in 0 1; do
    for name in source target; do
        for role in supervisor worker; do faulty_everywhere "${words[how]}" "$name" "$role" "$how" 100; done
    done
done
sound 'after all of them'
listen_end target
printf '%d points in all\n' "$total"
