/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source's side of a decision: heard, checked, kept, countersigned. */
#include "agent/clock.h"
#include "agent/move_parts.h"
#include "agent/outcome_file.h"
#include "base/text.h"

/* The chain, if it is the one that the receipt names. */
static bool pack_named(struct buf *out, const struct chain *chain,
                       const struct digest *named, struct error *err)
{
    struct digest seen;

    chain_digest(&seen, chain);
    return !digest_equal(&seen, named) || chain_pack(out, chain, err);
}

/* As the target has it, in the file that was carried here. */
static bool carried_source(struct buf *out, const struct move *move,
                           const struct digest *named, struct error *err)
{
    struct digest seen;

    if (out->n > 0 || move->carried == NULL)
        return true;
    digest_of(&seen, DIGEST_SHA256, buf_span(&move->carried->source_chain));
    return !digest_equal(&seen, named) ||
           buf_add(out, buf_span(&move->carried->source_chain), err);
}

/* Both chains beside the receipt, where they are those it names: with them it can be
 * verified by whoever has the anchor. Of one that was renewed meanwhile stays what was kept
 * when it was granted. */
static bool keep_chains(struct run *run, const struct receipt *receipt,
                        const struct chain *target, struct error *err)
{
    scoped(buf_clear) struct buf first = buf_upto(CHAIN_PACKED_MAX);
    scoped(buf_clear) struct buf second = buf_upto(CHAIN_PACKED_MAX);
    const struct move *move = run->move;
    const struct chain *source =
        identity_chain(&move->worker->newest->identity, LEAF_CLIENT);

    return pack_named(&first, source, &receipt->source.chain, err) &&
           carried_source(&first, move, &receipt->source.chain, err) &&
           pack_named(&second, target, &receipt->target.chain, err) &&
           authority_keep(&move->worker->authority, AUTHORITY_CHAINS, move->plan.migration,
                          buf_span(&first), buf_span(&second), err);
}

static bool take_receipt(struct run *run, const struct signed_text *text,
                         const struct chain *target, struct error *err)
{
    struct receipt receipt = {0};
    const struct handover_act act = {.event = GOT_RECEIPT,
                                     .terms = &receipt.terms,
                                     .statement = text,
                                     .signer = chain_leaf(target)->spki};

    return receipt_accept(&receipt, text, act.signer, &run->handover, err) &&
           keep_chains(run, &receipt, target, err) && run_act(run, &act, err);
}

static bool take_abort(struct run *run, const struct signed_text *text,
                       const struct chain *target, struct error *err)
{
    struct notice notice = {0};
    const struct handover_act act = {
        .event = GOT_ABORTED, .statement = text, .signer = chain_leaf(target)->spki};

    return notice_accept(&notice, text, SIGNED_ABORT, act.signer, &run->handover, err) &&
           run_act(run, &act, err);
}

bool outcome_take(struct run *run, enum signed_kind kind, const struct signed_text *text,
                  const struct chain *target, struct error *err)
{
    return grant_names(&run->grant, target, true, err) &&
           (kind == SIGNED_RECEIPT ? take_receipt(run, text, target, err)
                                   : take_abort(run, text, target, err));
}

/* What a target says that has nothing signed to tell: the migration goes on. */
static bool is_undecided(enum msg msg)
{
    return msg == E_STATEMENT_NONE || msg == E_NOT_PAIRED || msg == E_MIGRATION_UNKNOWN;
}

bool outcome_hear(struct run *run, bool *decided, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct authority *authority = &run->move->worker->authority;
    const char *id = run->move->plan.migration;
    enum signed_kind kind = SIGNED_RECEIPT;
    struct error trouble = {0};

    *decided = false;
    if (!authority_migration(authority, id, &run->handover, &run->facts, err) ||
        !authority_grant(authority, id, &run->grant, err))
        return false;
    run_route(run);
    run->send.route.by_key = true;
    if (send_outcome(&run->grant, &run->send, &kind, &text, &run->move->peer, &trouble)) {
        *decided = true;
        return outcome_take(run, kind, &text, &run->move->peer, err);
    }
    if (is_undecided(trouble.msg))
        return true;
    *err = trouble;
    return false;
}

/* What is left of the tree is put away, and what was decided read. */
static bool retire(struct run *run, struct signed_text *text, struct receipt *receipt,
                   struct error *err)
{
    return run_hook(run, HOOK_SOURCE_RETIRE, err) &&
           authority_statement(&run->move->worker->authority, run->move->plan.migration,
                               KEPT_RECEIPT, text, err) &&
           receipt_read(receipt, buf_span(&text->body), err);
}

static const struct key *own_key(const struct run *run)
{
    return identity_key(&run->move->worker->newest->identity, LEAF_CLIENT);
}

/* Our signature of the receipt, made once and kept. */
static bool countersign(struct run *run, struct signed_text *text, struct signed_text *kept,
                        struct error *err)
{
    return receipt_sign(text, own_key(run), SIGNED_COUNTERSIGN, err) &&
           run_step(run, WILL_COUNTERSIGN, NULL, text, err) &&
           authority_statement(&run->move->worker->authority, run->move->plan.migration,
                               KEPT_COUNTERSIGN, kept, err);
}

bool outcome_countersign(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();
    struct receipt receipt = {0};

    run->send.route.by_key = true; /* whatever has expired since commit was asked for */
    if (!retire(run, &text, &receipt, err) || !countersign(run, &text, &kept, err) ||
        !send_countersign(&run->grant, &run->send, buf_span(&kept.signature), err))
        return false;
    event_receipt(&run->move->events, &receipt);
    return true;
}

/* By the key that the receipt names, or by none: another one's signature would spoil it. */
static bool countersign_alone(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();
    struct receipt receipt = {0};
    struct digest ours;

    if (!retire(run, &text, &receipt, err))
        return false;
    key_spki_digest(&ours, own_key(run));
    if (digest_equal(&ours, &receipt.source.client_key) &&
        !countersign(run, &text, &kept, err))
        return false;
    event_receipt(&run->move->events, &receipt);
    return true;
}

bool outcome_by_file(struct run *run, struct error *err)
{
    scoped(chain_clear) struct chain target = {0};
    struct move *move = run->move;
    struct authority *authority = &move->worker->authority;

    if (!authority_migration(authority, move->plan.migration, &run->handover, &run->facts,
                             err) ||
        !authority_grant(authority, move->plan.migration, &run->grant, err) ||
        !chain_unpack(&target, buf_span(&move->carried->target_chain), err) ||
        !outcome_take(run, move->carried->kind, &move->carried->text, &target, err))
        return false;
    return move->carried->kind == SIGNED_ABORT || countersign_alone(run, err);
}
