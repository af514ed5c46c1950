/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SCRAM-SHA-256-PLUS by GNU SASL, and what the target keeps of a code. */
#include "pairing/authorize.h"

#include "base/mem.h"
#include "base/text.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MECHANISM "SCRAM-SHA-256-PLUS"
#define SALT_BYTES 16

struct scram {
    Gsasl *library;
    Gsasl_session *session;
    bool is_client;
    unsigned steps;
};

void scram_free(struct scram **scram)
{
    if (*scram == NULL)
        return;
    if ((*scram)->session != NULL)
        gsasl_finish((*scram)->session);
    if ((*scram)->library != NULL)
        gsasl_done((*scram)->library);
    mem_free(*scram);
    *scram = NULL;
}

static bool scram_set(struct scram *scram, Gsasl_property property, const char *value,
                      struct error *err)
{
    return gsasl_property_set(scram->session, property, value) == GSASL_OK ||
           fail(err, E_SCRAM, "out of memory");
}

/* The connection this exchange is bound to (RFC 9266); never tls-unique. */
static bool scram_bind(struct scram *scram, const unsigned char *exporter,
                       struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(128);

    return text_base64_encode(&text, span_of(exporter, TLS_EXPORTER_BYTES), err) &&
           buf_terminate(&text, err) &&
           scram_set(scram, GSASL_CB_TLS_EXPORTER, (const char *)text.at, err);
}

static void selector_text(char out[16], uint32_t selector)
{
    snprintf(out, 16, "%u", selector);
}

static bool scram_begin(struct scram **out, bool is_client, struct error *err)
{
    int code;

    *out = mem_zeroed(1, sizeof(**out));
    (*out)->is_client = is_client;
    if (gsasl_init(&(*out)->library) != GSASL_OK)
        return fail(err, E_SCRAM, "GNU SASL cannot start");
    code = is_client ? gsasl_client_start((*out)->library, MECHANISM, &(*out)->session)
                     : gsasl_server_start((*out)->library, MECHANISM, &(*out)->session);
    return code == GSASL_OK || fail(err, E_SCRAM, "%s", gsasl_strerror(code));
}

bool scram_client(struct scram **out, const struct code *code,
                  const struct tls_facts *facts, struct error *err)
{
    char selector[16];

    selector_text(selector, code->selector);
    return scram_begin(out, true, err) && scram_bind(*out, facts->exporter, err) &&
           scram_set(*out, GSASL_AUTHID, selector, err) &&
           scram_set(*out, GSASL_PASSWORD, code->secret, err);
}

/* An invitation that may still be proven; its row is in reach of `row`. */
static bool invitation_find(struct query *row, struct db *db, uint32_t selector, time_t now,
                            struct error *err)
{
    if (!query_begin(row, db,
                     "SELECT salt, iterations, stored_key, server_key, used_by, expires,"
                     " failures FROM invitation WHERE selector = ?1",
                     err))
        return false;
    query_int(row, 1, selector);
    if (!query_next(row, err))
        return fail(err, E_CODE_WRONG, "no such invitation");
    if (query_get_int(row, 6) >= CODE_FAILURES_MAX)
        return fail(err, E_CODE_WRONG, "no such invitation");
    /* A used or expired one is told apart only after the secret was proven. */
    (void)now;
    return true;
}

static bool set_blob(struct scram *scram, Gsasl_property property, struct span bytes,
                     struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(256);

    return text_base64_encode(&text, bytes, err) && buf_terminate(&text, err) &&
           scram_set(scram, property, (const char *)text.at, err);
}

bool scram_server(struct scram **out, struct db *db, uint32_t selector,
                  const unsigned char exporter[TLS_EXPORTER_BYTES], time_t now,
                  struct error *err)
{
    scoped(query_end) struct query row = {0};
    char iterations[16];

    if (!invitation_find(&row, db, selector, now, err) || !scram_begin(out, false, err) ||
        !scram_bind(*out, exporter, err))
        return false;
    snprintf(iterations, sizeof(iterations), "%lld", (long long)query_get_int(&row, 1));
    return scram_set(*out, GSASL_SCRAM_ITER, iterations, err) &&
           set_blob(*out, GSASL_SCRAM_SALT, query_get_blob(&row, 0), err) &&
           set_blob(*out, GSASL_SCRAM_STOREDKEY, query_get_blob(&row, 2), err) &&
           set_blob(*out, GSASL_SCRAM_SERVERKEY, query_get_blob(&row, 3), err);
}

/* The server-first message names the work; a client does none that is absurd (RFC 7677 4).
 */
static bool cost_is_reasonable(const char *in, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(SCRAM_TEXT_MAX);
    const char *iterations;
    long n;

    if (!text_base64_decode(&text, span_text(in), err) || !buf_terminate(&text, err))
        return false;
    iterations = strstr((const char *)text.at, ",i=");
    n = iterations != NULL ? strtol(iterations + 3, NULL, 10) : 0;
    return (n >= SCRAM_ITERATIONS_MIN && n <= SCRAM_ITERATIONS_MAX) ||
           fail(err, E_SCRAM_COST, "%ld iterations, not %d to %d", n, SCRAM_ITERATIONS_MIN,
                SCRAM_ITERATIONS_MAX);
}

bool scram_step(struct scram *scram, const char *in, char out[SCRAM_TEXT_MAX], bool *done,
                struct error *err)
{
    char *reply = NULL;
    int code;
    bool fits;

    out[0] = '\0';
    *done = false;
    scram->steps++;
    if (scram->is_client && scram->steps == 2 && !cost_is_reasonable(in, err))
        return false;
    code = gsasl_step64(scram->session, in, &reply);
    if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
        return fail(err, E_SCRAM, "%s", gsasl_strerror(code));
    fits = reply == NULL || text_copy(out, SCRAM_TEXT_MAX, reply);
    gsasl_free(reply);
    *done = code == GSASL_OK;
    return fits || fail(err, E_SCRAM, "a message of more than %d bytes", SCRAM_TEXT_MAX);
}

/* What is stored of a secret (RFC 5802 section 3). */
struct verifier {
    unsigned char salt[SALT_BYTES];
    struct digest stored_key, server_key;
};

static bool verifier_make(struct verifier *out, const struct code *code, struct error *err)
{
    char salted[DIGEST_BYTES], client_key[DIGEST_BYTES], server_key[DIGEST_BYTES],
        stored_key[DIGEST_BYTES];
    int result;

    if (!random_fill(out->salt, sizeof(out->salt), err))
        return false;
    result = gsasl_scram_secrets_from_password(
        GSASL_HASH_SHA256, code->secret, SCRAM_ITERATIONS, (const char *)out->salt,
        sizeof(out->salt), salted, client_key, server_key, stored_key);
    memcpy(out->stored_key.byte, stored_key, DIGEST_BYTES);
    memcpy(out->server_key.byte, server_key, DIGEST_BYTES);
    mem_wipe(salted, sizeof(salted));
    mem_wipe(client_key, sizeof(client_key));
    return result == GSASL_OK || fail(err, E_SCRAM, "%s", gsasl_strerror(result));
}

bool invitation_make(struct code *out, struct db *db, const char *for_name, time_t now,
                     time_t expires, struct error *err)
{
    scoped(query_end) struct query insert = {0};
    struct verifier verifier = {0};

    if (!code_make(out, err) || !verifier_make(&verifier, out, err) ||
        !query_begin(
            &insert, db,
            "INSERT INTO invitation (selector, for_name, created, expires, salt,"
            " iterations, stored_key, server_key) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
            err))
        return false;
    query_int(&insert, 1, out->selector);
    query_text(&insert, 2, for_name);
    query_int(&insert, 3, now);
    query_int(&insert, 4, expires);
    query_blob(&insert, 5, span_of(verifier.salt, sizeof(verifier.salt)));
    query_int(&insert, 6, SCRAM_ITERATIONS);
    query_blob(&insert, 7, digest_span(&verifier.stored_key));
    query_blob(&insert, 8, digest_span(&verifier.server_key));
    return query_run(&insert, NULL, err);
}

bool invitation_list(struct query *out, struct db *db, struct error *err)
{
    return query_begin(out, db,
                       "SELECT selector, for_name, created, expires, used, failures"
                       " FROM invitation ORDER BY created DESC, selector",
                       err);
}

void invitation_read(struct invitation *out, const struct query *row)
{
    *out = (struct invitation){.selector = (uint32_t)query_get_int(row, 0),
                               .created = query_get_int(row, 2),
                               .expires = query_get_int(row, 3),
                               .used = query_get_int(row, 4),
                               .failures = (unsigned)query_get_int(row, 5)};
    (void)text_fits(out->for_name, query_get_text(row, 1));
}

bool invitation_failed(struct db *db, uint32_t selector, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE invitation SET failures = failures + 1 WHERE selector = ?1",
                     err))
        return false;
    query_int(&update, 1, selector);
    return query_run(&update, NULL, err);
}

/* Who used it and when, empty when nobody did; also whether it may be used now by this
 * peer. */
static bool invitation_state(struct buf *used_by, time_t *used, struct db *db,
                             uint32_t selector, const struct grant *grant,
                             struct error *err)
{
    scoped(query_end) struct query row = {0};
    const char *for_name;

    if (!query_begin(&row, db,
                     "SELECT used_by, expires, for_name, used, failures FROM invitation"
                     " WHERE selector = ?1",
                     err))
        return false;
    query_int(&row, 1, selector);
    if (!query_next(&row, err))
        return fail(err, E_CODE_WRONG, "no such invitation");
    for_name = query_get_text(&row, 2);
    if (for_name[0] != '\0' && !text_equal(for_name, grant->peer_name))
        return fail(err, E_CODE_WRONG, "the invitation is for '%s', the peer is '%s'",
                    for_name, grant->peer_name);
    if (!buf_add(used_by, query_get_blob(&row, 0), err))
        return false;
    *used = query_get_int(&row, 3);
    if (used_by->n == 0 && query_get_int(&row, 1) <= grant->issued)
        return fail(err, E_CODE_WRONG, "the invitation has expired");
    /* Proofs run side by side: one may end after the others have failed too often. */
    if (used_by->n == 0 && query_get_int(&row, 4) >= CODE_FAILURES_MAX)
        return fail(err, E_CODE_WRONG, "too many wrong secrets");
    return true;
}

static bool invitation_mark(struct db *db, uint32_t selector, const struct grant *grant,
                            struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE invitation SET used_by = ?2, used = ?3 WHERE selector = ?1",
                     err))
        return false;
    query_int(&update, 1, selector);
    query_blob(&update, 2, digest_span(&grant->peer_client_key));
    query_int(&update, 3, grant->issued);
    return query_run(&update, NULL, err);
}

bool invitation_redeem(struct grant *grant, struct db *db, uint32_t selector, time_t now,
                       struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    scoped(buf_clear) struct buf used_by = buf_upto(DIGEST_BYTES);
    time_t used = 0;

    grant->issued = now;
    if (!db_begin(&change, db, err) ||
        !invitation_state(&used_by, &used, db, selector, grant, err))
        return false;
    if (used_by.n > 0) {
        if (!span_equal(buf_span(&used_by), digest_span(&grant->peer_client_key)))
            return fail(err, E_CODE_USED, "by key %02x%02x%02x%02x...", used_by.at[0],
                        used_by.at[1], used_by.at[2], used_by.at[3]);
        return grant_find_issued(grant, db, &grant->peer_client_key, used, err);
    }
    return invitation_mark(db, selector, grant, err) &&
           grant_store(db, grant, "target", err) && db_commit(&change, err);
}
