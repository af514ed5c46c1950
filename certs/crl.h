/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A certificate revocation list (RFC 5280 section 5): version 2, complete, of one issuer
 * for its own certificates. Delta and indirect lists, and any critical extension beside
 * issuingDistributionPoint, are refused when read.
 */
#pragma once

#include "certs/cert.h"

#define CRL_DER_MAX (16U << 20) /* bytes of one list */
#define CRL_FILE_MAX (24U << 20)
#define CRLS_MAX 64 /* lists of one file */

struct crl {
    struct buf der; /* every span below points into it */
    struct span tbs;
    struct span issuer;  /* Name, with its SEQUENCE header */
    struct span number;  /* INTEGER contents */
    struct span revoked; /* the entries one after the other */
    struct span signature_algorithm;
    struct span signature;
    enum signature_kind signed_with;
    struct cert_time this_update;
    struct cert_time next_update;
    bool for_users_only, for_cas_only;
    bool is_partial;   /* of one distribution point: what is not in it may be in another */
    struct span point; /* that one: contents of the [0] of its extension */
};

struct crls {
    struct crl *item; /* n of them, on the heap */
    size_t n;
};

/* Fill an empty list from DER. Fails with a message of the rule `revocation`. */
must_check bool crl_parse(struct crl *out, struct span der, struct error *err);
void crl_clear(struct crl *crl);
/* Append the lists of a file, PEM or DER. */
must_check bool crls_parse(struct crls *out, struct span file, struct error *err);
void crls_clear(struct crls *crls);

/* The list verifies under the issuer's key. Its name is for the caller to compare. */
bool crl_is_signed_by(const struct crl *crl, const struct cert *issuer);
/* With SHA-1, MD5 or MD2: another list may have that signature. */
bool crl_is_weakly_signed(const struct crl *crl);
/* `now` lies from thisUpdate to nextUpdate. */
bool crl_is_current(const struct crl *crl, time_t now);
/* Whether this kind of certificate belongs into the list at all. */
bool crl_covers(const struct crl *crl, const struct cert *cert);
/* Who is not in it is in no other list of the issuer: it is of all, or of the point that
 * the certificate names (RFC 5280 6.3.3 b). */
bool crl_is_whole_for(const struct crl *crl, const struct cert *cert);
/* The serial number is in it; *since is the time of the entry. */
bool crl_revokes(const struct crl *crl, const struct cert *cert, struct cert_time *since);
