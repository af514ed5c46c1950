/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The facts of one certificate (RFC 5280 section 4), read once from its DER. What is not
 * strict DER, or not a certificate as section 4.1 draws it (a duplicate extension, two
 * signature algorithms, a serial number that is none, a NUL in a DNS name), is refused here
 * with a message of the rule `encoding`. Whether the rest is acceptable is for
 * certs/rules.h to say.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

#include <time.h>

#define CERT_DER_MAX 65536 /* bytes of one certificate */
#define CERT_TEXT_MAX 256  /* bytes of a name shown to people */
#define CERT_KEY_NAME_MAX 48

enum ku { /* RFC 5280 4.2.1.3 */
          KU_DIGITAL_SIGNATURE = 1 << 0,
          KU_NON_REPUDIATION = 1 << 1,
          KU_KEY_ENCIPHERMENT = 1 << 2,
          KU_DATA_ENCIPHERMENT = 1 << 3,
          KU_KEY_AGREEMENT = 1 << 4,
          KU_KEY_CERT_SIGN = 1 << 5,
          KU_CRL_SIGN = 1 << 6,
          KU_ENCIPHER_ONLY = 1 << 7,
          KU_DECIPHER_ONLY = 1 << 8
};

enum eku { /* RFC 5280 4.2.1.12 */
           EKU_SERVER_AUTH = 1 << 0,
           EKU_CLIENT_AUTH = 1 << 1,
           EKU_ANY = 1 << 2,
           EKU_IPSEC_END_SYSTEM = 1 << 3, /* 1.3.6.1.5.5.7.3.5 */
           EKU_OTHER = 1 << 4
};

enum key_kind { KEY_UNKNOWN, KEY_RSA, KEY_EC_P256, KEY_EC_P384, KEY_EC_P521, KEY_ED25519 };

enum signature_kind {
    SIGNATURE_UNKNOWN,
    SIGNATURE_MD2,
    SIGNATURE_MD5,
    SIGNATURE_SHA1, /* with RSA or ECDSA */
    SIGNATURE_RSA_SHA2,
    SIGNATURE_RSA_PSS,
    SIGNATURE_ECDSA_SHA2,
    SIGNATURE_ED25519
};

enum time_form { /* as found in the raw bytes: T-12 */
                 FORM_UTC,
                 FORM_GENERALIZED,
                 FORM_GENERALIZED_EARLY, /* a GeneralizedTime before 2050: RFC 5280 4.1.2.5
                                          */
                 FORM_BAD                /* no seconds, fraction, offset, no such day … */
};

struct cert_time {
    time_t at; /* 0 when FORM_BAD */
    enum time_form form;
    struct span raw; /* as written */
};

struct cert {
    struct buf der; /* the certificate as presented; every span below points into it */
    struct span tbs;
    struct span serial;              /* INTEGER contents */
    struct span issuer;              /* Name, with its SEQUENCE header */
    struct span subject;             /* Name, with its SEQUENCE header */
    struct span spki;                /* SubjectPublicKeyInfo, with its header */
    struct span extensions;          /* contents of the Extensions SEQUENCE, or empty */
    struct span signature_algorithm; /* outer AlgorithmIdentifier, with its header */
    struct span signature;           /* BIT STRING contents without the unused-bits byte */
    unsigned version;                /* 1, 2 or 3 */
    struct cert_time not_before;
    struct cert_time not_after;

    enum key_kind key;
    unsigned key_bits;
    enum signature_kind signed_with;
    char key_name[CERT_KEY_NAME_MAX]; /* cert_key_name */

    bool has_ku, has_eku, has_basic, basic_critical, has_san, has_ski, has_aki;
    bool constraints_critical; /* name_constraints is marked critical */
    unsigned ku;               /* enum ku */
    unsigned eku;              /* enum eku */
    bool ca;                   /* basicConstraints CA:TRUE */
    bool has_path_length;
    unsigned path_length;
    struct span san;                      /* GeneralNames contents */
    struct span ski;                      /* KeyIdentifier */
    struct span aki;                      /* keyIdentifier inside the AKI */
    struct span name_constraints;         /* contents of the NameConstraints SEQUENCE */
    char unknown_critical[CERT_TEXT_MAX]; /* OIDs of critical extensions not processed */

    char cn[CERT_TEXT_MAX]; /* first commonName, printable */
    unsigned cn_count;
    bool cn_has_nul;      /* this one and the next look at every commonName, uncut */
    bool cn_has_wildcard; /* '*' */
    char subject_text[CERT_TEXT_MAX]; /* RFC 4514-like one-liner, printable */
    char issuer_text[CERT_TEXT_MAX];
    char issuer_cn[CERT_TEXT_MAX]; /* empty when the issuer has none */
    struct digest sha256;          /* of the DER */
    struct digest spki_sha256;     /* of spki: what --pin and grants name */
    /* SHA-256 of the public key under which the signature was found good before; zero: not
     * tried. Set by chain_remember. */
    struct digest signed_by;
};

/* Fill an empty cert from DER. Trailing bytes are refused. */
must_check bool cert_parse(struct cert *out, struct span der, struct error *err);
void cert_clear(struct cert *cert);

/* What is shown as Issued To / Issued By: the CN, else the whole name. */
const char *cert_issued_to(const struct cert *cert);
const char *cert_issued_by(const struct cert *cert);

/* issuer and subject are the same name (cert_names_compare). */
bool cert_is_self_issued(const struct cert *cert);
/* `cert` verifies under `issuer`'s key; algorithm parameters as RFC 8017, 5758, 8410. */
bool cert_is_signed_by(const struct cert *cert, const struct cert *issuer);

/* RFC 5280 section 7.1: RDN by RDN; string type, ASCII case and white space do not matter.
 */
enum name_relation {
    NAME_SAME,      /* the same bytes */
    NAME_EQUAL,     /* equal as 7.1 compares */
    NAME_LOOKALIKE, /* not equal, but reads the same: confusable or differently composed */
    NAME_DIFFERENT
};
enum name_relation cert_names_compare(struct span a, struct span b);
/* For a lookalike: the first code points that differ, as "U+0410 against U+0041". */
void cert_names_explain(char *out, size_t room, struct span a, struct span b);

/* What the certificate calls itself, matched as RFC 9525: exact DNS name (left-most
 * wildcard label), or IP address. Falls back to the CN only when there is no SAN; *by_cn
 * then is true. */
bool cert_is_for(const struct cert *cert, const char *name_or_address, bool *by_cn);
/* dNSName and iPAddress entries of the SAN, comma separated, printable. */
void cert_san_text(char *out, size_t room, const struct cert *cert);
/* True when a dNSName of the SAN contains '*'. */
bool cert_san_has_wildcard(const struct cert *cert);

/* PEM text (64 columns, LF) appended to out. */
must_check bool cert_to_pem(struct buf *out, const struct cert *cert, struct error *err);
const char *
cert_key_name(const struct cert *cert); /* "RSA-2048", "EC P-256", "Ed25519" … */
