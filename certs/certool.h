/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * certool.cfg of VMCA: lines "Key = value", '#' begins a comment. Country, Name,
 * Organization, OrgUnit, State, Locality, Hostname, IPAddress, Email, DomainComponent.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define CERTOOL_BYTES_MAX 65536
#define CERTOOL_VALUE_MAX 256
#define CERTOOL_ADDRESSES_MAX 16

struct certool {
    char country[CERTOOL_VALUE_MAX];
    char name[CERTOOL_VALUE_MAX]; /* the common name; Hostname when there is none */
    char organization[CERTOOL_VALUE_MAX];
    char unit[CERTOOL_VALUE_MAX];
    char state[CERTOOL_VALUE_MAX];
    char locality[CERTOOL_VALUE_MAX];
    char hostname[CERTOOL_VALUE_MAX];
    char address[CERTOOL_VALUE_MAX]; /* several with commas between */
    char email[CERTOOL_VALUE_MAX];
    char domain[CERTOOL_VALUE_MAX]; /* "vsphere.local" */
};

/* Fill an empty struct. Country and Hostname must be there. */
must_check bool certool_parse(struct certool *out, struct span text, struct error *err);
/* The Name: DC from the right, C, ST, L, O, OU, CN; and the contents of the GeneralNames.
 */
must_check bool certool_subject(struct buf *out, const struct certool *config,
                                struct error *err);
must_check bool certool_san(struct buf *out, const struct certool *config,
                            struct error *err);
/* The i-th address of IPAddress, or false. */
bool certool_address(char out[CERTOOL_VALUE_MAX], const struct certool *config, size_t i);
