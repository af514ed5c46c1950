/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What grants authority — invitations, grants, migrations, finished segments — lies in a
 * database that only the supervisor opens. The worker, which talks to the network, asks for
 * it through the few requests below, one at a time over a socket pair. Both ends are one
 * program started once, so a request is a struct of fixed size and two byte strings behind
 * it.
 */
#pragma once

#include "agent/audit_quota.h"
#include "agent/bounds.h"
#include "agent/custody.h"
#include "agent/hooks.h"
#include "base/buf.h"
#include "base/db.h"
#include "pairing/admin.h"
#include "pairing/approval.h"
#include "pairing/authorize.h"
#include "pairing/grant.h"
#include "transfer/handover.h"
#include "transfer/journal.h"
#include "transfer/owners.h"

#include <pthread.h>
#include <stdatomic.h>

#define AUTHORITY_BYTES_MAX (256 * 1024) /* of each byte string */

enum authority_op {
    AUTHORITY_CODE_STEP,   /* target: one SCRAM step; the last one redeems the invitation */
    AUTHORITY_AGAIN,       /* target: renew the grant this key holds for a migration */
    AUTHORITY_ADOPT,       /* source: keep the grant that was given, begin the migration */
    AUTHORITY_GRANT,       /* the grant of a migration */
    AUTHORITY_MIGRATION,   /* the handover row of a migration */
    AUTHORITY_MOVE,        /* one move of the handover table */
    AUTHORITY_STATEMENT,   /* a statement kept by a move */
    AUTHORITY_AUDIT,       /* a record of what the worker has seen */
    AUTHORITY_JOURNAL_ADD, /* these segments are durable */
    AUTHORITY_JOURNAL_LOAD,  /* the durable segments, a batch at a time */
    AUTHORITY_FORGET,        /* a connection has ended: drop its SCRAM exchange */
    AUTHORITY_PASSWORD_STEP, /* target: as CODE_STEP, for an administrator */
    AUTHORITY_WAIT,          /* target: has the operator approved this pairing? */
    AUTHORITY_OWNER,         /* the number of a user or group, or its name */
    AUTHORITY_DRAFT,         /* target: what the receipt will say, and the source's chain */
    AUTHORITY_DECIDE,      /* target: it is published: sign the receipt, count the epoch */
    AUTHORITY_NEXT,        /* target: the next migration that is in this state */
    AUTHORITY_CHAINS,      /* source: both chains, kept with the receipt */
    AUTHORITY_SEEN,        /* our identity was in a good pairing */
    AUTHORITY_HOOK,        /* run a hook of a migration, or say how it is going */
    AUTHORITY_READY,       /* it listens: the service manager is told */
    AUTHORITY_CREDENTIALS, /* what is newer than the worker has, a piece at a time */
};
#define AUTHORITY_OPS 22

/* What a migration is besides its handover. */
struct migration_facts {
    char name[PUBLISH_NAME_MAX]; /* of the published directory */
    char directory[4096];        /* source: the tree; target: --into */
    char peer[PEER_NAME_MAX];
    enum digest_kind kind;
    int64_t created;
};

struct authority_ask {
    enum authority_op op;
    char migration[MIGRATION_ID_MAX];
    /* CODE_STEP, PASSWORD_STEP, WAIT, AGAIN, ADOPT, FORGET */
    uint64_t connection; /* names the SCRAM exchange */
    uint32_t selector;
    char user[ADMIN_NAME_MAX];
    bool waited;              /* FORGET: it had asked for an approval */
    bool by_peer;             /* GRANT: for the peer whose client key is in `grant` */
    struct pairing_view view; /* WAIT: what the operator is shown */
    unsigned char exporter[TLS_EXPORTER_BYTES];
    char scram[SCRAM_TEXT_MAX];
    struct grant grant;           /* what the verdicts permit, to be stored if authorised */
    struct migration_facts facts; /* name and directory asked for */
    /* MOVE, STATEMENT */
    enum handover_event event;
    bool has_terms;
    struct handover_terms terms;
    size_t signature_n; /* MOVE: of `second`; behind it the key that signed, or nothing */
    enum statement_kept kept;
    enum handover_state state; /* NEXT: of those behind `migration` */
    /* HOOK */
    enum hook hook;
    /* AUDIT */
    struct audit_words words;
    /* OWNER */
    enum owner_kind owner_kind;
    struct owner owner;
    /* SEEN */
    unsigned identity;
    /* CREDENTIALS */
    unsigned version;             /* that the worker has; 0: none */
    unsigned in_use[CUSTODY_MAX]; /* identities of its connections, then 0 */
    /* JOURNAL_LOAD, JOURNAL_ADD; CREDENTIALS: how much of it is there */
    unsigned generation;
    uint64_t from;
    size_t n; /* items in `first` */
    /* lengths of the byte strings that follow */
    size_t first_n, second_n;
};

struct authority_answer {
    struct error err;
    char scram[SCRAM_TEXT_MAX];
    bool done;       /* CODE_STEP, PASSWORD_STEP, WAIT: authorised; HOOK: it is done */
    bool waiting;    /* WAIT, HOOK: not yet */
    int64_t expires; /* of the waiting */
    unsigned pause;  /* PASSWORD_STEP: seconds to let pass before this is told */
    struct grant grant;
    struct handover handover;
    struct migration_facts facts;
    struct owner owner;
    unsigned version; /* CREDENTIALS: of the piece that follows; as asked: nothing newer */
    unsigned slot;    /* CREDENTIALS: of its identity in the custody */
    uint64_t total;   /* CREDENTIALS: bytes of all pieces */
    size_t n;
    size_t first_n, second_n;
};

/* The worker's end; one for all threads, which take turns. */
struct authority {
    int socket; /* counts only while open */
    bool open;
    bool broken; /* a request ended half-way: what comes next belongs to no question */
    pthread_mutex_t lock;
};
void authority_open(struct authority *out, int socket);
void authority_close(struct authority *authority);

/* Each fails with what the supervisor refused with. `answer` may be NULL. */
must_check bool authority_do(struct authority *authority, struct authority_ask *ask,
                             struct span first, struct span second,
                             struct authority_answer *answer, struct buf *first_out,
                             struct buf *second_out, struct error *err);

must_check bool authority_grant(struct authority *authority, const char *migration,
                                struct grant *out, struct error *err);
/*
 * The same for a peer that names it: E_NOT_PAIRED when its key was never given a grant,
 * E_MIGRATION_UNKNOWN when it was, but none for this one, whether there is such a migration
 * or not.
 */
must_check bool authority_grant_of(struct authority *authority, const char *migration,
                                   const struct digest *client_key, struct grant *out,
                                   struct error *err);
must_check bool authority_migration(struct authority *authority, const char *migration,
                                    struct handover *out, struct migration_facts *facts,
                                    struct error *err);
/* `terms` and `statement` may be NULL. What the peer has signed is checked once more with
 * act->signer. *after is the row as it now is. */
must_check bool authority_move(struct authority *authority, const char *migration,
                               const struct handover_act *act, struct handover *after,
                               struct error *err);
/* The receipt of what was published, signed and kept: the decision. Repeatable. */
must_check bool authority_decide(struct authority *authority, const char *migration,
                                 struct handover *after, struct error *err);
/* Two byte strings about a migration: DRAFT (draft, source's chain), CHAINS (both). */
must_check bool authority_keep(struct authority *authority, enum authority_op op,
                               const char *migration, struct span first, struct span second,
                               struct error *err);
/* The first migration behind `after` in this state; *found says if. `out` may be `after`.
 */
must_check bool authority_next(struct authority *authority, enum handover_state state,
                               const char *after, char out[MIGRATION_ID_MAX], bool *found,
                               struct error *err);
must_check bool authority_statement(struct authority *authority, const char *migration,
                                    enum statement_kept kind, struct signed_text *out,
                                    struct error *err);
must_check bool authority_journal_add(struct authority *authority, const char *migration,
                                      const struct batch *batch, struct error *err);
must_check bool authority_journal_load(struct authority *authority, const char *migration,
                                       unsigned generation, uint64_t from,
                                       struct batch *out, struct error *err);

/*
 * Have the supervisor run a hook, unless it is done already, and wait for it this long: 0
 * only looks, -1 waits as long as it takes. E_HOOK_RUNNING when it still runs then, or when
 * `stop` (or NULL) becomes true: asked again, it goes on waiting for the same run. Before
 * there is a migration its id is empty.
 */
must_check bool authority_hook(struct authority *authority, const char *migration,
                               enum hook hook, int64_t patience_ms, const atomic_bool *stop,
                               struct error *err);
/* The details of what the worker has seen are the first byte string. */
must_check bool authority_audit(struct authority *authority,
                                const struct audit_entry *entry, struct error *err);

must_check bool authority_ready(struct authority *authority, struct error *err);

/* For owners_ask_of: the worker may not read the system's list of users. `at` is a struct
 * authority. */
bool authority_owner(void *at, enum owner_kind kind, struct owner *owner);

/* From now on identities older than this one may be pruned (T-42). */
must_check bool authority_seen(struct authority *authority, unsigned identity,
                               struct error *err);

/* The supervisor's end. */
struct office {
    struct db *db;
    struct custody *custody; /* NULL: this supervisor has no identity to give */
    const struct key *key;   /* signs the record; NULL: the next head vouches for it */
    struct leaves leaves;    /* that key is the server leaf's, or the only one's */
    struct hook_desk *hooks; /* NULL: none are run */
    bool is_target;
    bool credentials_only; /* for a worker of the management API, which has no authority */
    int64_t stands;        /* tests: the time at which its clock stands; 0: it goes */
    struct audit_quota quota;
    struct exchange {
        uint64_t connection; /* 0: free */
        uint32_t selector;
        char user[ADMIN_NAME_MAX]; /* or empty: it is a code */
        struct digest mark;        /* of the user */
        struct scram *scram;
    } exchange[SCRAM_EXCHANGES];
    struct slowdown slow;
};
/* Its records and receipts are signed by the newest identity of its custody. */
void office_take_newest(struct office *office);
/* Serve one request. False with err untouched when the worker has closed its end. */
must_check bool office_answer(struct office *office, int socket, struct error *err);
void office_clear(struct office *office);

/* name and directory of a migration, for `status` too. */
must_check bool migration_facts_load(struct migration_facts *out, struct db *db,
                                     const char *migration, struct error *err);
