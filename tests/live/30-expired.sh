#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A leaf that has expired is refused, on either side.
. "$(dirname "$0")/lib.sh"

ladder office
member good office
member late office at='2020-01-01 00:00:00' days=30
member target office
listen target
refused late target validity source
pairs good target
listen_end target

# And the other way round: the source sees that the target's is over.
listen late
refused good late validity target
listen_end late
