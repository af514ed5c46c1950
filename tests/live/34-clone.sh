#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A cloned appliance, and one that talks to itself, are refused.
. "$(dirname "$0")/lib.sh"

ladder office
member target office
cp -a "$scratch/target" "$scratch/clone"
listen target
refused clone target same-identity
run 1 target pair "$(at target)" --json
check 'talking to oneself' finding_in "$out" same-identity

# The same key under two certificates is a clone too.
leaf_sign office "$scratch/target.csr" "$scratch/twin.pem"
plant clone "$scratch/twin.pem"
refused clone target same-identity
listen_end target
