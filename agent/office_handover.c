/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's part of the handover: it makes the moves, and keeps what is said about
 * them. The one that is followed by a receipt is in office_receipt.c. */
#include "agent/office.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "transfer/receipt.h"

/* What a worker may ask for. Overrides are typed by a person, and DID_PUBLISH is made by
 * office_decide. */
static bool worker_may(enum handover_event event, bool is_target)
{
    switch (event) {
    case ASKED_FREEZE:
    case ASKED_NEXT:
    case ASKED_SEAL:
    case ASKED_COMMIT:
    case ASKED_COUNTERSIGN:
    case ASKED_ABORT:
    case DID_ROLL_BACK:
    case DID_HOLD:
        return is_target;
    case WILL_FREEZE:
    case WILL_NEXT:
    case WILL_ASK:
    case WILL_COUNTERSIGN:
    case GOT_RECEIPT:
    case GOT_ABORTED:
        return !is_target;
    case DID_PUBLISH:
    case TAKEOVER:
    case TAKEOVER_ALIVE:
    case WILL_GIVE_UP:
    case RECLAIM:
        break;
    }
    return false;
}

/* What the source may do only while its grant has not been revoked. */
static bool goes_on_by_grant(enum handover_event event)
{
    return event == ASKED_FREEZE || event == ASKED_NEXT || event == ASKED_SEAL ||
           event == ASKED_COMMIT;
}

/* An end without a receipt is signed here, whoever asked for it, and once: said again it is
 * what was said first, with the chain of then. */
static bool abort_step(struct request *r, const struct handover_act *asked,
                       struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct office *office = r->office;
    struct handover *handover = &r->answer->handover;
    struct handover_act act = *asked;

    act.statement = &text;
    return notice_make(&text, SIGNED_ABORT, handover, office->key,
                       &chain_leaf(office->leaves.server)->spki_sha256, act.now, err) &&
           handover_step(handover, office->db, &act, err) &&
           office_keep_own_chain(r, office->leaves.server, err);
}

static bool make_move(struct request *r, const struct handover_act *act, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct handover *handover = &r->answer->handover;
    const struct handover before = *handover;
    const bool is_end = (act->event == ASKED_ABORT || act->event == DID_ROLL_BACK) &&
                        before.state != TARGET_ABORTED;

    return db_begin(&change, r->office->db, err) &&
           (is_end ? abort_step(r, act, err)
                   : handover_step(handover, r->office->db, act, err)) &&
           office_audit_move(r->office, &change, &before, handover, act->event, err);
}

/* A freeze notice of this generation, or of the one that it begins. Told again after the
 * commit it is of the epoch before. */
static bool freeze_holds(const struct handover_act *act, const struct handover *ours,
                         struct error *err)
{
    struct handover then = *ours;
    struct notice notice = {0};

    then.generation += act->event == ASKED_NEXT;
    if (ours->has_terms)
        then.epoch = ours->terms.epoch;
    return notice_accept(&notice, act->statement, SIGNED_FREEZE, act->signer, &then, err);
}

/* The source's signature of the receipt that we have signed, and of no other. */
static bool countersign_holds(const struct request *r, const struct handover_act *act,
                              struct error *err)
{
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();

    if (!handover_statement(&kept, r->office->db, r->ask->migration, KEPT_RECEIPT, err))
        return false;
    return span_equal(buf_span(&kept.body), buf_span(&act->statement->body))
               ? receipt_signature_holds(act->statement, SIGNED_COUNTERSIGN, act->signer,
                                         err)
               : fail(err, E_STATEMENT_OTHER, "another receipt");
}

/* What is signed by the peer: by which of the grant's keys, or NULL. */
static const struct digest *peers_key(const struct grant *grant, enum handover_event event)
{
    switch (event) {
    case GOT_RECEIPT:
    case GOT_ABORTED:
        return &grant->peer_server_key;
    case ASKED_FREEZE:
    case ASKED_NEXT:
    case ASKED_COUNTERSIGN:
        return &grant->peer_client_key;
    default:
        return NULL;
    }
}

/*
 * The peer's word, which freezes a source in our eyes, thaws ours or ends its ownership:
 * signed by the key that the grant names, about what our row says. A worker that was taken
 * over has none to give.
 */
static bool peers_word_holds(const struct request *r, const struct handover_act *act,
                             struct receipt *receipt, struct error *err)
{
    const struct handover *ours = &r->answer->handover;
    struct notice notice = {0};
    struct grant grant = {0};
    struct digest signer;

    if (peers_key(&grant, act->event) == NULL)
        return true;
    digest_of(&signer, DIGEST_SHA256, act->signer);
    if (!office_grant_load(&grant, r, err))
        return false;
    if (act->statement == NULL || !digest_equal(&signer, peers_key(&grant, act->event)))
        return fail(err, E_STATEMENT_SIGNATURE, "not the key of the grant %s", grant.id);
    if (act->event == GOT_RECEIPT)
        return receipt_accept(receipt, act->statement, act->signer, ours, err);
    if (act->event == GOT_ABORTED)
        return notice_accept(&notice, act->statement, SIGNED_ABORT, act->signer, ours, err);
    return act->event == ASKED_COUNTERSIGN ? countersign_holds(r, act, err)
                                           : freeze_holds(act, ours, err);
}

/* Its parts, as they came: body, signature, and perhaps the key that signed. */
static bool take_act(struct handover_act *out, struct signed_text *statement,
                     struct request *r, struct error *err)
{
    if (r->ask->signature_n > r->second.n)
        return fail(err, E_SUPERVISOR, "a signature of the wrong length");
    *statement = (struct signed_text){.body = r->first, .signature = r->second};
    statement->signature.n = r->ask->signature_n;
    *out = (struct handover_act){.event = r->ask->event,
                                 .terms = r->ask->has_terms ? &r->ask->terms : NULL,
                                 .statement = r->first.n > 0 ? statement : NULL,
                                 .signer =
                                     span_after(buf_span(&r->second), r->ask->signature_n),
                                 .by_grant = goes_on_by_grant(r->ask->event),
                                 .now = r->now};
    return true;
}

bool office_move(struct request *r, struct error *err)
{
    struct signed_text statement; /* borrows */
    struct handover_act act;
    struct receipt receipt = {0};

    if ((unsigned)r->ask->event >= HANDOVER_EVENTS ||
        !worker_may(r->ask->event, r->office->is_target))
        return fail(err, E_SUPERVISOR, "an event that is not the worker's");
    if (!take_act(&act, &statement, r, err) ||
        !handover_load(&r->answer->handover, r->office->db, r->ask->migration, err) ||
        !peers_word_holds(r, &act, &receipt, err))
        return false;
    if (act.event == GOT_RECEIPT)
        act.terms = &receipt.terms;
    if (!office_hook_allows(r->office, &r->answer->handover, act.event, err) ||
        !make_move(r, &act, err))
        return false;
    office_hook_moved(r->office, r->ask->migration);
    return true;
}

bool office_statement(struct request *r, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    return handover_statement(&text, r->office->db, r->ask->migration, r->ask->kept, err) &&
           buf_add(&r->first_out, buf_span(&text.body), err) &&
           buf_add(&r->second_out, buf_span(&text.signature), err);
}

bool office_next(struct request *r, struct error *err)
{
    bool found = false;

    if (!handover_next(r->answer->handover.migration, &found, r->office->db, r->ask->state,
                       r->ask->migration, err))
        return false;
    r->answer->n = found;
    return true;
}

/* What is empty is not there to be kept: what was, stays. */
static bool keep_one(struct request *r, enum statement_kept kind, const struct buf *body,
                     struct error *err)
{
    return body->n == 0 || handover_keep(r->office->db, r->ask->migration, kind,
                                         buf_span(body), r->now, err);
}

static bool keep_both(struct request *r, enum statement_kept first,
                      enum statement_kept second, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};

    return db_begin(&change, r->office->db, err) && keep_one(r, first, &r->first, err) &&
           keep_one(r, second, &r->second, err) && db_commit(&change, err);
}

/* From `committing` on what was said is said. */
bool office_draft(struct request *r, struct error *err)
{
    scoped(chain_clear) struct chain source = {0};
    struct handover handover = {0};
    struct receipt draft = {0};
    struct grant grant = {0};

    if (!handover_load(&handover, r->office->db, r->ask->migration, err))
        return false;
    if (handover.state != TARGET_RECEIVING && handover.state != TARGET_SEALED)
        return true;
    return receipt_read(&draft, buf_span(&r->first), err) &&
           chain_unpack(&source, buf_span(&r->second), err) &&
           office_grant_load(&grant, r, err) && grant_names(&grant, &source, false, err) &&
           keep_both(r, KEPT_DRAFT, KEPT_SOURCE_CHAIN, err);
}

static bool is_chain_or_none(const struct buf *packed, struct error *err)
{
    scoped(chain_clear) struct chain chain = {0};

    return packed->n == 0 || chain_unpack(&chain, buf_span(packed), err);
}

bool office_chains(struct request *r, struct error *err)
{
    return is_chain_or_none(&r->first, err) && is_chain_or_none(&r->second, err) &&
           keep_both(r, KEPT_SOURCE_CHAIN, KEPT_TARGET_CHAIN, err);
}
