/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What both sides sign at the end, and the two statements on the way: the source's "frozen"
 * and the target's "aborted". Bodies are JSON, signed and checked as the exact bytes sent;
 * an unverified body is never read.
 */
#pragma once

#include "base/digest.h"
#include "certs/key.h"
#include "transfer/handover.h"
#include "transfer/left.h"

#include <limits.h>

#define RECEIPT_NAME_MAX 256

/* One party. */
struct receipt_party {
    char name[RECEIPT_NAME_MAX]; /* Issued To of its leaf, printable */
    struct digest server_key;    /* SHA-256 of the leaf's SubjectPublicKeyInfo */
    struct digest client_key;    /* the same for an identity of one leaf */
    struct digest chain;         /* chain_digest */
    char policy[16];
};

struct receipt {
    char migration[HANDOVER_ID_MAX];
    char name[NAME_MAX + 1];     /* of the published directory; shown as text or base64 */
    struct handover_terms terms; /* epoch: the target's own, from now on */
    enum digest_kind kind;
    uint64_t entries;
    uint64_t files;
    uint64_t bytes;
    uint64_t segments;
    struct left_behind left; /* as the source told it */
    uint64_t read_back;      /* durable segments read again after a reboot */
    int64_t started;
    int64_t committed;
    char tls_version[16];
    char tls_cipher[48];
    char tls_group[32];
    struct digest transcript; /* of both verdicts, as in the grant */
    struct digest previous;   /* SHA-256 of this target's receipt before; zero for none */
    struct receipt_party source;
    struct receipt_party target;
};

/* What a freeze or abort statement says. */
struct notice {
    char migration[HANDOVER_ID_MAX];
    unsigned generation;
    uint64_t epoch;
    int64_t at;
    struct digest key; /* SHA-256 of the signer's SubjectPublicKeyInfo */
};

/* Bodies (receipt_json.c). Reading is strict: every field, in its range, nothing twice. */
must_check bool receipt_write(struct buf *out, const struct receipt *receipt,
                              struct error *err);
must_check bool receipt_read(struct receipt *out, struct span body, struct error *err);
must_check bool notice_write(struct buf *out, const struct notice *notice,
                             struct error *err);
must_check bool notice_read(struct notice *out, struct span body, struct error *err);

enum signed_kind { SIGNED_FREEZE, SIGNED_ABORT, SIGNED_RECEIPT, SIGNED_COUNTERSIGN };
/* Sign the body already in `text`. The source signs freeze and countersign, the target
 * abort and receipt. */
must_check bool receipt_sign(struct signed_text *text, const struct key *key,
                             enum signed_kind kind, struct error *err);
/* A whole notice of this migration as it is: written and signed. `own` is the key's. */
must_check bool notice_make(struct signed_text *out, enum signed_kind kind,
                            const struct handover *handover, const struct key *key,
                            const struct digest *own, int64_t at, struct error *err);
/* Good under the key in `spki`, or E_STATEMENT_SIGNATURE. */
must_check bool receipt_signature_holds(const struct signed_text *text,
                                        enum signed_kind kind, struct span spki,
                                        struct error *err);

/* At the source: signature by the target's key, then migration, terms and epoch + 1. */
must_check bool receipt_accept(struct receipt *out, const struct signed_text *text,
                               struct span target_spki, const struct handover *ours,
                               struct error *err);
/* Freeze at the target, abort at the source: signature, migration, epoch. */
must_check bool notice_accept(struct notice *out, const struct signed_text *text,
                              enum signed_kind kind, struct span spki,
                              const struct handover *ours, struct error *err);
