/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the supervisor asks for before it gives a grant: a code, a password, an approval. */
#include "agent/office.h"

#include "agent/unheard.h"
#include "base/text.h"

#include <string.h>

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

static const char *side_of(const struct request *r)
{
    return side_name(r->office->is_target ? SIDE_TARGET : SIDE_SOURCE);
}

bool office_grant_load(struct grant *out, const struct request *r, struct error *err)
{
    return grant_load(out, r->office->db, r->ask->migration, side_of(r), err);
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
                                         .now = r->now};

    if (!handover_load(&r->answer->handover, r->office->db, grant->migration, &missing) &&
        !handover_begin(&r->answer->handover, r->office->db, &start, err))
        return false;
    return migration_facts_load(&r->answer->facts, r->office->db, grant->migration, err);
}

/* A source that names none may have lost the answer that named one. */
static bool name_the_unheard(struct request *r, struct error *err)
{
    return unheard_sweep(r->office, (time_t)r->now, err) &&
           (r->ask->migration[0] != '\0' ||
            unheard_find(r->ask->migration, r->office->db, &r->ask->grant.peer_client_key,
                         &r->ask->facts, (time_t)r->now, err));
}

/* A migration of before that this key began, by the name it now asks for: whoever allows it
 * has heard of that name alone. */
static bool goes_on(const struct request *r, const struct grant *grant)
{
    const char *id = r->ask->migration;
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct grant before = {0};
    struct error none = {0};

    return id[0] != '\0' && office_grant_load(&before, r, &none) &&
           digest_equal(&before.peer_client_key, &grant->peer_client_key) &&
           handover_load(&handover, r->office->db, id, &none) &&
           handover.state != TARGET_ABORTED &&
           migration_facts_load(&facts, r->office->db, id, &none) &&
           text_equal(facts.name, r->ask->facts.name);
}

/* Given with the verdicts' terms; a new migration, or one of before whose grant was revoked
 * or has run out. */
static bool grant_prepare(struct request *r, struct grant *grant, struct error *err)
{
    if (!name_the_unheard(r, err))
        return false;
    *grant = r->ask->grant;
    grant->issued = (time_t)r->now;
    grant->expires = grant->issued + GRANT_SECONDS;
    if (!fresh_id(grant->id, 'g', err))
        return false;
    return goes_on(r, grant) ? text_fits(grant->migration, r->ask->migration)
                             : fresh_id(grant->migration, 'm', err);
}

static bool grant_give(struct request *r, const struct grant *grant, struct error *err)
{
    if (!migration_ensure(r, grant, err))
        return false;
    r->answer->grant = *grant;
    r->answer->done = true;
    return true;
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

/* The exchange of this connection, or a free place for one; *fresh says which. */
static bool exchange_take(struct request *r, struct exchange **out, bool *fresh,
                          struct error *err)
{
    *fresh = false;
    if (r->ask->connection == 0) /* that is how a free place looks */
        return fail(err, E_SUPERVISOR, "a proof on no connection");
    *out = exchange_of(r->office, r->ask->connection);
    if (*out != NULL)
        return ((*out)->selector == r->ask->selector &&
                text_equal((*out)->user, r->ask->user)) ||
               fail(err, E_CODE_WRONG, "another code in the middle of an exchange");
    *out = exchange_of(r->office, 0);
    if (*out == NULL)
        return fail(err, E_BUSY, "%d codes are being proven", SCRAM_EXCHANGES);
    *fresh = true;
    (*out)->connection = r->ask->connection;
    (*out)->selector = r->ask->selector;
    return text_fits((*out)->user, r->ask->user);
}

static bool code_begin(struct request *r, struct exchange *exchange, struct error *err)
{
    return scram_server(&exchange->scram, r->office->db, r->ask->selector, r->ask->exporter,
                        err);
}

/* Whoever tried this name before with wrong passwords has made it slow, known or not. */
static bool password_begin(struct request *r, struct exchange *exchange, struct error *err)
{
    struct verifier verifier;

    if (!admin_verifier(&verifier, &exchange->mark, r->office->db, r->ask->user, err))
        return false;
    r->answer->pause = slowdown_seconds(&r->office->slow, &exchange->mark, r->now);
    return scram_server_of(&exchange->scram, &verifier, r->ask->exporter, err);
}

/* One step; *done when the secret was proven. A step that fails ends the exchange; *tried
 * says that it was a proof that failed. */
static bool exchange_step(struct request *r, struct exchange **out,
                          bool (*begin)(struct request *, struct exchange *,
                                        struct error *),
                          bool *done, struct error *err)
{
    bool fresh = false;
    const bool taken = exchange_take(r, out, &fresh, err);

    if (*out == NULL)
        return false;
    if (!taken || (fresh && !begin(r, *out, err))) {
        exchange_drop(*out);
        *out = NULL;
        return false;
    }
    return scram_step((*out)->scram, r->ask->scram, r->answer->scram, done, err);
}

/* A code that was used opens what it was used for, and nothing else. */
static bool is_the_same(struct request *r, const struct grant *grant, struct error *err)
{
    const struct migration_facts *asked = &r->ask->facts;
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct error trouble = {0};

    if (!handover_load(&handover, r->office->db, grant->migration, &trouble)) {
        if (trouble.msg != E_MIGRATION_UNKNOWN)
            *err = trouble;
        return trouble.msg == E_MIGRATION_UNKNOWN; /* stopped before its row was made */
    }
    if (!migration_facts_load(&facts, r->office->db, grant->migration, err))
        return false;
    return (text_equal(facts.name, asked->name) &&
            text_equal(facts.directory, asked->directory) &&
            (r->ask->migration[0] == '\0' ||
             text_equal(r->ask->migration, grant->migration))) ||
           fail(err, E_CODE_ELSEWHERE, "%s, '%s'", grant->migration, facts.name);
}

static bool code_redeem(struct request *r, struct error *err)
{
    struct grant fresh, grant;

    if (!grant_prepare(r, &fresh, err))
        return false;
    grant = fresh;
    return invitation_redeem(&grant, r->office->db, r->ask->selector, fresh.issued, err) &&
           (text_equal(grant.id, fresh.id) || is_the_same(r, &grant, err)) &&
           grant_give(r, &grant, err);
}

bool office_code_step(struct request *r, struct error *err)
{
    struct exchange *exchange = NULL;
    struct error counting = {0};
    bool done = false, good;

    r->ask->user[0] = '\0';
    good = exchange_step(r, &exchange, code_begin, &done, err);
    if (!good && exchange != NULL &&
        !invitation_failed(r->office->db, r->ask->selector, &counting))
        *err = counting;
    if (exchange != NULL && (!good || done))
        exchange_drop(exchange);
    return good && (!done || code_redeem(r, err));
}

/* The name that was proven must still be an administrator's. */
static bool password_redeem(struct request *r, struct error *err)
{
    struct admin admin;
    struct grant grant;

    return admin_load(&admin, r->office->db, r->ask->user, err) &&
           grant_prepare(r, &grant, err) &&
           grant_store(r->office->db, &grant, side_of(r), err) &&
           grant_give(r, &grant, err);
}

bool office_password_step(struct request *r, struct error *err)
{
    struct exchange *exchange = NULL;
    bool done = false, good;

    r->ask->selector = 0;
    good = exchange_step(r, &exchange, password_begin, &done, err);
    if (!good && exchange != NULL) { /* the same words for whatever was wrong */
        slowdown_count(&r->office->slow, &exchange->mark, r->now);
        *err = (struct error){0};
        fail(err, E_PASSWORD_WRONG, "%s", r->ask->user);
    }
    if (good && done)
        slowdown_forget(&r->office->slow, &exchange->mark);
    if (exchange != NULL && (!good || done))
        exchange_drop(exchange);
    return good && (!done || password_redeem(r, err));
}

static bool wait_collect(struct request *r, const struct pairing *pairing,
                         struct error *err)
{
    struct grant grant = {0};

    if (pairing->state == PAIRING_GRANTED) /* its answer was lost */
        return grant_load_id(&grant, r->office->db, pairing->grant_id, err) &&
               grant_give(r, &grant, err);
    return grant_prepare(r, &grant, err) &&
           pairing_collect(pairing, r->office->db, &grant, grant.issued, err) &&
           grant_give(r, &grant, err);
}

bool office_wait(struct request *r, struct error *err)
{
    struct pairing pairing = {.client_key = r->ask->grant.peer_client_key,
                              .view = r->ask->view};
    struct digest channel;

    pairing_channel(&channel, r->ask->exporter);
    if (!text_fits(pairing.peer, r->ask->grant.peer_name) ||
        !text_fits(pairing.name, r->ask->facts.name))
        return fail(err, E_NAME_BAD, "%s", r->ask->facts.name);
    if (!pairing_ask(&pairing, r->office->db, &channel, (time_t)r->now, err))
        return false;
    r->answer->expires = pairing.expires;
    r->answer->waiting = pairing.state == PAIRING_PENDING;
    return r->answer->waiting || wait_collect(r, &pairing, err);
}

bool office_again(struct request *r, struct error *err)
{
    struct grant grant = {0};

    if (!office_grant_load(&grant, r, err))
        return false;
    if (!digest_equal(&grant.peer_client_key, &r->ask->grant.peer_client_key))
        return fail(err, E_GRANT_UNKNOWN, "%s", r->ask->migration);
    if (grant.revoked)
        return fail(err, E_GRANT_REVOKED, "%s", grant.id);
    grant.expires = (time_t)r->now + GRANT_SECONDS;
    grant.not_after = r->ask->grant.not_after;
    grant.peer_server_key = r->ask->grant.peer_server_key;
    grant.pinned = r->ask->grant.pinned;
    grant.transcript = r->ask->grant.transcript;
    grant.policy = r->ask->grant.policy;
    grant.peer_policy = r->ask->grant.peer_policy;
    if (!grant_store(r->office->db, &grant, side_of(r), err) ||
        !migration_ensure(r, &grant, err))
        return false;
    r->answer->grant = grant;
    r->answer->done = true;
    return true;
}

/* An id that is here already is that of this tree and name, and asked for; or nothing but
 * its answer was lost. */
static bool is_adoptable(struct request *r, struct error *err)
{
    const char *id = r->ask->grant.migration;
    struct handover handover = {0};
    struct migration_facts facts = {0};
    struct error missing = {0};

    if (!handover_load(&handover, r->office->db, id, &missing))
        return missing.msg == E_MIGRATION_UNKNOWN || fail(err, missing.msg, "%s", id);
    if (!migration_facts_load(&facts, r->office->db, id, err))
        return false;
    if (handover_is_target(handover.state) || !text_equal(facts.name, r->ask->facts.name) ||
        !text_equal(facts.directory, r->ask->facts.directory))
        return fail(err, E_MIGRATION_OTHER, "%s", id);
    return handover.state == SOURCE_SENDING || text_equal(r->ask->migration, id) ||
           fail(err, E_MIGRATION_EXISTS, "%s is %s", id,
                handover_state_name(handover.state));
}

/* A target may give a grant for its own migrations, not for those of another target. */
bool office_adopt(struct request *r, struct error *err)
{
    struct grant held = {0};
    struct error missing = {0};

    if (grant_load(&held, r->office->db, r->ask->grant.migration, side_of(r), &missing) &&
        !digest_equal(&held.peer_server_key, &r->ask->grant.peer_server_key))
        return fail(err, E_GRANT_KEY, "%s is another peer's", r->ask->grant.migration);
    r->answer->grant = r->ask->grant;
    return is_adoptable(r, err) &&
           grant_store(r->office->db, &r->ask->grant, side_of(r), err) &&
           migration_ensure(r, &r->ask->grant, err);
}

bool office_grant_of_peer(struct request *r, struct error *err)
{
    const struct digest *key = &r->ask->grant.peer_client_key;
    struct grant *grant = &r->answer->grant;
    struct error none = {0};
    bool given = false;

    if (office_grant_load(grant, r, &none) && digest_equal(&grant->peer_client_key, key))
        return grant->heard || grant_heard(r->office->db, grant->id, err);
    *grant = (struct grant){0};
    if (none.msg == E_DB) {
        *err = none;
        return false;
    }
    return grant_was_given(&given, r->office->db, key, err) &&
           fail(err, given ? E_MIGRATION_UNKNOWN : E_NOT_PAIRED, "%s", r->ask->migration);
}

bool office_forget(struct request *r, struct error *err)
{
    struct exchange *exchange =
        r->ask->connection != 0 ? exchange_of(r->office, r->ask->connection) : NULL;
    struct digest channel;

    if (exchange != NULL)
        exchange_drop(exchange);
    if (!r->ask->waited)
        return true;
    pairing_channel(&channel, r->ask->exporter);
    return pairing_leave(r->office->db, &channel, (time_t)r->now, err);
}

void office_clear(struct office *office)
{
    for (size_t i = 0; i < SCRAM_EXCHANGES; i++)
        exchange_drop(&office->exchange[i]);
}
