/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's end of the requests: everything that touches the database of authority.
 */
#include "agent/authority.h"
#include "agent/pipe.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

struct request {
    struct office *office;
    struct authority_ask *ask;
    struct buf first, second; /* what came with it */
    struct authority_answer *answer;
    struct buf first_out, second_out;
};

bool migration_facts_load(struct migration_facts *out, struct db *db, const char *migration,
                          struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db,
                     "SELECT name, directory, peer, digest, created FROM migration"
                     " WHERE id = ?1",
                     err))
        return false;
    query_text(&row, 1, migration);
    if (!query_next(&row, err))
        return fail(err, E_GRANT_UNKNOWN, "%s", migration);
    out->created = query_get_int(&row, 4);
    if (!text_fits(out->name, query_get_text(&row, 0)) ||
        !text_fits(out->directory, query_get_text(&row, 1)) ||
        !text_fits(out->peer, query_get_text(&row, 2)) ||
        !digest_named(&out->kind, query_get_text(&row, 3)))
        return fail(err, E_DB, "the migration %s is damaged", migration);
    return true;
}

/* "g-" or "m-" and 26 letters and digits: 128 bits from the kernel. */
static bool fresh_id(char out[GRANT_ID_MAX], char letter, struct error *err)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char raw[26];

    if (!random_fill(raw, sizeof(raw), err))
        return false;
    out[0] = letter;
    out[1] = '-';
    for (size_t i = 0; i < sizeof(raw); i++)
        out[2 + i] = alphabet[raw[i] & 31];
    out[2 + sizeof(raw)] = '\0';
    return true;
}

/* The row of a migration under this grant, made when it is not there: safe to repeat. */
static bool migration_ensure(struct request *r, const struct grant *grant,
                             struct error *err)
{
    struct error missing = {0};
    const struct handover_start start = {.migration = grant->migration,
                                         .grant_id = grant->id,
                                         .name = r->ask->facts.name,
                                         .directory = r->ask->facts.directory,
                                         .peer = grant->peer_name,
                                         .is_target = r->office->is_target,
                                         .epoch = 1,
                                         .kind = r->ask->facts.kind,
                                         .now = r->ask->now};

    if (!handover_load(&r->answer->handover, r->office->db, grant->migration, &missing) &&
        !handover_begin(&r->answer->handover, r->office->db, &start, err))
        return false;
    return migration_facts_load(&r->answer->facts, r->office->db, grant->migration, err);
}

static struct exchange *exchange_of(struct office *office, uint64_t connection)
{
    for (size_t i = 0; i < SCRAM_EXCHANGES; i++)
        if (office->exchange[i].connection == connection)
            return &office->exchange[i];
    return NULL;
}

static void exchange_drop(struct exchange *exchange)
{
    scram_free(&exchange->scram);
    *exchange = (struct exchange){0};
}

static bool exchange_take(struct request *r, struct exchange **out, struct error *err)
{
    if (r->ask->connection == 0) /* that is how a free place looks */
        return fail(err, E_SUPERVISOR, "a proof on no connection");
    *out = exchange_of(r->office, r->ask->connection);
    if (*out != NULL && (*out)->selector == r->ask->selector)
        return true;
    if (*out != NULL)
        return fail(err, E_CODE_WRONG, "another code in the middle of an exchange");
    *out = exchange_of(r->office, 0);
    if (*out == NULL)
        return fail(err, E_BUSY, "%d codes are being proven", SCRAM_EXCHANGES);
    (*out)->connection = r->ask->connection;
    (*out)->selector = r->ask->selector;
    return scram_server(&(*out)->scram, r->office->db, r->ask->selector, r->ask->exporter,
                        (time_t)r->ask->now, err);
}

static bool grant_redeem(struct request *r, struct error *err)
{
    struct grant grant = r->ask->grant;

    if (!fresh_id(grant.id, 'g', err) || !fresh_id(grant.migration, 'm', err))
        return false;
    grant.issued = (time_t)r->ask->now;
    grant.expires = grant.issued + GRANT_SECONDS;
    if (!invitation_redeem(&grant, r->office->db, r->ask->selector, grant.issued, err) ||
        !migration_ensure(r, &grant, err))
        return false;
    r->answer->grant = grant;
    r->answer->done = true;
    return true;
}

static bool do_code_step(struct request *r, struct error *err)
{
    struct exchange *exchange = NULL;
    struct error counting = {0};
    bool done = false, good;

    if (!exchange_take(r, &exchange, err)) {
        if (exchange != NULL)
            exchange_drop(exchange);
        return false;
    }
    good = scram_step(exchange->scram, r->ask->scram, r->answer->scram, &done, err);
    if (!good && !invitation_failed(r->office->db, r->ask->selector, &counting)) {
        exchange_drop(exchange);
        *err = counting;
        return false;
    }
    if (!good || done)
        exchange_drop(exchange);
    if (!good)
        return false;
    return !done || grant_redeem(r, err);
}

static bool do_again(struct request *r, struct error *err)
{
    struct grant grant = {0};

    if (!grant_load(&grant, r->office->db, r->ask->migration, err))
        return false;
    if (!digest_equal(&grant.peer_client_key, &r->ask->grant.peer_client_key))
        return fail(err, E_GRANT_UNKNOWN, "%s", r->ask->migration);
    if (grant.revoked)
        return fail(err, E_GRANT_REVOKED, "%s", grant.id);
    grant.expires = (time_t)r->ask->now + GRANT_SECONDS;
    grant.not_after = r->ask->grant.not_after;
    grant.transcript = r->ask->grant.transcript;
    if (!grant_store(r->office->db, &grant, r->office->is_target ? "target" : "source",
                     err) ||
        !migration_ensure(r, &grant, err))
        return false;
    r->answer->grant = grant;
    r->answer->done = true;
    return true;
}

/* A target may give a grant for its own migrations, not for those of another target. */
static bool do_adopt(struct request *r, struct error *err)
{
    struct grant held = {0};
    struct error missing = {0};

    if (grant_load(&held, r->office->db, r->ask->grant.migration, &missing) &&
        !digest_equal(&held.peer_server_key, &r->ask->grant.peer_server_key))
        return fail(err, E_GRANT_KEY, "%s is another peer's", r->ask->grant.migration);
    r->answer->grant = r->ask->grant;
    return grant_store(r->office->db, &r->ask->grant, "source", err) &&
           migration_ensure(r, &r->ask->grant, err);
}

static bool do_grant(struct request *r, struct error *err)
{
    return grant_load(&r->answer->grant, r->office->db, r->ask->migration, err);
}

static bool do_migration(struct request *r, struct error *err)
{
    return handover_load(&r->answer->handover, r->office->db, r->ask->migration, err) &&
           migration_facts_load(&r->answer->facts, r->office->db, r->ask->migration, err);
}

static bool do_move(struct request *r, struct error *err)
{
    const struct signed_text statement = {.body = r->first, .signature = r->second};
    const struct handover_act act = {.event = r->ask->event,
                                     .terms = r->ask->has_terms ? &r->ask->terms : NULL,
                                     .statement = r->first.n > 0 ? &statement : NULL,
                                     .now = r->ask->now};

    if ((unsigned)act.event >= HANDOVER_EVENTS)
        return fail(err, E_SUPERVISOR, "an unknown event");
    return handover_load(&r->answer->handover, r->office->db, r->ask->migration, err) &&
           handover_move(&r->answer->handover, r->office->db, &act, err);
}

static bool do_statement(struct request *r, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    return handover_statement(&text, r->office->db, r->ask->migration, r->ask->kept, err) &&
           buf_add(&r->first_out, buf_span(&text.body), err) &&
           buf_add(&r->second_out, buf_span(&text.signature), err);
}

static bool do_journal_add(struct request *r, struct error *err)
{
    scoped(batch_clear) struct batch batch = {.generation = r->ask->generation};

    if (r->ask->n > BATCH_MAX || r->first.n != r->ask->n * sizeof(*batch.item))
        return fail(err, E_SUPERVISOR, "a batch of the wrong length");
    batch.item = mem_zeroed(r->ask->n, sizeof(*batch.item));
    batch.n = r->ask->n;
    if (batch.n > 0)
        memcpy(batch.item, r->first.at, r->first.n);
    return journal_record(r->office->db, r->ask->migration, &batch, err);
}

static bool do_journal_load(struct request *r, struct error *err)
{
    scoped(batch_clear) struct batch batch = {0};

    if (!journal_load(&batch, r->office->db, r->ask->migration, r->ask->generation,
                      r->ask->from, err))
        return false;
    r->answer->n = batch.n;
    return buf_add(&r->first_out, span_of(batch.item, batch.n * sizeof(*batch.item)), err);
}

static bool do_forget(struct request *r, struct error *err)
{
    struct exchange *exchange =
        r->ask->connection != 0 ? exchange_of(r->office, r->ask->connection) : NULL;

    (void)err;
    if (exchange != NULL)
        exchange_drop(exchange);
    return true;
}

static bool (*const ops[AUTHORITY_OPS])(struct request *r, struct error *err) = {
    [AUTHORITY_CODE_STEP] = do_code_step,
    [AUTHORITY_AGAIN] = do_again,
    [AUTHORITY_ADOPT] = do_adopt,
    [AUTHORITY_GRANT] = do_grant,
    [AUTHORITY_MIGRATION] = do_migration,
    [AUTHORITY_MOVE] = do_move,
    [AUTHORITY_STATEMENT] = do_statement,
    [AUTHORITY_JOURNAL_ADD] = do_journal_add,
    [AUTHORITY_JOURNAL_LOAD] = do_journal_load,
    [AUTHORITY_FORGET] = do_forget,
};

/* Operations that only one side has: a target's worker cannot give itself a source's grant.
 */
static bool op_is_for(enum authority_op op, bool is_target)
{
    if (op == AUTHORITY_ADOPT)
        return !is_target;
    if (op == AUTHORITY_CODE_STEP || op == AUTHORITY_AGAIN)
        return is_target;
    return true;
}

/* The worker is not trusted to terminate its strings. */
static void terminate(struct authority_ask *ask)
{
    ask->migration[sizeof(ask->migration) - 1] = '\0';
    ask->scram[sizeof(ask->scram) - 1] = '\0';
    ask->grant.id[sizeof(ask->grant.id) - 1] = '\0';
    ask->grant.migration[sizeof(ask->grant.migration) - 1] = '\0';
    ask->grant.peer_name[sizeof(ask->grant.peer_name) - 1] = '\0';
    ask->facts.name[sizeof(ask->facts.name) - 1] = '\0';
    ask->facts.directory[sizeof(ask->facts.directory) - 1] = '\0';
    ask->facts.peer[sizeof(ask->facts.peer) - 1] = '\0';
}

/* Nor to name only what there is. */
static bool ask_is_sound(const struct authority_ask *ask, bool is_target)
{
    return (unsigned)ask->op < AUTHORITY_OPS && op_is_for(ask->op, is_target) &&
           (unsigned)ask->kept <= KEPT_COUNTERSIGN &&
           (unsigned)ask->facts.kind <= DIGEST_BLAKE3;
}

static void request_clear(struct request *request)
{
    buf_clear(&request->first);
    buf_clear(&request->second);
    buf_clear(&request->first_out);
    buf_clear(&request->second_out);
    mem_free(request->ask);
    mem_free(request->answer);
}

bool office_answer(struct office *office, int socket, struct error *err)
{
    scoped(request_clear) struct request r = {.office = office,
                                              .ask = mem_zeroed(1, sizeof(*r.ask)),
                                              .answer = mem_zeroed(1, sizeof(*r.answer)),
                                              .first = buf_upto(AUTHORITY_BYTES_MAX),
                                              .second = buf_upto(AUTHORITY_BYTES_MAX),
                                              .first_out = buf_upto(AUTHORITY_BYTES_MAX),
                                              .second_out = buf_upto(AUTHORITY_BYTES_MAX)};
    bool end = false;

    if (!pipe_receive(socket, r.ask, sizeof(*r.ask), &end, err) || end)
        return false;
    if (!pipe_receive_bytes(socket, &r.first, r.ask->first_n, err) ||
        !pipe_receive_bytes(socket, &r.second, r.ask->second_n, err))
        return false;
    terminate(r.ask);
    if (!ask_is_sound(r.ask, office->is_target))
        fail(&r.answer->err, E_SUPERVISOR, "an unknown request");
    else if (!ops[r.ask->op](&r, &r.answer->err) && r.answer->err.msg == E_NONE)
        fail(&r.answer->err, E_SUPERVISOR, "a request failed without a reason");
    r.answer->first_n = r.first_out.n;
    r.answer->second_n = r.second_out.n;
    return pipe_send(socket, span_of(r.answer, sizeof(*r.answer)), buf_span(&r.first_out),
                     buf_span(&r.second_out), err);
}

void office_clear(struct office *office)
{
    for (size_t i = 0; i < SCRAM_EXCHANGES; i++)
        exchange_drop(&office->exchange[i]);
}
