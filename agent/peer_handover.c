/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's routes of the handover: docs/protocol.md 7. */
#include "agent/clock.h"
#include "agent/finish.h"
#include "agent/peer_hold.h"
#include "base/text.h"
#include "transfer/receipt.h"
#include "transfer/wire_json.h"

#include <stdio.h>

void hold_release(struct hold *hold)
{
    if (hold->migration != NULL)
        pthread_rwlock_unlock(&hold->migration->lock);
    hold->migration = NULL;
}

bool hold_take(struct hold *out, struct visit *visit, bool alone, struct error *err)
{
    struct migration *migration = NULL;

    if (!migrations_hold(&visit->peer->service->migrations, &visit->peer->grant, alone,
                         &migration, err))
        return false;
    out->migration = migration;
    return true;
}

bool peer_empty(struct visit *visit, struct error *err)
{
    return buf_add_text(&visit->answer.json, "{}", err);
}

/* One move, kept by the supervisor before it is told. A source keeps its connection for the
 * next one too, which is about what we are by then. */
static bool move(struct visit *visit, struct hold *hold, enum handover_event event,
                 const struct handover_terms *terms, const struct signed_text *statement,
                 struct error *err)
{
    const struct handover_act act = {.event = event,
                                     .terms = terms,
                                     .statement = statement,
                                     .signer = peer_leaf(visit->peer)->spki,
                                     .now = clock_now()};

    visit->answer.last |= peer_is_outdated(visit->peer);
    return authority_move(&visit->peer->service->worker->authority, hold->migration->id,
                          &act, &hold->migration->handover, err);
}

/* A turn to the next generation may have failed when it was first asked for. */
static bool stage(struct visit *visit, struct hold *hold, struct error *err)
{
    return migration_stage(&visit->peer->service->migrations, hold->migration,
                           &visit->peer->grant, err);
}

/* The statement is about this generation, or begins the next one. */
static bool freeze_accept(const struct visit *visit, const struct handover *handover,
                          const struct signed_text *statement, bool *next,
                          struct error *err)
{
    const struct span key = peer_leaf(visit->peer)->spki;
    struct handover now, turned = *handover;
    struct notice notice;
    struct error other = {0};

    if (handover->has_terms) /* told again after the commit, which has counted the epoch */
        turned.epoch = handover->terms.epoch;
    now = turned;
    turned.generation++;
    *next = notice_accept(&notice, statement, SIGNED_FREEZE, key, &turned, &other);
    return *next || notice_accept(&notice, statement, SIGNED_FREEZE, key, &now, err);
}

/* What the next generation refers to must be durable before it begins. */
static bool begin_next(struct visit *visit, struct hold *hold,
                       const struct signed_text *statement, struct error *err)
{
    struct migrations *migrations = &visit->peer->service->migrations;
    struct migration *migration = hold->migration;

    if (migration->receive.opened && (!receive_is_whole(&migration->receive, err) ||
                                      !migration_flush(migrations, migration, err)))
        return false;
    return move(visit, hold, ASKED_NEXT, NULL, statement, err) && stage(visit, hold, err);
}

/* Told again before the source moves on: what it has brought must outlive us by then. */
static bool freeze_here(struct visit *visit, struct hold *hold,
                        const struct signed_text *statement, struct error *err)
{
    struct migration *migration = hold->migration;

    return (!migration->receive.opened ||
            migration_flush(&visit->peer->service->migrations, migration, err)) &&
           move(visit, hold, ASKED_FREEZE, NULL, statement, err);
}

bool peer_freeze(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();
    bool next;

    if (!both_mean_it(visit, false, err) ||
        !wire_read_signed(&statement, NULL, visit->request.body, err) ||
        !hold_take(&hold, visit, true, err) || !stage(visit, &hold, err) ||
        !freeze_accept(visit, &hold.migration->handover, &statement, &next, err))
        return false;
    return (next ? begin_next(visit, &hold, &statement, err)
                 : freeze_here(visit, &hold, &statement, err)) &&
           peer_empty(visit, err);
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
        !hold_take(&hold, visit, true, err) || !stage(visit, &hold, err))
        return false;
    terms.epoch = hold.migration->handover.epoch;
    if (hold.migration->receive.opened && (!seal_staging(visit, &hold, &terms, err) ||
                                           !peer_draft(visit, hold.migration, err)))
        return false;
    if (!move(visit, &hold, ASKED_SEAL, &terms, NULL, err))
        return false;
    event_migration(&visit->peer->service->events, hold.migration->id, "sealed",
                    hold.migration->receive.manifest.sum.bytes);
    return peer_empty(visit, err);
}

bool peer_draft(struct visit *visit, const struct migration *migration, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(STATEMENT_BODY_MAX);
    scoped(buf_clear) struct buf chain = buf_upto(CHAIN_PACKED_MAX);
    const struct tls_facts *facts = &visit->peer->tls.facts;
    const struct manifest_sum *sum = &migration->receive.manifest.sum;
    struct receipt draft = {.terms = {.generation = migration->handover.generation,
                                      .epoch = migration->handover.epoch},
                            .kind = migration->facts.kind,
                            .entries = sum->entries,
                            .files = sum->files,
                            .bytes = sum->bytes,
                            .segments = sum->segments,
                            .left = sum->left,
                            .read_back = migration->receive.read_back};

    draft.target.server_key = chain_leaf(&visit->peer->own->identity.chain)->spki_sha256;
    (void)text_fits(draft.migration, migration->id);
    (void)text_fits(draft.name, migration->facts.name);
    (void)text_fits(draft.tls_version, facts->version);
    (void)text_fits(draft.tls_cipher, facts->cipher);
    (void)text_fits(draft.tls_group, facts->group);
    return receipt_write(&json, &draft, err) && chain_pack(&chain, &facts->peer, err) &&
           authority_keep(&visit->peer->service->worker->authority, AUTHORITY_DRAFT,
                          migration->id, buf_span(&json), buf_span(&chain), err);
}

bool peer_commit(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(signed_text_clear) struct signed_text receipt = signed_text_none();
    struct handover_terms terms = {0};

    if (!wire_read_terms(&terms, visit->request.body, true, err) ||
        !hold_take(&hold, visit, true, err) ||
        (hold.migration->receive.opened && !peer_draft(visit, hold.migration, err)) ||
        !move(visit, &hold, ASKED_COMMIT, &terms, NULL, err))
        return false;
    if (hold.migration->handover.state == TARGET_COMMITTING &&
        !finish_commit(&visit->peer->service->migrations, hold.migration, PEER_PATIENCE_MS,
                       err))
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
    if (hold.migration->receive.opened &&
        !receive_discard(&hold.migration->receive, false, err))
        return false;
    if (service->once)
        atomic_store(&service->stop, true);
    visit->answer.last |= service->once;
    return peer_empty(visit, err);
}

/* An end needs nothing of the staging area, which perhaps cannot be opened any more. */
bool peer_abort(struct visit *visit, struct error *err)
{
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();
    const struct handover_act act = {.event = ASKED_ABORT, .now = clock_now()};
    struct service *service = visit->peer->service;
    struct authority *authority = &service->worker->authority;
    const char *id = visit->peer->grant.migration;
    struct handover after = {0};

    if (!authority_move(authority, id, &act, &after, err))
        return false;
    finish_ended(&service->migrations);
    event_migration(&service->events, id, "aborted", 0);
    return authority_statement(authority, id, KEPT_ABORT, &kept, err) &&
           wire_write_signed(&visit->answer.json, "abort", &kept, err);
}

bool peer_outcome(struct visit *visit, struct error *err)
{
    scoped(signed_text_clear) struct signed_text kept = signed_text_none();
    struct authority *authority = &visit->peer->service->worker->authority;
    const char *id = visit->peer->grant.migration;
    struct error none = {0};

    if (authority_statement(authority, id, KEPT_RECEIPT, &kept, &none))
        return wire_write_signed(&visit->answer.json, "receipt", &kept, err);
    return authority_statement(authority, id, KEPT_ABORT, &kept, err) &&
           wire_write_signed(&visit->answer.json, "abort", &kept, err);
}
