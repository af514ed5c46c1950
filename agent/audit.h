/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of what was done to this appliance and by whom: rows in the state database
 * that only grow. Each holds the hash of the one before it, and a head, signed with the key
 * of the identity then in use, vouches for it and for everything before it. Written by the
 * process that holds the key: the supervisor, or a command.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "certs/identity.h"

#include <stdint.h>

#define AUDIT_EVENT_MAX 32    /* lower-case letters, digits and hyphens, NUL included */
#define AUDIT_SUBJECT_MAX 512 /* bytes, escaped */
#define AUDIT_TEXT_MAX 1024   /* bytes of one string in the details, escaped */
#define AUDIT_DETAILS_MAX (96 * 1024) /* bytes of JSON */

enum audit_kind {
    AUDIT_IDENTITY,      /* made, imported, gone back, confirmed, pruned */
    AUDIT_UPLOAD,        /* of a chain or certificate, accepted or refused */
    AUDIT_REQUEST,       /* signing requests */
    AUDIT_TRUST,         /* anchors, published lists */
    AUDIT_CA,            /* the built-in CA */
    AUDIT_INVITATION,    /* one-time codes */
    AUDIT_ADMINISTRATOR, /* local administrators */
    AUDIT_PAIRING,       /* attempts, on either side */
    AUDIT_AUTHORIZATION, /* tries with a code or password, approvals, denials */
    AUDIT_GRANT,         /* given, renewed, revoked */
    AUDIT_MIGRATION,     /* moves of the handover */
    AUDIT_LISTENER,      /* start and end */
    AUDIT_REFUSED,       /* connections that came to nothing, counted */
    AUDIT_MANAGEMENT     /* who used the management API: logins, and what they changed */
};
#define AUDIT_KINDS 14

const char *audit_kind_name(enum audit_kind kind);
/* E_AUDIT_KIND when there is none of this name. */
must_check bool audit_kind_named(enum audit_kind *out, const char *name, struct error *err);

struct audit_entry {
    enum audit_kind kind;
    const char *event;   /* "upload", "again", "commit" … */
    const char *subject; /* what it was about: a migration, an address, a name … */
    struct span details; /* one JSON object; empty: nothing more to say */
};

/* The words of one that a worker tells the supervisor. */
struct audit_words {
    enum audit_kind kind;
    char event[AUDIT_EVENT_MAX];
    char subject[AUDIT_SUBJECT_MAX];
};

/*
 * Append it, in a transaction of its own, and sign the head with `key`, the whole one of
 * the current identity; NULL when it cannot be had: the next head vouches for it. Strings
 * from outside are escaped here, once. Goes to the journal too.
 */
must_check bool audit_add(struct db *db, const struct key *key,
                          const struct audit_entry *entry, time_t now, struct error *err);

/* Commit what the caller has begun and done, with its record: neither is there without the
 * other. */
must_check bool audit_commit(struct db_change *change, const struct key *key,
                             const struct audit_entry *entry, time_t now,
                             struct error *err);

/* A row as it is stored. */
struct audit_record {
    uint64_t seq;
    int64_t at;
    const char *kind, *event, *subject, *details; /* borrowed from the query */
    struct digest previous, hash;
};
/* Which of them; zeroed: all. */
struct audit_range {
    time_t since;
    const enum audit_kind *kind;
    uint64_t after, before; /* numbers, themselves not among them; before 0: to the end */
    uint64_t limit;         /* at most so many: with `after` the first, else the last */
};
/* Oldest first. The caller steps. */
must_check bool audit_list(struct query *out, struct db *db,
                           const struct audit_range *range, struct error *err);
/* The row in reach; false when no audit_add wrote it so. */
bool audit_read(struct audit_record *out, const struct query *row);
/* What its hash must be. */
must_check bool audit_hash(struct digest *out, const struct audit_record *record,
                           struct error *err);
/* What a head signs, as the statement STATEMENT_AUDIT of the role AUDIT_ROLE. */
#define AUDIT_ROLE "record"
#define AUDIT_HEAD_MAX 128
must_check bool audit_head(struct buf *out, uint64_t seq, const struct digest *hash,
                           const struct digest *spki_sha256, struct error *err);

/* What audit_verify.c found. */
struct audit_check {
    uint64_t records;
    uint64_t vouched; /* everything up to this one is signed and as it was written */
    uint64_t first;   /* the first that was touched, added or removed; 0: none */
    struct report findings;
};
/* Walk the whole record. `signers`: the identities whose heads count. */
must_check bool audit_verify(struct audit_check *out, struct db *db,
                             const struct identities *signers, struct error *err);
void audit_check_clear(struct audit_check *check);

/* syslog's LOG_AUTH, when this system has a /dev/log. */
void audit_journal_open(void);
