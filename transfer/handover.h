/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who owns the data: two tables of moves (docs/protocol.md 7) and one engine. What is not
 * in the table is refused with a finding. handover_judge is pure; handover_step makes the
 * same move in the database: once it is committed, it may be told.
 */
#pragma once

#include "base/buf.h"
#include "base/db.h"
#include "base/digest.h"
#include "base/error.h"
#include "certs/statement.h"

#include <stdint.h>

#define HANDOVER_ID_MAX 40 /* MIGRATION_ID_MAX of pairing/grant.h */

enum handover_state {
    /* target */
    TARGET_RECEIVING,
    TARGET_SEALED,
    TARGET_COMMITTING,
    TARGET_COMMITTED,
    TARGET_ABORTED, /* for ever */
    /* source */
    SOURCE_SENDING,
    SOURCE_FROZEN,
    SOURCE_COMMIT_ASKED,
    SOURCE_HANDED_OVER,
    SOURCE_THAWED /* for ever */
};
#define HANDOVER_STATES 10

enum handover_event {
    /* target: what the source asks */
    ASKED_FREEZE, /* its signed freeze statement */
    ASKED_NEXT,   /* the same, and what changed comes as the next generation */
    ASKED_SEAL,   /* everything is here, both roots agree */
    ASKED_COMMIT,
    ASKED_COUNTERSIGN,
    ASKED_ABORT, /* by the source or by our operator */
    /* target: what happened here while committing */
    DID_PUBLISH,   /* published and ready: the decision, with our receipt */
    DID_ROLL_BACK, /* import or readiness failed, publication undone */
    DID_HOLD,      /* the same of what a person has typed: it waits for that person */
    /* target: typed overrides */
    TAKEOVER,       /* of what a frozen source has sealed */
    TAKEOVER_ALIVE, /* of a whole copy whose source may still be working */
    /* source */
    WILL_FREEZE, /* our freeze statement is about to be told */
    WILL_NEXT,   /* that of the next generation */
    WILL_ASK,    /* commit is about to be asked for */
    GOT_RECEIPT,
    GOT_ABORTED, /* the target's signed abort statement */
    WILL_GIVE_UP,
    WILL_COUNTERSIGN, /* our signature beside the target's */
    /* source: typed override */
    RECLAIM
};
#define HANDOVER_EVENTS 19

/* Why a target is committing. The source asks, whatever was typed, from when it asks on. */
enum handover_typed {
    NOT_TYPED,
    TYPED,     /* by a takeover */
    TYPED_HELD /* so, and it failed: it is typed again, or aborted */
};

/* What is to be handed over: named by seal and commit, the same every time. */
struct handover_terms {
    unsigned generation;
    uint64_t epoch; /* the source's; the target's is one more */
    struct digest manifest_root;
    struct digest contents_root;
};

struct handover {
    char migration[HANDOVER_ID_MAX];
    enum handover_state state;
    uint64_t epoch;
    unsigned generation;
    bool has_terms; /* sealed, or asked for */
    struct handover_terms terms;
    bool has_freeze;           /* target: the source's freeze statement is here */
    enum handover_typed typed; /* target */
};

/* What a signed statement says and its signature, exactly as sent. */
struct signed_text {
    struct buf body;
    struct buf signature;
};
struct signed_text signed_text_none(void);
void signed_text_clear(struct signed_text *text);

/* What comes with an event. */
struct handover_act {
    enum handover_event event;
    const struct handover_terms *terms;  /* where the event names them (of a receipt: the
                                            target's, with its epoch), else NULL */
    const struct signed_text *statement; /* to be kept with the move, or NULL */
    struct span signer; /* of the peer's: its key, SubjectPublicKeyInfo in DER */
    bool by_grant;      /* only while the migration's grant has not been revoked */
    int64_t now;
};

/* The move this event makes from `before`; false with the finding that refuses it. */
must_check bool handover_judge(const struct handover *before,
                               const struct handover_act *act, struct handover *after,
                               struct error *err);
/* Names in the database, on the wire and in --json. */
const char *handover_state_name(enum handover_state state);
bool handover_state_named(enum handover_state *out, const char *name, bool is_target);
const char *handover_event_name(enum handover_event event);
bool handover_is_target(enum handover_state state);
/* Nothing more is to come: committed or aborted, handed over or thawed. */
bool handover_is_over(enum handover_state state);
/* The state in which this side may serve the data. */
bool handover_owns(enum handover_state state);
/* Who owns it as far as this side knows: "source", "target", "nobody" (frozen), or "in
 * doubt" (only the other side can tell). */
const char *handover_owner(enum handover_state state);

/* A new migration. */
struct handover_start {
    const char *migration;
    const char *grant_id;
    const char *name;      /* of the published directory */
    const char *directory; /* source: the tree; target: --into */
    const char *peer;      /* printable */
    bool is_target;
    uint64_t epoch;
    enum digest_kind kind;
    int64_t now;
};
must_check bool handover_begin(struct handover *out, struct db *db,
                               const struct handover_start *start, struct error *err);
/* E_MIGRATION_UNKNOWN when there is none. */
must_check bool handover_load(struct handover *out, struct db *db, const char *migration,
                              struct error *err);
/* handover_judge on the row as it is, kept with the statement; in a transaction of the
 * caller's. */
must_check bool handover_step(struct handover *handover, struct db *db,
                              const struct handover_act *act, struct error *err);
/* The first migration behind `after` ("" for all) that is in this state; *found says if. */
must_check bool handover_next(char out[HANDOVER_ID_MAX], bool *found, struct db *db,
                              enum handover_state state, const char *after,
                              struct error *err);
/* What is kept of a migration: statements by a move, the rest by handover_keep. */
enum statement_kept {
    KEPT_FREEZE,
    KEPT_RECEIPT,
    KEPT_ABORT,
    KEPT_COUNTERSIGN,
    KEPT_DRAFT,        /* target: what the receipt will say; no signature */
    KEPT_SOURCE_CHAIN, /* chain_pack; no signature */
    KEPT_TARGET_CHAIN
};
#define STATEMENTS_KEPT 7
/* Kept, or replaced. */
must_check bool handover_keep(struct db *db, const char *migration,
                              enum statement_kept kind, struct span body, int64_t now,
                              struct error *err);
/* E_STATEMENT_NONE when it is not there. */
must_check bool handover_statement(struct signed_text *out, struct db *db,
                                   const char *migration, enum statement_kept kind,
                                   struct error *err);
