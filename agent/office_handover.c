/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor's part of the handover. It makes the moves, and signs what follows from
 * them: a receipt is of what its own rows say was sealed, in the order of all receipts, and
 * the worker tells only what it has counted and how the source was connected.
 */
#include "agent/office.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "base/text.h"
#include "transfer/receipt.h"

#include <string.h>

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

static bool keep_own_chain(struct request *r, const struct chain *chain, struct error *err)
{
    scoped(buf_clear) struct buf packed = buf_upto(CHAIN_PACKED_MAX);

    return chain_pack(&packed, chain, err) &&
           handover_keep(r->office->db, r->ask->migration, KEPT_TARGET_CHAIN,
                         buf_span(&packed), r->now, err);
}

/* An end without a receipt is signed here, whoever asked for it. */
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
           keep_own_chain(r, office->leaves.server, err);
}

static bool make_move(struct request *r, const struct handover_act *act, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    const bool is_end = act->event == ASKED_ABORT || act->event == DID_ROLL_BACK;

    return db_begin(&change, r->office->db, err) &&
           (is_end ? abort_step(r, act, err)
                   : handover_step(&r->answer->handover, r->office->db, act, err)) &&
           db_commit(&change, err);
}

/*
 * The target's word, which thaws a source or ends its ownership: signed by the key that the
 * grant names, about what our row says. A worker that was taken over has none to give.
 */
static bool peers_word_holds(const struct request *r, const struct handover_act *act,
                             struct receipt *receipt, struct error *err)
{
    const struct handover *ours = &r->answer->handover;
    struct notice notice = {0};
    struct grant grant = {0};
    struct digest signer;

    if (act->event != GOT_RECEIPT && act->event != GOT_ABORTED)
        return true;
    digest_of(&signer, DIGEST_SHA256, act->signer);
    if (!grant_load(&grant, r->office->db, r->ask->migration, err))
        return false;
    if (act->statement == NULL || !digest_equal(&signer, &grant.peer_server_key))
        return fail(err, E_STATEMENT_SIGNATURE, "not the key of the grant %s", grant.id);
    return act->event == GOT_RECEIPT
               ? receipt_accept(receipt, act->statement, act->signer, ours, err)
               : notice_accept(&notice, act->statement, SIGNED_ABORT, act->signer, ours,
                               err);
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
    struct handover before;

    if ((unsigned)r->ask->event >= HANDOVER_EVENTS ||
        !worker_may(r->ask->event, r->office->is_target))
        return fail(err, E_SUPERVISOR, "an event that is not the worker's");
    if (!take_act(&act, &statement, r, err) ||
        !handover_load(&r->answer->handover, r->office->db, r->ask->migration, err) ||
        !peers_word_holds(r, &act, &receipt, err))
        return false;
    if (act.event == GOT_RECEIPT)
        act.terms = &receipt.terms;
    before = r->answer->handover;
    if (!office_hook_allows(r->office, &before, act.event, err) || !make_move(r, &act, err))
        return false;
    office_hook_moved(r->office, r->ask->migration);
    return office_audit_move(r->office, &before, &r->answer->handover, act.event, err);
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

static bool keep_both(struct request *r, enum statement_kept first,
                      enum statement_kept second, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct db *db = r->office->db;
    const char *id = r->ask->migration;

    return db_begin(&change, db, err) &&
           handover_keep(db, id, first, buf_span(&r->first), r->now, err) &&
           handover_keep(db, id, second, buf_span(&r->second), r->now, err) &&
           db_commit(&change, err);
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
           grant_load(&grant, r->office->db, r->ask->migration, err) &&
           grant_names(&grant, &source, false, err) &&
           keep_both(r, KEPT_DRAFT, KEPT_SOURCE_CHAIN, err);
}

bool office_chains(struct request *r, struct error *err)
{
    scoped(chain_clear) struct chain source = {0}, target = {0};

    return chain_unpack(&source, buf_span(&r->first), err) &&
           chain_unpack(&target, buf_span(&r->second), err) &&
           keep_both(r, KEPT_SOURCE_CHAIN, KEPT_TARGET_CHAIN, err);
}

static void party_fill(struct receipt_party *out, const struct chain *chain,
                       const struct digest *server, const struct digest *client,
                       enum policy policy)
{
    *out = (struct receipt_party){.server_key = *server, .client_key = *client};
    text_printable(out->name, sizeof(out->name),
                   span_text(cert_issued_to(chain_leaf(chain))));
    chain_digest(&out->chain, chain);
    (void)text_fits(out->policy, policy_name(policy));
}

/* SHA-256 of the receipt signed last, zeros for the first one. */
static bool previous_receipt(struct digest *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    *out = (struct digest){0};
    if (!query_begin(&row, db, "SELECT hash FROM receipt ORDER BY seq DESC LIMIT 1", err))
        return false;
    if (query_next(&row, err) && query_get_blob(&row, 0).n == DIGEST_BYTES)
        memcpy(out->byte, query_get_blob(&row, 0).at, DIGEST_BYTES);
    return err->msg == E_NONE;
}

static bool add_to_receipts(struct request *r, const struct signed_text *text,
                            struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct digest hash;

    digest_of(&hash, DIGEST_SHA256, buf_span(&text->body));
    if (!query_begin(&row, r->office->db,
                     "INSERT INTO receipt (migration, hash) VALUES (?1, ?2)", err))
        return false;
    query_text(&row, 1, r->ask->migration);
    query_blob(&row, 2, digest_span(&hash));
    return query_run(&row, NULL, err);
}

/* What was kept of the migration, in `out` read as what it is. */
static bool load_kept(struct request *r, struct receipt *draft, struct chain *source,
                      struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    scoped(signed_text_clear) struct signed_text chain = {
        .body = buf_upto(CHAIN_PACKED_MAX), .signature = buf_upto(1)};

    return handover_statement(&text, r->office->db, r->ask->migration, KEPT_DRAFT, err) &&
           handover_statement(&chain, r->office->db, r->ask->migration, KEPT_SOURCE_CHAIN,
                              err) &&
           receipt_read(draft, buf_span(&text.body), err) &&
           chain_unpack(source, buf_span(&chain.body), err);
}

/* Who signs a receipt: the identity of the connection that asked for commit, which may have
 * begun before the newest; that one when it is not in use any more. */
struct signer_self {
    const struct key *key; /* the server leaf's */
    struct leaves leaves;
};

static struct signer_self self_of(const struct office *office, const struct receipt *draft)
{
    const struct identity *then =
        office->custody != NULL
            ? custody_find_key(office->custody, &draft->target.server_key)
            : NULL;

    return then != NULL ? (struct signer_self){identity_key(then, LEAF_SERVER),
                                               identity_leaves(then)}
                        : (struct signer_self){office->key, office->leaves};
}

/* Everything that the worker need not be believed comes from our own rows. */
static bool receipt_fill(struct request *r, const struct handover *handover,
                         struct receipt *out, struct signer_self *self, struct error *err)
{
    scoped(chain_clear) struct chain source = {0};
    const struct leaves *own = &self->leaves;
    struct migration_facts facts = {0};
    struct grant grant = {0};

    if (!load_kept(r, out, &source, err) ||
        !grant_load(&grant, r->office->db, r->ask->migration, err) ||
        !migration_facts_load(&facts, r->office->db, r->ask->migration, err) ||
        !previous_receipt(&out->previous, r->office->db, err))
        return false;
    *self = self_of(r->office, out);
    out->terms = handover->terms;
    out->terms.epoch = handover->terms.epoch + 1;
    out->kind = facts.kind;
    out->started = facts.created;
    out->committed = r->now;
    out->transcript = grant.transcript;
    party_fill(&out->source, &source, &grant.peer_server_key, &grant.peer_client_key,
               grant.peer_policy);
    party_fill(&out->target, own->server, &chain_leaf(own->server)->spki_sha256,
               &chain_leaf(own->client)->spki_sha256, grant.policy);
    return text_fits(out->migration, handover->migration) &&
           text_fits(out->name, facts.name);
}

static bool decide(struct request *r, struct handover *handover, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {
        .event = DID_PUBLISH, .statement = &text, .now = r->now};
    struct receipt receipt = {0};
    struct signer_self self = {0};

    return receipt_fill(r, handover, &receipt, &self, err) &&
           receipt_write(&text.body, &receipt, err) &&
           receipt_sign(&text, self.key, SIGNED_RECEIPT, err) &&
           handover_step(handover, r->office->db, &act, err) &&
           add_to_receipts(r, &text, err) && keep_own_chain(r, self.leaves.server, err);
}

bool office_decide(struct request *r, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct handover before = {0};

    if (!db_begin(&change, r->office->db, err) ||
        !handover_load(&before, r->office->db, r->ask->migration, err))
        return false;
    r->answer->handover = before;
    if (before.state == TARGET_COMMITTED)
        return true;
    if (before.state != TARGET_COMMITTING)
        return fail(err, E_HANDOVER_MOVE, "published in state %s",
                    handover_state_name(before.state));
    if (!office_hook_allows(r->office, &before, DID_PUBLISH, err) ||
        !decide(r, &r->answer->handover, err) || !db_commit(&change, err))
        return false;
    office_hook_moved(r->office, r->ask->migration);
    return office_audit_move(r->office, &before, &r->answer->handover, DID_PUBLISH, err);
}
