/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making certificates (RFC 5280): one plan, one certificate. Judges nothing; ca.c does. */
#pragma once

#include "certs/key.h"

struct issue {
    struct span subject;       /* Name, with its SEQUENCE header */
    struct span spki;          /* whose key it is */
    struct span san;           /* GeneralNames contents; empty for none */
    const struct cert *issuer; /* NULL: self-signed */
    const struct key *signer;  /* the issuer's key */
    time_t from, until;
    unsigned ku, eku;
    bool is_ca;
    bool last_ca; /* pathLenConstraint 0 */
};

/* The certificate as DER, appended to out. The serial number has 126 random bits. */
must_check bool issue_certificate(struct buf *out, const struct issue *issue,
                                  struct error *err);
/* A Name of one common name, with its SEQUENCE header. */
must_check bool issue_name(struct buf *out, const char *common_name, struct error *err);
