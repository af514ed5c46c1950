#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A leaf without clientAuth cannot be uploaded; presented all the same, it is refused.
. "$(dirname "$0")/lib.sh"

ladder office
member good office
member source office
member target office
leaf_sign office "$scratch/source.csr" "$scratch/server-only.pem" eku=serverAuth
run 1 source chain upload "$scratch/server-only.pem"
plant source "$scratch/server-only.pem"
listen target
refused source target leaf-eku source
pairs good target
listen_end target

leaf_sign office "$scratch/target.csr" "$scratch/client-only.pem" eku=clientAuth
plant target "$scratch/client-only.pem"
listen target
refused good target leaf-eku target
listen_end target
