/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing requests (PKCS#10, RFC 2986): made by profile, and read. */
#pragma once

#include "certs/key.h"

#define CSR_PEM_MAX 65536
#define CSR_SAN_MAX 100

/* What a purpose asks the CA for; the rows are in csr.c. */
struct csr_profile {
    const char *name;
    unsigned eku;
    unsigned ku_rsa;   /* an RSA key */
    unsigned ku_other; /* EC and Ed25519 */
};
must_check bool csr_profile_named(const struct csr_profile **out, const char *name,
                                  struct error *err);

/* What the request shall say. Fields that are NULL or empty are left out. */
struct csr_wish {
    const struct csr_profile *profile;
    const char *country, *state, *locality, *organization, *unit, *common_name, *email;
    const char *const *san; /* "DNS:name", "IP:address", or the bare name or address */
    size_t sans;            /* asked for in this order, nothing added */
};

/* A request as PEM, appended to out. */
must_check bool csr_make(struct buf *out, const struct csr_wish *wish,
                         const struct key *key, struct error *err);

struct csr {
    struct buf der;      /* the spans below point into it */
    struct span subject; /* Name, with its SEQUENCE header */
    struct span spki;    /* SubjectPublicKeyInfo, with its header */
    struct span san;     /* GeneralNames contents */
    enum key_kind key;
    unsigned ku, eku; /* as asked for; 0 when not */
    bool asks_for_ca; /* CA:TRUE or keyCertSign */
    struct digest spki_sha256;
    char cn[CERT_TEXT_MAX];
    char subject_text[CERT_TEXT_MAX];
    char san_text[CERT_TEXT_MAX];
};

/* Fill an empty csr from PEM, its own signature checked. */
must_check bool csr_parse(struct csr *out, struct span pem, struct error *err);
void csr_clear(struct csr *csr);

/* One SAN entry given as text, as a GeneralName appended to out; ca.c needs it too. */
must_check bool csr_add_general_name(struct buf *out, const char *san, struct error *err);
/* One host name that can stand in a certificate: no wildcard, 64 bytes at most. */
bool csr_name_is_exact(const char *name);
