/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/approval.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CODE_CONTEXT "pairgate approval code v1"
#define CODE_BYTES 5
#define CODE_CHARS 8

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void add(struct buf *out, const struct digest *part)
{
    struct error never = {0};

    (void)!buf_add(out, digest_span(part), &never);
}

static bool has_two_leaves(const struct profile *profile)
{
    return !span_equal(buf_span(&profile->server.der), buf_span(&profile->client.der));
}

void approval_code(char out[APPROVAL_CODE_MAX], const struct pair *pair)
{
    const bool is_source = pair->setup.self == SIDE_SOURCE;
    const struct profile *source = is_source ? &pair->mine : &pair->theirs;
    const struct profile *target = is_source ? &pair->theirs : &pair->mine;
    scoped(buf_clear) struct buf salt = buf_upto(2 * DIGEST_BYTES);
    scoped(buf_clear) struct buf info = buf_upto(sizeof(CODE_CONTEXT) + 4 * DIGEST_BYTES);
    unsigned char raw[CODE_BYTES];
    char text[CODE_CHARS + 1] = "";
    struct error never = {0};
    uint64_t bits = 0;

    add(&salt, is_source ? &pair->nonce : &pair->peer_nonce);
    add(&salt, is_source ? &pair->peer_nonce : &pair->nonce);
    (void)!buf_add(&info, span_of(CODE_CONTEXT, sizeof(CODE_CONTEXT)), &never);
    add(&info, &source->client.spki_sha256);
    add(&info, &target->server.spki_sha256);
    if (has_two_leaves(source) || has_two_leaves(target)) {
        add(&info, &source->server.spki_sha256);
        add(&info, &target->client.spki_sha256);
    }
    digest_derive(raw, sizeof(raw),
                  span_of(pair->setup.facts->exporter, TLS_EXPORTER_BYTES), buf_span(&salt),
                  buf_span(&info));
    for (size_t i = 0; i < sizeof(raw); i++)
        bits = bits << 8 | raw[i];
    for (size_t i = 0; i < CODE_CHARS; i++)
        text[i] = alphabet[bits >> (5 * (CODE_CHARS - 1 - i)) & 31];
    snprintf(out, APPROVAL_CODE_MAX, "%.4s-%.4s", text, text + 4);
}

/* What may become of a pairing that waits; what is not here cannot happen. */
static const struct {
    enum pairing_state state;
    enum pairing_event event;
    enum pairing_state next;
} moves[] = {
    {PAIRING_PENDING, PAIRING_APPROVE, PAIRING_APPROVED},
    {PAIRING_PENDING, PAIRING_DENY, PAIRING_DENIED},
    {PAIRING_PENDING, PAIRING_TIME_OUT, PAIRING_EXPIRED},
    {PAIRING_PENDING, PAIRING_LEAVE, PAIRING_GONE},
    {PAIRING_APPROVED, PAIRING_COLLECT, PAIRING_GRANTED},
    {PAIRING_APPROVED, PAIRING_DENY, PAIRING_DENIED},
    {PAIRING_APPROVED, PAIRING_LEAVE, PAIRING_GONE},
    {PAIRING_GRANTED, PAIRING_COLLECT, PAIRING_GRANTED}, /* the same grant again */
};

bool pairing_move(enum pairing_state *state, enum pairing_event event)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        if (moves[i].state != *state || moves[i].event != event)
            continue;
        *state = moves[i].next;
        return true;
    }
    return false;
}

static const char *const state_names[PAIRING_STATES] = {
    [PAIRING_PENDING] = "pending", [PAIRING_APPROVED] = "approved",
    [PAIRING_GRANTED] = "granted", [PAIRING_DENIED] = "denied",
    [PAIRING_EXPIRED] = "expired", [PAIRING_GONE] = "gone"};

const char *pairing_state_name(enum pairing_state state)
{
    return state_names[state];
}

void pairing_channel(struct digest *out, const unsigned char *exporter)
{
    digest_of(out, DIGEST_SHA256, span_of(exporter, TLS_EXPORTER_BYTES));
}

#define PAIRING_COLUMNS                                                                    \
    "id, state, client_key, peer, name, address, code, rungs, warnings, created, expires," \
    " seen, grant_id"

bool pairing_read(struct pairing *out, const struct query *row, struct error *err)
{
    const struct span key = query_get_blob(row, 2);
    size_t state = 0;

    while (state < PAIRING_STATES &&
           !text_equal(state_names[state], query_get_text(row, 1)))
        state++;
    if (state == PAIRING_STATES || key.n != DIGEST_BYTES)
        return fail(err, E_DB, "a pairing is damaged");
    *out = (struct pairing){.state = (enum pairing_state)state,
                            .view = {.rungs = (unsigned)query_get_int(row, 7),
                                     .warnings = (unsigned)query_get_int(row, 8)},
                            .created = query_get_int(row, 9),
                            .expires = query_get_int(row, 10),
                            .seen = query_get_int(row, 11)};
    memcpy(out->client_key.byte, key.at, DIGEST_BYTES);
    (void)text_fits(out->id, query_get_text(row, 0));
    (void)text_fits(out->peer, query_get_text(row, 3));
    (void)text_fits(out->name, query_get_text(row, 4));
    (void)text_fits(out->view.address, query_get_text(row, 5));
    (void)text_fits(out->view.code, query_get_text(row, 6));
    (void)text_fits(out->grant_id, query_get_text(row, 12));
    return true;
}

bool pairing_list(struct query *out, struct db *db, struct error *err)
{
    return query_begin(
        out, db, "SELECT " PAIRING_COLUMNS " FROM pairing ORDER BY created DESC, id", err);
}

static bool by_channel(struct pairing *out, struct db *db, const struct digest *channel,
                       bool *there, struct error *err)
{
    scoped(query_end) struct query row = {0};

    *there = false;
    if (!query_begin(&row, db, "SELECT " PAIRING_COLUMNS " FROM pairing WHERE channel = ?1",
                     err))
        return false;
    query_blob(&row, 1, digest_span(channel));
    *there = query_next(&row, err);
    return *there ? pairing_read(out, &row, err) : err->msg == E_NONE;
}

bool pairing_load(struct pairing *out, struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT " PAIRING_COLUMNS " FROM pairing WHERE id = ?1",
                     err))
        return false;
    query_text(&row, 1, id);
    if (!query_next(&row, err))
        return err->msg == E_NONE && fail(err, E_PAIRING_UNKNOWN, "%s", id);
    return pairing_read(out, &row, err);
}

/* One move of the table, kept. E_PAIRING_DECIDED when there is none. */
static bool keep_move(struct pairing *pairing, struct db *db, enum pairing_event event,
                      time_t now, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!pairing_move(&pairing->state, event))
        return fail(err, E_PAIRING_DECIDED, "%s is %s", pairing->id,
                    pairing_state_name(pairing->state));
    if (!query_begin(&update, db,
                     "UPDATE pairing SET state = ?2, changed = ?3 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, pairing->id);
    query_text(&update, 2, pairing_state_name(pairing->state));
    query_int(&update, 3, now);
    return query_run(&update, NULL, err);
}

/* The same for every row that a condition finds, whose states must have the move. */
static bool sweep(struct db *db, const char *sql, time_t now, time_t then,
                  struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db, sql, err))
        return false;
    query_int(&update, 1, now);
    query_int(&update, 2, then);
    return query_run(&update, NULL, err);
}

bool pairing_sweep(struct db *db, time_t now, struct error *err)
{
    return sweep(db,
                 "UPDATE pairing SET state = 'expired', changed = ?1"
                 " WHERE state = 'pending' AND expires <= ?2",
                 now, now, err) &&
           sweep(db,
                 "UPDATE pairing SET state = 'gone', changed = ?1"
                 " WHERE state IN ('pending', 'approved') AND seen < ?2",
                 now, now - PAIRING_SILENCE_SECONDS, err) &&
           sweep(db,
                 "DELETE FROM pairing WHERE state NOT IN ('pending', 'approved')"
                 " AND changed < ?2 AND ?1 > 0",
                 now, now - PAIRING_KEEP_SECONDS, err);
}

/* The older tries of the same source leave; then there must be room. */
static bool make_room(struct db *db, const struct digest *client_key, time_t now,
                      struct error *err)
{
    scoped(query_end) struct query leave = {0};
    scoped(query_end) struct query count = {0};

    if (!query_begin(&leave, db,
                     "UPDATE pairing SET state = 'gone', changed = ?2"
                     " WHERE client_key = ?1 AND state IN ('pending', 'approved')",
                     err))
        return false;
    query_blob(&leave, 1, digest_span(client_key));
    query_int(&leave, 2, now);
    if (!query_run(&leave, NULL, err) ||
        !query_begin(&count, db,
                     "SELECT count (*) FROM pairing WHERE state IN ('pending', 'approved')",
                     err) ||
        !query_next(&count, err))
        return false;
    return query_get_int(&count, 0) < PAIRINGS_MAX ||
           fail(err, E_BUSY, "%d pairings wait for the operator", PAIRINGS_MAX);
}

static bool fresh_id(char out[PAIRING_ID_MAX], struct error *err)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char raw[8];

    if (!random_fill(raw, sizeof(raw), err))
        return false;
    memcpy(out, "p-", 2);
    for (size_t i = 0; i < sizeof(raw); i++)
        out[2 + i] = letters[raw[i] & 31];
    out[2 + sizeof(raw)] = '\0';
    return true;
}

static bool insert(struct pairing *pairing, struct db *db, const struct digest *channel,
                   time_t now, struct error *err)
{
    scoped(query_end) struct query row = {0};

    pairing->state = PAIRING_PENDING;
    pairing->created = pairing->seen = now;
    pairing->expires = now + PAIRING_SECONDS;
    if (!fresh_id(pairing->id, err) || !make_room(db, &pairing->client_key, now, err) ||
        !query_begin(&row, db,
                     "INSERT INTO pairing (id, state, client_key, channel, peer, name,"
                     " address, code, rungs, warnings, created, expires, seen, changed)"
                     " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?11,?11)",
                     err))
        return false;
    query_text(&row, 1, pairing->id);
    query_text(&row, 2, pairing_state_name(pairing->state));
    query_blob(&row, 3, digest_span(&pairing->client_key));
    query_blob(&row, 4, digest_span(channel));
    query_text(&row, 5, pairing->peer);
    query_text(&row, 6, pairing->name);
    query_text(&row, 7, pairing->view.address);
    query_text(&row, 8, pairing->view.code);
    query_int(&row, 9, pairing->view.rungs);
    query_int(&row, 10, pairing->view.warnings);
    query_int(&row, 11, now);
    query_int(&row, 12, pairing->expires);
    return query_run(&row, NULL, err);
}

static bool touch(struct pairing *pairing, struct db *db, time_t now, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db, "UPDATE pairing SET seen = ?2 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, pairing->id);
    query_int(&update, 2, now);
    pairing->seen = now;
    return query_run(&update, NULL, err);
}

/* False with what a source that asks, or an operator who decides too late, is told. */
static bool has_not_ended(const struct pairing *pairing, struct error *err)
{
    switch (pairing->state) {
    case PAIRING_PENDING:
    case PAIRING_APPROVED:
    case PAIRING_GRANTED:
        return true;
    case PAIRING_DENIED:
        return fail(err, E_PAIRING_DENIED, "%s", pairing->id);
    case PAIRING_EXPIRED:
        return fail(err, E_PAIRING_EXPIRED, "%s", pairing->id);
    case PAIRING_GONE:
        return fail(err, E_PAIRING_GONE, "%s", pairing->id);
    }
    return fail(err, E_DB, "a pairing is damaged");
}

bool pairing_ask(struct pairing *out, struct db *db, const struct digest *channel,
                 time_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    const struct pairing asked = *out;
    bool there = false;

    if (!db_begin(&change, db, err) || !pairing_sweep(db, now, err) ||
        !by_channel(out, db, channel, &there, err))
        return false;
    if (!there) {
        *out = asked;
        return insert(out, db, channel, now, err) && db_commit(&change, err);
    }
    if (!digest_equal(&out->client_key, &asked.client_key))
        return fail(err, E_PAIRING_GONE, "%s is another peer's", out->id);
    /* The operator was shown that name, and decides about no other. */
    if (!text_equal(out->name, asked.name))
        return fail(err, E_PAIRING_OTHER, "%s waits for '%s'", out->id, out->name);
    return touch(out, db, now, err) && db_commit(&change, err) && has_not_ended(out, err);
}

bool pairing_collect(const struct pairing *pairing, struct db *db,
                     const struct grant *grant, time_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    scoped(query_end) struct query update = {0};
    struct pairing kept = {0};

    /* The operator may have changed his mind since the source asked. */
    if (!db_begin(&change, db, err) || !pairing_load(&kept, db, pairing->id, err) ||
        !has_not_ended(&kept, err) || !keep_move(&kept, db, PAIRING_COLLECT, now, err) ||
        !query_begin(&update, db, "UPDATE pairing SET grant_id = ?2 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, kept.id);
    query_text(&update, 2, grant->id);
    return query_run(&update, NULL, err) && grant_store(db, grant, "target", err) &&
           db_commit(&change, err);
}

bool pairing_leave(struct db *db, const struct digest *channel, time_t now,
                   struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct pairing pairing = {0};
    enum pairing_state state;
    bool there = false;

    if (!db_begin(&change, db, err) || !by_channel(&pairing, db, channel, &there, err))
        return false;
    state = pairing.state;
    if (!there || !pairing_move(&state, PAIRING_LEAVE))
        return true;
    return keep_move(&pairing, db, PAIRING_LEAVE, now, err) && db_commit(&change, err);
}

bool pairing_decide(struct db *db, const char *id, bool approve, time_t now,
                    struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct pairing pairing = {0};

    if (!db_begin(&change, db, err) || !pairing_sweep(db, now, err) ||
        !pairing_load(&pairing, db, id, err))
        return false;
    if (pairing.state == PAIRING_EXPIRED || pairing.state == PAIRING_GONE)
        return has_not_ended(&pairing, err);
    return keep_move(&pairing, db, approve ? PAIRING_APPROVE : PAIRING_DENY, now, err) &&
           db_commit(&change, err);
}
