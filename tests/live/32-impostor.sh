#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A CA with the same names and other keys is an impostor.
. "$(dirname "$0")/lib.sh"

ladder office
ladder impostor
member source impostor
member target office
listen target
refused source target ladder-key
run 1 source pair "$(at target)" --json
check 'it is not trusted either' finding_in "$out" trust
run 1 source preflight "$scratch/source.pem" "$scratch/target.pem" --json
check 'preflight knows the impostor too' finding_in "$out" ladder-key
listen_end target
