/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Authorisation after two good verdicts, and its oldest way, a one-time code of the
 * target's operator (invitation). A code is a 30-bit selector, sent in the clear, and a
 * 60-bit secret, proven by SCRAM-SHA-256-PLUS (RFC 7677) bound to the TLS exporter (RFC
 * 9266): the secret never travels. The target stores a verifier only. An administrator's
 * password (pairing/admin.h) is proven the same way; an approval (pairing/approval.h) is
 * given by a person who compares two screens.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "base/error.h"
#include "pairing/grant.h"
#include "pairing/tls.h"

#define CODE_TEXT_MAX 32    /* "ABC123-DEFG-HJKM-NPQR" and NUL, with room for blanks */
#define CODE_SECRET_MAX 16  /* 12 characters and NUL */
#define CODE_FAILURES_MAX 5 /* wrong secrets per invitation */
#define INVITE_SECONDS 1800 /* default life */
#define INVITATION_KEEP_SECONDS (7 * 86400) /* in the list after its end */
#define PUBLISH_NAME_MAX 201                /* bytes, NUL included */
#define ADMIN_NAME_MAX 33                   /* bytes, NUL included */
#define SCRAM_TEXT_MAX 1024                 /* bytes of one SCRAM message */
#define SCRAM_SALT_BYTES 16
#define PASSWORD_ITERATIONS 100000
#define CODE_ITERATIONS 4096      /* 60 random bits need no slowness; RFC 7677 section 4 */
#define SCRAM_ITERATIONS_MIN 4096 /* a client refuses less… */
#define SCRAM_ITERATIONS_MAX 600000 /* …and more, before deriving anything */

struct code {
    uint32_t selector; /* 30 bits */
    char secret[CODE_SECRET_MAX];
};
/* Any case, blanks and hyphens anywhere; I, L read as 1 and O as 0 (Crockford base32). */
must_check bool code_read(struct code *out, const char *text, struct error *err);
void code_show(char out[CODE_TEXT_MAX], const struct code *code);
void code_clear(struct code *code);
/* A fresh random one. */
must_check bool code_make(struct code *out, struct error *err);

/* Make a code and store its verifier; `for_name` may be "" (any peer that pairs), or
 * the SHA-256 of the peer's client key, in 64 hexadecimal digits. */
must_check bool invitation_make(struct code *out, struct db *db, const char *for_name,
                                time_t now, time_t expires, struct error *err);
struct invitation { /* for the operator's list; holds no secret */
    uint32_t selector;
    char for_name[PEER_NAME_MAX];
    time_t created, expires, used; /* used 0: not yet */
    unsigned failures;
};
/* All of them, newest first, through a query the caller steps. */
must_check bool invitation_list(struct query *out, struct db *db, struct error *err);
void invitation_read(struct invitation *out, const struct query *row);

/* What the source sends to be authorised, and what it hears. */
enum authorize_method {
    AUTHORIZE_CODE,
    AUTHORIZE_AGAIN,    /* the grant this key already has */
    AUTHORIZE_PASSWORD, /* of an administrator of the target */
    AUTHORIZE_WAIT      /* for the target's operator to approve; asked until answered */
};
#define AUTHORIZE_METHODS 4
/* What is asked for, so that a target that is there for the other refuses before anything
 * is used up. */
enum authorize_purpose {
    PURPOSE_UNSAID, /* by a source that is older than the field */
    PURPOSE_MOVE,
    PURPOSE_MEASURE /* --to-nowhere */
};
struct authorize_ask {
    enum authorize_method method;
    enum authorize_purpose purpose;
    char name[PUBLISH_NAME_MAX];      /* of the directory the target shall publish */
    uint32_t selector;                /* AUTHORIZE_CODE */
    char user[ADMIN_NAME_MAX];        /* AUTHORIZE_PASSWORD */
    char migration[MIGRATION_ID_MAX]; /* to go on with; empty: a new one */
    char scram[SCRAM_TEXT_MAX];       /* base64 */
};
struct authorize_answer {
    char scram[SCRAM_TEXT_MAX]; /* base64; empty when there is nothing more to say */
    bool waiting;               /* AUTHORIZE_WAIT: nobody has decided yet; ask again */
    int64_t expires;            /* of the waiting, seconds since 1970 */
    bool granted;
    struct grant grant; /* what the source needs of it: id, migration, ceiling, expiry */
};

struct scram; /* one side of one exchange; GNU SASL's objects */

/* What is stored of a secret (RFC 5802 section 3). */
struct verifier {
    unsigned char salt[SCRAM_SALT_BYTES];
    unsigned iterations;
    struct digest stored_key, server_key;
};
must_check bool verifier_make(struct verifier *out, const char *secret, unsigned iterations,
                              struct error *err);
/* *right: this is the secret it was made of; the same work whether or not. */
must_check bool verifier_accepts(const struct verifier *verifier, const char *secret,
                                 bool *right, struct error *err);
/* Columns salt, iterations, stored_key, server_key, beginning with `column`. */
must_check bool verifier_read(struct verifier *out, const struct query *row, int column,
                              struct error *err);
void verifier_bind(struct query *query, int at, const struct verifier *verifier);

/* The source's side: knows the secret. */
must_check bool scram_client_of(struct scram **out, const char *user, const char *secret,
                                const struct tls_facts *facts, struct error *err);
must_check bool scram_client(struct scram **out, const struct code *code,
                             const struct tls_facts *facts, struct error *err);
/* The target's side: knows the verifier. */
must_check bool scram_server_of(struct scram **out, const struct verifier *verifier,
                                const unsigned char exporter[TLS_EXPORTER_BYTES],
                                struct error *err);
/* The verifier is that of the invitation with this selector. E_CODE_* when there
 * is none that may be used; the peer is told the same for each of those. */
must_check bool scram_server(struct scram **out, struct db *db, uint32_t selector,
                             const unsigned char exporter[TLS_EXPORTER_BYTES],
                             struct error *err);
/* One step: base64 in (empty to begin), base64 out; *done when nothing more is expected. */
must_check bool scram_step(struct scram *scram, const char *in, char out[SCRAM_TEXT_MAX],
                           bool *done, struct error *err);
void scram_free(struct scram **scram);

/*
 * After a finished exchange: mark the invitation used by this key and store the grant, in
 * one transaction. The same key again gets the newest grant of the migration it was used
 * for, E_GRANT_REVOKED when that is revoked; another key E_CODE_USED.
 */
must_check bool invitation_redeem(struct grant *grant, struct db *db, uint32_t selector,
                                  time_t now, struct error *err);
/* A wrong secret counts against the invitation. */
must_check bool invitation_failed(struct db *db, uint32_t selector, struct error *err);
