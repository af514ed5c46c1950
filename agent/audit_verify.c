/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record walked from its first row, each held against the one before and its head. */
#include "agent/audit.h"
#include "base/text.h"
#include "certs/statement.h"

#include <string.h>

struct walk {
    struct audit_check *check;
    const struct identities *signers;
    struct digest last; /* hash of the record before */
    uint64_t unknown;   /* a record whose signer is not known, and no later head is good */
    char signer[DIGEST_HEX];
};

/* Always false, so that the walk ends with it. */
static bool found(struct walk *walk, enum msg msg, uint64_t seq, const char *what)
{
    struct error finding = {0};

    fail(&finding, msg, "record %llu: %s; up to record %llu all is signed and as written",
         (unsigned long long)seq, what, (unsigned long long)walk->check->vouched);
    report_add(&walk->check->findings, &finding);
    walk->check->first = seq;
    return false;
}

static bool record_holds(struct walk *walk, const struct audit_record *record, bool sound)
{
    const uint64_t expected = walk->check->records + 1;
    struct error unhashed = {0};
    struct digest hash = {0};

    if ((int64_t)record->seq < (int64_t)expected) /* below 1 */
        return found(walk, E_AUDIT_TOUCHED, expected, "something was put in front of it");
    if (record->seq > expected)
        return found(walk, E_AUDIT_MISSING, expected, "it is gone");
    if (!sound || !audit_hash(&hash, record, &unhashed) ||
        !digest_equal(&hash, &record->hash))
        return found(walk, E_AUDIT_TOUCHED, record->seq, "it was changed");
    if (!digest_equal(&record->previous, &walk->last))
        return found(walk, E_AUDIT_TOUCHED, record->seq,
                     "it does not follow the one before; one of the two was put there");
    return true;
}

static const struct cert *find_signer(const struct identities *signers,
                                      const struct digest *spki)
{
    for (size_t i = 0; i < signers->n; i++) {
        const struct chain *chain = &signers->item[i].chain;

        if (chain->n > 0 && digest_equal(&chain_leaf(chain)->spki_sha256, spki))
            return chain_leaf(chain);
    }
    return NULL;
}

struct head {
    struct span hash, spki, signature;
};

static bool head_holds(struct walk *walk, const struct audit_record *record,
                       const struct head *head)
{
    scoped(buf_clear) struct buf body = buf_upto(AUDIT_HEAD_MAX);
    const struct cert *signer;
    struct error err = {0};
    struct digest spki;

    if (head->spki.n != DIGEST_BYTES || !span_equal(head->hash, digest_span(&record->hash)))
        return found(walk, E_AUDIT_TOUCHED, record->seq,
                     "it is not the one that was signed");
    memcpy(spki.byte, head->spki.at, DIGEST_BYTES);
    signer = find_signer(walk->signers, &spki);
    if (signer == NULL) { /* pruned, perhaps: a later head vouches for this one too */
        walk->unknown = record->seq;
        digest_hex(walk->signer, &spki);
        return true;
    }
    if (!audit_head(&body, record->seq, &record->hash, &spki, &err) ||
        !statement_verifies(signer->spki, STATEMENT_AUDIT, AUDIT_ROLE, buf_span(&body),
                            head->signature))
        return found(walk, E_AUDIT_SIGNATURE, record->seq, "its head was forged");
    walk->check->vouched = record->seq;
    walk->unknown = 0;
    return true;
}

/* The last seq a head speaks of, seen before the walk: rows are only added. */
static bool last_head(uint64_t *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT max(seq) FROM audit_head", err))
        return false;
    if (query_next(&row, err))
        *out = (uint64_t)query_get_int(&row, 0);
    return err->msg == E_NONE;
}

/* False at the first thing that is wrong, or with err. */
static bool walk_all(struct walk *walk, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db,
                     "SELECT a.seq, at, kind, event, subject, details, previous, a.hash,"
                     " h.seq, h.hash, spki_sha256, signature"
                     " FROM audit a LEFT JOIN audit_head h ON h.seq = a.seq ORDER BY a.seq",
                     err))
        return false;
    while (query_next(&row, err)) {
        struct audit_record record;
        bool sound = audit_read(&record, &row);
        struct head head = {query_get_blob(&row, 9), query_get_blob(&row, 10),
                            query_get_blob(&row, 11)};

        if (!record_holds(walk, &record, sound))
            return false;
        walk->check->records = record.seq;
        walk->last = record.hash;
        if (query_get_int(&row, 8) != 0 && !head_holds(walk, &record, &head))
            return false;
    }
    return err->msg == E_NONE;
}

static void judge_end(struct walk *walk, uint64_t last)
{
    const struct audit_check *check = walk->check;
    char why[DIGEST_HEX + 32];

    if (check->records < last) {
        found(walk, E_AUDIT_MISSING, check->records + 1, "it is gone, a head speaks of it");
    } else if (walk->unknown != 0) {
        (void)text_fits(why, "its signer has the public key ");
        memcpy(why + strlen(why), walk->signer, sizeof(walk->signer));
        found(walk, E_AUDIT_SIGNER, walk->unknown, why);
    } else if (check->vouched < check->records) {
        found(walk, E_AUDIT_UNSIGNED, check->vouched + 1, "it has no head");
    }
}

bool audit_verify(struct audit_check *out, struct db *db, const struct identities *signers,
                  struct error *err)
{
    struct walk walk = {.check = out, .signers = signers};
    uint64_t last = 0;

    if (!last_head(&last, db, err))
        return false;
    if (walk_all(&walk, db, err))
        judge_end(&walk, last);
    return err->msg == E_NONE;
}

void audit_check_clear(struct audit_check *check)
{
    report_clear(&check->findings);
    *check = (struct audit_check){0};
}
