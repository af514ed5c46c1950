/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Revocation lists beside their CAs: DIR/trust/crls/<SHA-256 of the issuer's public
 * key>.pem, one for each issuer, with a few notes above the BEGIN line. What is kept was
 * verified under that key. Whoever changes it holds the state's lock.
 */
#pragma once

#include "certs/chain.h"
#include "certs/crl.h"

#define CRL_STORE_MAX 256
#define CRL_URL_MAX 256

struct held_crl {
    struct crl crl;
    struct digest issuer_key;
    char issuer_text[CERT_TEXT_MAX];
    char url[CRL_URL_MAX]; /* where it is fetched from, or "" */
    bool automatic;        /* came with a published list */
    time_t fetched;
};
struct held_crls {
    struct held_crl *item; /* n of them, on the heap */
    size_t n;
};

must_check bool crl_store_load(struct held_crls *out, int state, struct error *err);
void held_crls_clear(struct held_crls *held);
/* The list of the CA with this key, or NULL. */
const struct held_crl *held_crls_find(const struct held_crls *held,
                                      const struct digest *issuer_key);

/* Who signed it: the certificate among `cas` that has the name and whose key verifies. */
const struct cert *crl_signer(const struct crl *crl, const struct chain *cas);
struct crl_wish {
    const struct cert *issuer;
    const char *url; /* or NULL: what was known stays */
    bool automatic;
    time_t now;
};
/* Keep a list. Refused: weakly signed, not signed by the issuer, out of date, older than
 * the one held. The same again changes nothing (*changed). */
must_check bool crl_store_put(int state, const struct crl *crl, const struct crl_wish *wish,
                              bool *changed, struct error *err);
must_check bool crl_store_drop(int state, const struct digest *issuer_key,
                               struct error *err);
/* The http addresses of a certificate's cRLDistributionPoints: the first; false for none.
 */
bool crl_point(char out[CRL_URL_MAX], const struct cert *cert);
