/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the built-in CA issued, and what of it was revoked: DIR/ca.issued/<serial>.pem, the
 * certificate with a few notes above it, written before anybody is given the certificate.
 * Whoever changes it holds the state's lock.
 */
#pragma once

#include "certs/ca.h"
#include "certs/cert.h"

#define ISSUED_MAX 20000
#define SERIAL_TEXT_MAX 64

/* RFC 5280 5.3.1, those a CA of this kind can have. */
enum revocation_reason {
    REASON_UNSPECIFIED = 0,
    REASON_KEY_COMPROMISE = 1,
    REASON_AFFILIATION_CHANGED = 3,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION = 5
};
const char *reason_name(enum revocation_reason reason);
must_check bool reason_named(enum revocation_reason *out, const char *name,
                             struct error *err);

struct issued {
    char serial[SERIAL_TEXT_MAX]; /* hexadecimal, as openssl prints it */
    struct digest issuer_key;
    time_t at;
    time_t revoked; /* 0: not */
    enum revocation_reason reason;
    struct cert cert;
};
struct issued_list {
    struct issued *item; /* n of them, on the heap, oldest first */
    size_t n;
};

void issued_serial(char out[SERIAL_TEXT_MAX], const struct cert *cert);
/* E_CA_FULL when ISSUED_MAX are on record. */
must_check bool issued_add(int state, const struct cert *leaf, const struct ca *ca,
                           time_t now, struct error *err);
must_check bool issued_load(struct issued_list *out, int state, struct error *err);
/* By its serial number in hexadecimal, either case, colons allowed. */
must_check bool issued_revoke(struct issued *out, int state, const char *serial,
                              enum revocation_reason reason, time_t now, struct error *err);
void issued_clear(struct issued *issued);
void issued_list_clear(struct issued_list *list);

#define CRL_DAYS 30
#define CRL_DAYS_MAX 3650
/*
 * The revocation list of what this CA key issued, DER, appended to `out`: version 2, with
 * AKI and a cRLNumber one higher than the last.
 */
must_check bool issued_crl(struct buf *out, int state, const struct ca *ca, unsigned days,
                           time_t now, struct error *err);
