/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receipt.h"

#include "base/text.h"

/* What each is signed as, and by whom. */
static const struct {
    enum statement statement;
    const char *role;
} signings[] = {
    [SIGNED_FREEZE] = {STATEMENT_FREEZE, "source"},
    [SIGNED_ABORT] = {STATEMENT_ABORT, "target"},
    [SIGNED_RECEIPT] = {STATEMENT_RECEIPT, "target"},
    [SIGNED_COUNTERSIGN] = {STATEMENT_RECEIPT, "source"},
};

bool receipt_sign(struct signed_text *text, const struct key *key, enum signed_kind kind,
                  struct error *err)
{
    buf_reset(&text->signature);
    return statement_sign(&text->signature, key, signings[kind].statement,
                          signings[kind].role, buf_span(&text->body), err);
}

bool notice_make(struct signed_text *out, enum signed_kind kind,
                 const struct handover *handover, const struct key *key,
                 const struct digest *own, int64_t at, struct error *err)
{
    struct notice notice = {.generation = handover->generation,
                            .epoch = handover->epoch,
                            .at = at,
                            .key = *own};

    (void)text_fits(notice.migration, handover->migration);
    return notice_write(&out->body, &notice, err) && receipt_sign(out, key, kind, err);
}

bool receipt_signature_holds(const struct signed_text *text, enum signed_kind kind,
                             struct span spki, struct error *err)
{
    return statement_verifies(spki, signings[kind].statement, signings[kind].role,
                              buf_span(&text->body), buf_span(&text->signature)) ||
           fail(err, E_STATEMENT_SIGNATURE, "%s of the %s",
                kind == SIGNED_FREEZE  ? "freeze"
                : kind == SIGNED_ABORT ? "abort"
                                       : "receipt",
                signings[kind].role);
}

static bool key_is(const struct digest *key, struct span spki)
{
    struct digest seen;

    digest_of(&seen, DIGEST_SHA256, spki);
    return digest_equal(&seen, key);
}

static bool terms_are_ours(const struct handover_terms *told, const struct handover *ours,
                           struct error *err)
{
    const struct handover_terms *terms = &ours->terms;

    if (!ours->has_terms)
        return true;
    if (told->generation != terms->generation ||
        !digest_equal(&told->manifest_root, &terms->manifest_root) ||
        !digest_equal(&told->contents_root, &terms->contents_root))
        return fail(err, E_STATEMENT_OTHER, "roots or generation");
    return told->epoch == terms->epoch + 1 ||
           fail(err, E_STATEMENT_OTHER, "epoch %llu", (unsigned long long)told->epoch);
}

bool receipt_accept(struct receipt *out, const struct signed_text *text,
                    struct span target_spki, const struct handover *ours, struct error *err)
{
    if (!receipt_signature_holds(text, SIGNED_RECEIPT, target_spki, err) ||
        !receipt_read(out, buf_span(&text->body), err))
        return false;
    if (!text_equal(out->migration, ours->migration))
        return fail(err, E_STATEMENT_OTHER, "migration %s", out->migration);
    if (!key_is(&out->target.server_key, target_spki))
        return fail(err, E_STATEMENT_OTHER, "another target");
    return terms_are_ours(&out->terms, ours, err);
}

/* An end is the end of all generations, also from a target that has not heard of the last
 * one. */
static bool generation_fits(enum signed_kind kind, const struct notice *notice,
                            const struct handover *ours)
{
    return kind == SIGNED_ABORT ? notice->generation <= ours->generation
                                : notice->generation == ours->generation;
}

bool notice_accept(struct notice *out, const struct signed_text *text,
                   enum signed_kind kind, struct span spki, const struct handover *ours,
                   struct error *err)
{
    if (!receipt_signature_holds(text, kind, spki, err) ||
        !notice_read(out, buf_span(&text->body), err))
        return false;
    if (!text_equal(out->migration, ours->migration))
        return fail(err, E_STATEMENT_OTHER, "migration %s", out->migration);
    if (!generation_fits(kind, out, ours) || out->epoch != ours->epoch)
        return fail(err, E_STATEMENT_OTHER, "generation %u, epoch %llu", out->generation,
                    (unsigned long long)out->epoch);
    return key_is(&out->key, spki) || fail(err, E_STATEMENT_OTHER, "another signer");
}
