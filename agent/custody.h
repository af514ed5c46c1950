/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor's credentials: it alone reads them from the state directory, keeps the
 * private keys, and gives the worker the rest. Looked at anew whenever the worker asks, so
 * a change by a command counts from the next connection on.
 */
#pragma once

#include "agent/credentials.h"
#include "agent/mark.h"
#include "certs/signer.h"

#define CUSTODY_MAX (SIGNER_KEYS / 2) /* identities in use at once, of two keys each */
#define CUSTODY_MARKS 3

struct custody {
    int state;                         /* borrowed descriptor of the state directory */
    struct identity held[CUSTODY_MAX]; /* in slots; those of number 0 are free */
    struct signer_keys keys;           /* of slot i: custody_key_number */
    unsigned version;                  /* of what was loaded last; 0: nothing yet */
    unsigned slot;                     /* of its identity */
    struct mark marks[CUSTODY_MARKS];  /* before it was loaded */
    bool settled;                      /* a change after that would show in them */
    struct digest digest;              /* of the packed credentials */
    struct buf packed;                 /* empty once the worker has them */
};

/*
 * Load what has changed. What does not load changes nothing: version and key stay. Keys of
 * identities other than the newest and the n `in_use` are dropped.
 */
must_check bool custody_renew(struct custody *custody, const unsigned *in_use, size_t n,
                              time_t now, struct error *err);
/*
 * Pack once more what was given already, for a worker that could not take it up: of this
 * version, or of the next one if the state directory has changed.
 */
must_check bool custody_pack_again(struct custody *custody, const unsigned *in_use,
                                   size_t n, struct error *err);
/* The newest identity; NULL before the first custody_renew. */
const struct identity *custody_newest(const struct custody *custody);
/* The one with this number, or that whose server leaf has this key; NULL when it is not
 * held. */
const struct identity *custody_find(const struct custody *custody, unsigned number);
const struct identity *custody_find_key(const struct custody *custody,
                                        const struct digest *spki_sha256);
/* By which the worker asks for signatures of an identity (certs/signer.h). */
unsigned custody_key_number(unsigned slot, enum leaf_use use);
void custody_clear(struct custody *custody);
