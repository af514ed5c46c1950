/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's routes of a granted migration. */
#include "agent/clock.h"
#include "agent/peer.h"
#include "base/text.h"
#include "transfer/receipt.h"
#include "transfer/wire_json.h"

#include <stdio.h>
#include <string.h>

/* A migration with its lock held, let go with the scope. */
struct hold {
    struct migration *migration;
};

static void hold_release(struct hold *hold)
{
    if (hold->migration != NULL)
        pthread_rwlock_unlock(&hold->migration->lock);
    hold->migration = NULL;
}

static bool hold_take(struct hold *out, struct visit *visit, bool alone, struct error *err)
{
    struct migration *migration = NULL;

    if (!migrations_take(&visit->peer->service->migrations, &visit->peer->grant, &migration,
                         err))
        return false;
    if (alone)
        pthread_rwlock_wrlock(&migration->lock);
    else
        pthread_rwlock_rdlock(&migration->lock);
    out->migration = migration;
    return true;
}

/* The staging area, of this generation. */
static bool hold_staging(struct hold *out, struct visit *visit, bool alone,
                         struct error *err)
{
    if (!hold_take(out, visit, alone, err))
        return false;
    if (!out->migration->receive.opened)
        return fail(err, E_HANDOVER_MOVE, "the migration is %s",
                    handover_state_name(out->migration->handover.state));
    if (visit->words.number[0] != out->migration->handover.generation)
        return fail(err, E_HANDOVER_MOVE, "generation %u is under way",
                    out->migration->handover.generation);
    return true;
}

static bool announced_digest(const struct visit *visit, struct digest *out,
                             struct error *err)
{
    return digest_from_hex(out, visit->request.digest) ||
           fail(err, E_HTTP, "Pairgate-Digest is missing or not 64 hexadecimal characters");
}

static bool no_content(struct visit *visit)
{
    visit->answer.status = 204;
    return true;
}

static bool empty_object(struct visit *visit, struct error *err)
{
    return buf_add_text(&visit->answer.json, "{}", err);
}

bool peer_status(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct receive_status status = {0};

    if (!hold_take(&hold, visit, false, err))
        return false;
    if (hold.migration->receive.opened)
        receive_status(&hold.migration->receive, &status);
    return wire_write_status(&visit->answer.json, &hold.migration->handover, &status, err);
}

bool peer_page(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct digest digest = {0};

    return announced_digest(visit, &digest, err) && hold_staging(&hold, visit, true, err) &&
           receive_page(&hold.migration->receive, visit->words.number[1],
                        visit->request.body, &digest, err) &&
           no_content(visit);
}

bool peer_manifest(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct manifest_sum sum = {0};

    if (!wire_read_sum(&sum, visit->request.body, err) ||
        !hold_staging(&hold, visit, true, err) ||
        !receive_manifest(&hold.migration->receive, &sum, err))
        return false;
    event_migration(&visit->peer->service->events, hold.migration->id, "receiving",
                    sum.bytes);
    return empty_object(visit, err);
}

/* "from=N", or nothing for 0. */
static bool query_from(const struct visit *visit, uint64_t *from, struct error *err)
{
    const char *query = visit->request.query;

    *from = 0;
    if (query[0] == '\0')
        return true;
    if (!text_starts(query, "from="))
        return fail(err, E_HTTP, "the query '%s' is not from=N", query);
    return text_number(from, query + strlen("from="), 0, UINT32_MAX, err);
}

static void ranges_free(struct ranges *ranges)
{
    ranges_clear(ranges);
}

bool peer_missing(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(ranges_free) struct ranges ranges = {0};
    uint64_t from = 0;

    return query_from(visit, &from, err) && hold_staging(&hold, visit, false, err) &&
           receive_missing(&hold.migration->receive, from, &ranges, err) &&
           wire_write_ranges(&visit->answer.json, &ranges, err);
}

bool peer_segment(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct digest digest = {0};

    return announced_digest(visit, &digest, err) &&
           hold_staging(&hold, visit, false, err) &&
           receive_segment(&hold.migration->receive, visit->words.number[1],
                           visit->request.body, &digest, err) &&
           no_content(visit);
}

/* One move, kept by the supervisor before it is told. */
static bool move(struct visit *visit, struct hold *hold, enum handover_event event,
                 const struct handover_terms *terms, const struct signed_text *statement,
                 struct error *err)
{
    const struct handover_act act = {
        .event = event, .terms = terms, .statement = statement, .now = clock_now()};

    return authority_move(&visit->peer->service->worker->authority, hold->migration->id,
                          &act, &hold->migration->handover, err);
}

bool peer_freeze(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();
    struct notice notice;

    return wire_read_signed(&statement, NULL, visit->request.body, err) &&
           hold_take(&hold, visit, true, err) &&
           notice_accept(&notice, &statement, SIGNED_FREEZE, peer_leaf(visit->peer)->spki,
                         &hold.migration->handover, err) &&
           move(visit, &hold, ASKED_FREEZE, NULL, &statement, err) &&
           empty_object(visit, err);
}

static bool seal_staging(struct visit *visit, struct hold *hold,
                         const struct handover_terms *terms, struct error *err)
{
    scoped(report_clear) struct report findings = {0};
    struct migration *migration = hold->migration;

    if (!migration_flush(&visit->peer->service->migrations, migration, err) ||
        !receive_seal(&migration->receive, &terms->manifest_root, &terms->contents_root,
                      &findings, err))
        return false;
    for (size_t i = 0; i < findings.n; i++)
        fprintf(stderr, "pairgate: %s: %s (%s)\n", message_of(findings.item[i].msg)->id,
                message_of(findings.item[i].msg)->text, findings.item[i].about);
    return true;
}

bool peer_seal(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct handover_terms terms = {0};

    if (!wire_read_terms(&terms, visit->request.body, false, err) ||
        !hold_take(&hold, visit, true, err))
        return false;
    terms.epoch = hold.migration->handover.epoch;
    if (hold.migration->receive.opened && !seal_staging(visit, &hold, &terms, err))
        return false;
    if (!move(visit, &hold, ASKED_SEAL, &terms, NULL, err))
        return false;
    event_migration(&visit->peer->service->events, hold.migration->id, "sealed",
                    hold.migration->receive.manifest.sum.bytes);
    return empty_object(visit, err);
}

static void party_fill(struct receipt_party *out, const struct chain *chain,
                       enum policy policy)
{
    const struct cert *leaf = chain_leaf(chain);

    text_printable(out->name, sizeof(out->name), span_text(cert_issued_to(leaf)));
    out->server_key = out->client_key = leaf->spki_sha256;
    chain_digest(&out->chain, chain);
    (void)text_fits(out->policy, policy_name(policy));
}

static void receipt_fill(struct receipt *out, const struct visit *visit,
                         const struct migration *migration)
{
    const struct service *service = visit->peer->service;
    const struct tls_facts *facts = &visit->peer->tls.facts;
    const struct manifest_sum *sum = &migration->receive.manifest.sum;

    *out = (struct receipt){.terms = migration->handover.terms,
                            .kind = migration->facts.kind,
                            .entries = sum->entries,
                            .files = sum->files,
                            .bytes = sum->bytes,
                            .segments = sum->segments,
                            .read_back = migration->receive.read_back,
                            .started = migration->facts.created,
                            .committed = clock_now(),
                            .transcript = visit->peer->grant.transcript};
    out->terms.epoch = migration->handover.epoch + 1;
    (void)text_fits(out->migration, migration->id);
    (void)text_fits(out->name, migration->facts.name);
    (void)text_fits(out->tls_version, facts->version);
    (void)text_fits(out->tls_cipher, facts->cipher);
    (void)text_fits(out->tls_group, facts->group);
    party_fill(&out->source, &facts->peer, visit->peer->grant.policy);
    party_fill(&out->target, &service->worker->identity.chain, service->policy);
}

/*
 * What cannot be published ever (the name is taken) ends the migration; a disk that is full
 * or away for now leaves it in `committing`, to be asked again.
 */
static void publish_failed(struct visit *visit, struct hold *hold, const struct error *why)
{
    struct error kept = {0};

    if (message_of(why->msg)->kind == COULD_NOT ||
        !receive_withdraw(&hold->migration->receive, &kept))
        return;
    (void)move(visit, hold, DID_ROLL_BACK, NULL, NULL, &kept);
}

/* From `committing`: publish, sign, decide. Redone whole after a crash. */
static bool commit_decide(struct visit *visit, struct hold *hold, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct migration *migration = hold->migration;
    struct receipt receipt;

    receipt_fill(&receipt, visit, migration);
    if (!receive_publish(&migration->receive, err)) {
        publish_failed(visit, hold, err);
        return false;
    }
    if (!receipt_write(&text.body, &receipt, err) ||
        !receipt_sign(&text, &visit->peer->service->worker->identity.key, SIGNED_RECEIPT,
                      err) ||
        !move(visit, hold, DID_PUBLISH, NULL, &text, err))
        return false;
    event_migration(&visit->peer->service->events, migration->id, "committed",
                    receipt.bytes);
    return true;
}

bool peer_commit(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text receipt = signed_text_none();
    struct handover_terms terms = {0};

    if (!wire_read_terms(&terms, visit->request.body, true, err) ||
        !hold_take(&hold, visit, true, err) ||
        !move(visit, &hold, ASKED_COMMIT, &terms, NULL, err))
        return false;
    if (hold.migration->handover.state == TARGET_COMMITTING &&
        !commit_decide(visit, &hold, err))
        return false;
    return authority_statement(&visit->peer->service->worker->authority, hold.migration->id,
                               KEPT_RECEIPT, &receipt, err) &&
           wire_write_signed(&visit->answer.json, "receipt", &receipt, err);
}

bool peer_countersign(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct service *service = visit->peer->service;

    if (!hold_take(&hold, visit, true, err) ||
        !authority_statement(&service->worker->authority, hold.migration->id, KEPT_RECEIPT,
                             &text, err))
        return false;
    buf_reset(&text.signature);
    if (!wire_read_signature(&text.signature, visit->request.body, err) ||
        !receipt_signature_holds(&text, SIGNED_COUNTERSIGN, peer_leaf(visit->peer)->spki,
                                 err) ||
        !move(visit, &hold, ASKED_COUNTERSIGN, NULL, &text, err))
        return false;
    event_migration(&service->events, hold.migration->id, "countersigned",
                    hold.migration->receive.manifest.sum.bytes);
    /* Published and signed by both: what is left of the staging area is of no use. */
    if (hold.migration->receive.opened && !receive_discard(&hold.migration->receive, err))
        return false;
    if (service->once)
        atomic_store(&service->stop, true);
    visit->answer.last = service->once;
    return empty_object(visit, err);
}

static bool abort_statement(struct visit *visit, const struct migration *migration,
                            struct signed_text *out, struct error *err)
{
    const struct identity *self = &visit->peer->service->worker->identity;
    struct notice notice = {.generation = migration->handover.generation,
                            .epoch = migration->handover.epoch,
                            .at = clock_now()};

    (void)text_fits(notice.migration, migration->id);
    notice.key = chain_leaf(&self->chain)->spki_sha256;
    return notice_write(&out->body, &notice, err) &&
           receipt_sign(out, &self->key, SIGNED_ABORT, err);
}

bool peer_abort(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text fresh = signed_text_none();
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();
    struct service *service = visit->peer->service;

    if (!hold_take(&hold, visit, true, err) ||
        !abort_statement(visit, hold.migration, &fresh, err) ||
        !move(visit, &hold, ASKED_ABORT, NULL, &fresh, err))
        return false;
    if (hold.migration->receive.opened && !receive_discard(&hold.migration->receive, err))
        return false;
    event_migration(&service->events, hold.migration->id, "aborted", 0);
    return authority_statement(&service->worker->authority, hold.migration->id, KEPT_ABORT,
                               &kept, err) &&
           wire_write_signed(&visit->answer.json, "abort", &kept, err);
}
