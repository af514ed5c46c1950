/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision at the target, and the receipt that the supervisor signs with it: of what
 * its own rows say was sealed, in the order of all receipts. The worker tells only what it
 * has counted and how the source was connected.
 */
#include "agent/office.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "base/text.h"
#include "transfer/receipt.h"

#include <string.h>

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

    if (!load_kept(r, out, &source, err) || !office_grant_load(&grant, r, err) ||
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

bool office_keep_own_chain(struct request *r, const struct chain *chain, struct error *err)
{
    scoped(buf_clear) struct buf packed = buf_upto(CHAIN_PACKED_MAX);

    return chain_pack(&packed, chain, err) &&
           handover_keep(r->office->db, r->ask->migration, KEPT_TARGET_CHAIN,
                         buf_span(&packed), r->now, err);
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
           add_to_receipts(r, &text, err) &&
           office_keep_own_chain(r, self.leaves.server, err);
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
        !decide(r, &r->answer->handover, err) ||
        !office_audit_move(r->office, &change, &before, &r->answer->handover, DID_PUBLISH,
                           err))
        return false;
    office_hook_moved(r->office, r->ask->migration);
    return true;
}
