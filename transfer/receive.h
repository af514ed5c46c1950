/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target's staging area, DIR/.pairgate/<migration>: manifest pages, the tree as it
 * grows, what is here already. Nothing unverified is written, and nothing is written
 * outside `tree`. It knows no database: the caller journals what receive_flush hands out
 * and says so with receive_mark_durable. receive_segment, receive_missing, receive_status,
 * receive_flush and receive_mark_durable may be called from many threads at once; the rest
 * one at a time.
 */
#pragma once

#include "transfer/digests.h"
#include "transfer/journal.h"
#include "transfer/manifest_read.h"
#include "transfer/marks.h"
#include "transfer/perch.h"
#include "transfer/settle.h"

#include <pthread.h>

#define STAGING_DIR ".pairgate"
#define TREE_DIR "tree"         /* the tree as it grows, of DIR/.pairgate/<migration> */
#define RECEIVE_KEPT "kept-"    /* data of failed tries, in it */
#define RECEIVE_OLDER "older-"  /* copies that were replaced */
#define RECEIVE_DESKS 8         /* segments written at once without allocating */
#define RECEIVE_RANGES_MAX 1024 /* in one answer of receive_missing */
#define RECEIVE_BASES 2         /* copies that offers are compared with */

/* Where a migration goes. Borrowed while receive_open runs. */
struct receive_place {
    int into;              /* descriptor of --into DIR */
    const char *migration; /* its id, of the grant */
    const char *name;      /* publication is DIR/<name> */
    unsigned generation;   /* the one under way, from 1 */
    enum digest_kind kind;
    uint64_t byte_ceiling; /* of the grant */
    bool replaces;         /* DIR/<name>, an older copy: compared with, and exchanged */
    const char *kept;      /* where a failed try of the same source leaves its data; NULL */
};

/* What one thread needs to write a segment; kept for the next one. */
struct desk {
    bool busy;
    struct cut cut;
    struct perch perch;
    struct settle settle;
};

struct receive {
    bool opened; /* the descriptors count */
    int into;
    int staging;
    int tree; /* -1 once it is published */
    /* Copies to compare with, or -1: what was staged before, and what is replaced. */
    int base[RECEIVE_BASES];
    bool replaces;
    char kept[NAME_MAX + 1];
    char migration[NAME_MAX + 1];
    char name[NAME_MAX + 1];
    unsigned generation;
    uint64_t byte_ceiling;
    struct manifest manifest;
    pthread_mutex_t lock; /* of everything below, and of the manifest until `ready` */
    bool ready;           /* the manifest is closed and the directories are there */
    bool sealed;
    bool published;
    struct marks marks;
    struct digests digests;
    struct desk desk[RECEIVE_DESKS];
    uint64_t unflushed;    /* bytes received since the last flush began */
    unsigned syncs_failed; /* since the staging area was made; of earlier processes one */
    uint64_t read_back;    /* segments read again and found good after a restart */
};

/* New or resumed, or another generation: then all of the one before must be here. Refused
 * when DIR/<name> exists and is not this migration's, and while another process has the
 * staging area. */
must_check bool receive_open(struct receive *out, const struct receive_place *place,
                             struct error *err);
/* Closes; staging stays for a later receive_open. */
void receive_close(struct receive *receive);

must_check bool receive_page(struct receive *receive, uint64_t n, struct span bytes,
                             const struct digest *digest, struct error *err);
/* Closes the manifest, makes the directories, and takes what it refers to out of the tree
 * of the generation before. Doing it again is no error. */
must_check bool receive_manifest(struct receive *receive, const struct manifest_sum *sum,
                                 struct error *err);

/* A segment as it came. */
struct delivery {
    struct span bytes;        /* plain, at most SEGMENT_BYTES, best aligned to 4096 */
    struct digest digest;     /* as the source announced it */
    const struct digest *had; /* which the bytes were found to have on their way in, by the
                                 migration's kind of digest; NULL: nobody looked */
};
/* One that is here is fine. */
must_check bool receive_segment(struct receive *receive, uint64_t number,
                                const struct delivery *delivery, struct error *err);

/* The same checks, and then it is dropped: for measuring. It stays missing for ever. */
must_check bool receive_nowhere(struct receive *receive, uint64_t number,
                                const struct delivery *delivery, struct error *err);

/*
 * A segment by the digests of its pieces, with some of them (transfer/offer.h). `wanted`
 * are the pieces that are not here: none when it has been received.
 */
struct ranges;
must_check bool receive_offer(struct receive *receive, uint64_t number, struct span body,
                              struct ranges *wanted, struct error *err);

struct range {
    uint64_t first;
    uint64_t last;
};
struct ranges {
    struct range *item; /* n of them, on the heap; at most RECEIVE_RANGES_MAX */
    size_t n;
    bool more;
    uint64_t next; /* where to go on, with `more` */
};
void ranges_clear(struct ranges *ranges);
/* Segments not here yet, from `from` on. E_MANIFEST_OPEN before receive_manifest. */
must_check bool receive_missing(struct receive *receive, uint64_t from, struct ranges *out,
                                struct error *err);

struct receive_status {
    unsigned generation;
    uint64_t pages;           /* pages 0 … pages-1 are here */
    struct digest pages_root; /* the digest over their digests */
    bool closed;
    uint64_t segments; /* 0 until closed */
    uint64_t received;
    uint64_t durable;
    uint64_t unflushed; /* bytes */
    bool offers;        /* there is something to compare with */
    bool sealed;
    bool published;
};
void receive_status(struct receive *receive, struct receive_status *out);

/* Sync the staging file system; `out` gets the segments that are durable by that and not
 * marked so yet, at most BATCH_MAX of them. n = 0: nothing was waiting. */
must_check bool receive_flush(struct receive *receive, struct batch *out,
                              struct error *err);
/* The journal has them. */
void receive_mark_durable(struct receive *receive, const struct batch *batch);
/* After receive_open of a closed manifest: what the journal says. When the machine was
 * restarted since, each is read back, and one that is not good counts as missing. */
must_check bool receive_restore(struct receive *receive, const struct batch *batch,
                                struct error *err);

/* Every segment of this generation is here; else E_MANIFEST_OPEN or E_SEGMENTS_MISSING. */
must_check bool receive_is_whole(struct receive *receive, struct error *err);
/* Everything is here and both roots agree: links, owners, modes and times are set, all of
 * it durable. Notes of what could not be kept go to `findings`. Repeatable. */
must_check bool receive_seal(struct receive *receive, const struct digest *manifest_root,
                             const struct digest *contents_root, struct report *findings,
                             struct error *err);
/* Both roots of what is here, all of it: for a target that seals without its source. */
must_check bool receive_roots(struct receive *receive, struct digest *manifest_root,
                              struct digest *contents_root, struct error *err);
/* DIR/<name> is free, or is an older copy that this migration may replace. */
must_check bool receive_may_publish(const struct receive_place *place, struct error *err);
/* One rename of the sealed tree to DIR/<name>, durable. Redone safely after a crash. */
must_check bool receive_publish(struct receive *receive, struct error *err);
/* Undo of receive_publish, from `committing` only. Redone safely after a crash. */
must_check bool receive_withdraw(struct receive *receive, struct error *err);
/* As receive_discard of a staging area that nobody has open; none is no error. Of `place`
 * into, migration and generation count, and kept: NULL when nothing is to be kept. */
must_check bool receive_sweep(const struct receive_place *place, struct error *err);
/*
 * Remove the staging area and close. Published data stays, an older copy that it has
 * replaced becomes .pairgate/older-<migration>, and with `keep` what was staged is there
 * for the next try of the same source. Repeatable after a failure.
 */
must_check bool receive_discard(struct receive *receive, bool keep, struct error *err);
