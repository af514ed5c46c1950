/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing requests (PKCS#10, RFC 2986): made by profile, and read. */
#pragma once

#include "certs/key.h"

#define CSR_PEM_MAX 65536
#define CSR_SAN_MAX 100

/* What a purpose asks the CA for; the rows are in csr_profile.c. */
struct csr_profile {
    const char *name;
    enum key_choice key; /* when nothing else is asked for */
    bool ecdsa;          /* an EC key and no other */
    bool multi_server;   /* one certificate may name several servers */
    bool ca;             /* basicConstraints CA:TRUE, pathlen:0 */
    unsigned eku;
    unsigned ku_rsa;   /* an RSA key */
    unsigned ku_other; /* EC and Ed25519 */
};
must_check bool csr_profile_named(const struct csr_profile **out, const char *name,
                                  struct error *err);
/* The rows in order; NULL past the end. */
const struct csr_profile *csr_profile_at(size_t i);

/* What the request shall say. Fields that are NULL or empty are left out. */
struct csr_wish {
    const struct csr_profile *profile;
    const char *country, *state, *locality, *organization, *unit, *common_name, *email;
    /* "DNS:name", "IP:address", "email:user@host", "URI:scheme:…", or the bare name or
     * address; asked for in this order, nothing added */
    const char *const *san;
    size_t sans;
};
/* The profile allows this kind of key and as many servers. csr_make asks it. */
must_check bool csr_profile_allows(const struct csr_wish *wish, enum key_kind kind,
                                   struct error *err);

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
    bool ca;          /* CA:TRUE asked for */
    bool asks_for_ca; /* that, or keyCertSign */
    struct digest spki_sha256;
    char cn[CERT_TEXT_MAX];
    char subject_text[CERT_TEXT_MAX];
    char san_text[CERT_TEXT_MAX];
};

/* Fill an empty csr from PEM, its own signature checked. */
must_check bool csr_parse(struct csr *out, struct span pem, struct error *err);
void csr_clear(struct csr *csr);

/* What the CA made of the request: another key is an error, all else a warning. */
void csr_diff(struct report *out, const struct csr *csr, const struct cert *cert);
/* Of that the alternative names alone that the CA dropped, by which nobody would find it.
 */
void csr_diff_dropped(struct report *out, const struct csr *csr, const struct cert *cert);

/* One SAN entry given as text, as a GeneralName appended to out; ca.c needs it too. */
must_check bool csr_add_general_name(struct buf *out, const char *san, struct error *err);
struct general_name;
/* And back: "DNS:…", "IP:…", "email:…", "URI:…"; all of them, comma separated. */
void csr_general_text(char *out, size_t room, const struct general_name *name);
void csr_san_text(char *out, size_t room, struct span san);
/* One host name that can stand in a certificate: no wildcard, 64 bytes at most. */
bool csr_name_is_exact(const char *name);
