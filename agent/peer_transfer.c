/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's routes of a granted migration, until everything is here. */
#include "agent/peer_hold.h"
#include "base/text.h"
#include "transfer/wire_json.h"

#include <string.h>

/* The integrator may refuse what has not begun to arrive. */
static bool admit(struct visit *visit, struct migration *migration, struct error *err)
{
    struct service *service = visit->peer->service;

    if (atomic_load(&migration->admitted) || migration->handover.state != TARGET_RECEIVING)
        return true;
    if (!authority_hook(&service->worker->authority, migration->id, HOOK_TARGET_PREFLIGHT,
                        PEER_PATIENCE_MS, &service->stop, err))
        return false;
    atomic_store(&migration->admitted, true);
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
    return admit(visit, out->migration, err);
}

static bool announced_digest(const struct visit *visit, struct digest *out,
                             struct error *err)
{
    return digest_from_hex(out, visit->request.digest) ||
           fail(err, E_HTTP, "Pairgate-Digest is missing or not 64 hexadecimal characters");
}

/* Of the body, by the migration's kind. */
static const struct digest *body_digest(struct visit *visit,
                                        const struct migration *migration)
{
    const enum digest_kind kind = migration->facts.kind;

    if (!visit->seen || visit->run.kind != kind)
        digest_of(&visit->had, kind, visit->request.body);
    visit->peer->contents = (struct contents){.known = true, .kind = kind};
    return &visit->had;
}

static bool no_content(struct visit *visit)
{
    visit->answer.status = 204;
    return true;
}

bool peer_status(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct receive_status status = {0};

    if (!hold_take(&hold, visit, false, err) || !admit(visit, hold.migration, err))
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
    if (!peer_draft(visit, hold.migration, err))
        return false;
    event_migration(&visit->peer->service->events, hold.migration->id, "receiving",
                    sum.bytes);
    return peer_empty(visit, err);
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

bool peer_offer(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    scoped(ranges_free) struct ranges wanted = {0};
    struct digest digest = {0};

    if (!both_mean_it(visit, false, err) || !announced_digest(visit, &digest, err) ||
        !hold_staging(&hold, visit, false, err))
        return false;
    if (!digest_equal(body_digest(visit, hold.migration), &digest))
        return fail(err, E_SEGMENT_DIGEST, "an offer");
    return receive_offer(&hold.migration->receive, visit->words.number[1],
                         visit->request.body, &wanted, err) &&
           wire_write_ranges(&visit->answer.json, &wanted, err);
}

bool both_mean_it(const struct visit *visit, bool nowhere, struct error *err)
{
    if (visit->peer->service->nowhere == nowhere)
        return true;
    return fail(err, nowhere ? E_STORES : E_STORES_NOT, "migration %s", visit->words.text);
}

/* The segment in the request's body, expanded when it came smaller. */
static bool open_parcel(struct delivery *out, struct visit *visit,
                        const struct migration *migration, struct error *err)
{
    const struct http_message *request = &visit->request;

    if (request->plain > 0)
        return expand_segment(&visit->peer->expander, request->body, request->plain,
                              &out->bytes, err);
    out->bytes = request->body;
    out->had = body_digest(visit, migration);
    return true;
}

bool peer_nowhere(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct delivery parcel = {0};

    return both_mean_it(visit, true, err) && announced_digest(visit, &parcel.digest, err) &&
           hold_staging(&hold, visit, false, err) &&
           open_parcel(&parcel, visit, hold.migration, err) &&
           receive_nowhere(&hold.migration->receive, visit->words.number[1], &parcel,
                           err) &&
           no_content(visit);
}

bool peer_segment(struct visit *visit, struct error *err)
{
    scoped(hold_release) struct hold hold = {0};
    struct delivery parcel = {0};

    return both_mean_it(visit, false, err) &&
           announced_digest(visit, &parcel.digest, err) &&
           hold_staging(&hold, visit, false, err) &&
           open_parcel(&parcel, visit, hold.migration, err) &&
           receive_segment(&hold.migration->receive, visit->words.number[1], &parcel,
                           err) &&
           no_content(visit);
}
