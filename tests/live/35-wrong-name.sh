#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target's certificate must be for what was dialled, or for --peer-name.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office san=DNS:elsewhere.example.com
listen target
refused source target peer-name
pairs source target --peer-name elsewhere.example.com
refused source target peer-name -- --peer-name target.example.com
listen_end target
