/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's end of the requests: everything that touches the database of authority.
 */
#include "agent/office.h"

#include "agent/clock.h"
#include "agent/manager.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "agent/pipe.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

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

static bool do_grant(struct request *r, struct error *err)
{
    return r->ask->by_peer ? office_grant_of_peer(r, err)
                           : office_grant_load(&r->answer->grant, r, err);
}

static bool do_migration(struct request *r, struct error *err)
{
    return handover_load(&r->answer->handover, r->office->db, r->ask->migration, err) &&
           migration_facts_load(&r->answer->facts, r->office->db, r->ask->migration, err);
}

static bool do_audit(struct request *r, struct error *err)
{
    return office_audit_told(r->office, r->ask, buf_span(&r->first), err);
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

static bool do_owner(struct request *r, struct error *err)
{
    struct owner *owner = &r->answer->owner;

    (void)err;
    *owner = r->ask->owner;
    owner->known = owner_ask_system(r->ask->owner_kind, owner);
    return true;
}

static bool do_ready(struct request *r, struct error *err)
{
    (void)r;
    (void)err;
    manager_tell("READY=1");
    return true;
}

/* What only one side has is no request at the other: a target's worker cannot give itself a
 * source's grant. */
enum sides { AT_SOURCE = 1, AT_TARGET = 2, AT_BOTH = 3 };

static const struct {
    bool (*answer)(struct request *r, struct error *err);
    enum sides sides;
} ops[AUTHORITY_OPS] = {
    [AUTHORITY_CODE_STEP] = {office_code_step, AT_TARGET},
    [AUTHORITY_AGAIN] = {office_again, AT_TARGET},
    [AUTHORITY_ADOPT] = {office_adopt, AT_SOURCE},
    [AUTHORITY_GRANT] = {do_grant, AT_BOTH},
    [AUTHORITY_MIGRATION] = {do_migration, AT_BOTH},
    [AUTHORITY_MOVE] = {office_move, AT_BOTH},
    [AUTHORITY_STATEMENT] = {office_statement, AT_BOTH},
    [AUTHORITY_AUDIT] = {do_audit, AT_BOTH},
    [AUTHORITY_JOURNAL_ADD] = {do_journal_add, AT_BOTH},
    [AUTHORITY_JOURNAL_LOAD] = {do_journal_load, AT_BOTH},
    [AUTHORITY_FORGET] = {office_forget, AT_BOTH},
    [AUTHORITY_PASSWORD_STEP] = {office_password_step, AT_TARGET},
    [AUTHORITY_WAIT] = {office_wait, AT_TARGET},
    [AUTHORITY_OWNER] = {do_owner, AT_BOTH},
    [AUTHORITY_DRAFT] = {office_draft, AT_TARGET},
    [AUTHORITY_DECIDE] = {office_decide, AT_TARGET},
    [AUTHORITY_NEXT] = {office_next, AT_TARGET},
    [AUTHORITY_CHAINS] = {office_chains, AT_SOURCE},
    [AUTHORITY_SEEN] = {office_seen, AT_BOTH},
    [AUTHORITY_CREDENTIALS] = {office_credentials, AT_BOTH},
    [AUTHORITY_HOOK] = {office_hook, AT_BOTH},
    [AUTHORITY_READY] = {do_ready, AT_BOTH},
};

/* The worker is not trusted to terminate its strings. */
static void terminate(struct authority_ask *ask)
{
    ask->migration[sizeof(ask->migration) - 1] = '\0';
    ask->scram[sizeof(ask->scram) - 1] = '\0';
    ask->user[sizeof(ask->user) - 1] = '\0';
    ask->view.code[sizeof(ask->view.code) - 1] = '\0';
    ask->view.address[sizeof(ask->view.address) - 1] = '\0';
    ask->words.event[sizeof(ask->words.event) - 1] = '\0';
    ask->words.subject[sizeof(ask->words.subject) - 1] = '\0';
    ask->owner.name[sizeof(ask->owner.name) - 1] = '\0';
    ask->grant.id[sizeof(ask->grant.id) - 1] = '\0';
    ask->grant.migration[sizeof(ask->grant.migration) - 1] = '\0';
    ask->grant.peer_name[sizeof(ask->grant.peer_name) - 1] = '\0';
    ask->facts.name[sizeof(ask->facts.name) - 1] = '\0';
    ask->facts.directory[sizeof(ask->facts.directory) - 1] = '\0';
    ask->facts.peer[sizeof(ask->facts.peer) - 1] = '\0';
}

/* Nor to say yes or no when asked that. */
static bool bools_are_sound(const struct authority_ask *ask)
{
    const bool *const all[] = {&ask->waited,        &ask->by_peer,     &ask->has_terms,
                               &ask->grant.revoked, &ask->grant.heard, &ask->grant.pinned,
                               &ask->owner.known};

    for (size_t i = 0; i < COUNT(all); i++)
        if (!pipe_is_bool(all[i]))
            return false;
    return true;
}

/* Nor to name only what there is. */
static bool ask_is_sound(const struct authority_ask *ask, const struct office *office)
{
    return (unsigned)ask->op < AUTHORITY_OPS &&
           (ops[ask->op].sides & (office->is_target ? AT_TARGET : AT_SOURCE)) != 0 &&
           (!office->credentials_only || ask->op == AUTHORITY_CREDENTIALS) &&
           (unsigned)ask->owner_kind < OWNER_KINDS &&
           (unsigned)ask->kept < STATEMENTS_KEPT &&
           (unsigned)ask->state < HANDOVER_STATES &&
           (unsigned)ask->grant.policy <= POLICY_FIPS &&
           (unsigned)ask->grant.peer_policy <= POLICY_FIPS &&
           (unsigned)ask->facts.kind <= DIGEST_BLAKE3 && bools_are_sound(ask);
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
    r.now = office->stands != 0 ? office->stands : clock_now();
    terminate(r.ask);
    if (!ask_is_sound(r.ask, office))
        fail(&r.answer->err, E_SUPERVISOR, "an unknown request");
    else if (!ops[r.ask->op].answer(&r, &r.answer->err) && r.answer->err.msg == E_NONE)
        fail(&r.answer->err, E_SUPERVISOR, "a request failed without a reason");
    if (ask_is_sound(r.ask, office))
        office_audit_answer(office, r.ask, r.answer);
    r.answer->first_n = r.first_out.n;
    r.answer->second_n = r.second_out.n;
    return pipe_send(socket, span_of(r.answer, sizeof(*r.answer)), buf_span(&r.first_out),
                     buf_span(&r.second_out), err);
}
