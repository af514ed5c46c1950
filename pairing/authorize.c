/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SCRAM-SHA-256-PLUS by GNU SASL, and what the target keeps of a secret. */
#include "pairing/authorize.h"

#include "base/mem.h"
#include "base/text.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MECHANISM "SCRAM-SHA-256-PLUS"

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

/* GNU SASL allocates as it likes. */
static bool scram_fail(int code, struct error *err)
{
    if (code == GSASL_MALLOC_ERROR)
        mem_stop();
    return fail(err, E_SCRAM, "%s", gsasl_strerror(code));
}

static bool scram_set(struct scram *scram, Gsasl_property property, const char *value,
                      struct error *err)
{
    const int code = gsasl_property_set(scram->session, property, value);

    return code == GSASL_OK || scram_fail(code, err);
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

static bool scram_begin(struct scram **out, bool is_client, struct error *err)
{
    int code;

    *out = mem_zeroed(1, sizeof(**out));
    (*out)->is_client = is_client;
    code = gsasl_init(&(*out)->library);
    if (code != GSASL_OK)
        return scram_fail(code, err);
    code = is_client ? gsasl_client_start((*out)->library, MECHANISM, &(*out)->session)
                     : gsasl_server_start((*out)->library, MECHANISM, &(*out)->session);
    return code == GSASL_OK || scram_fail(code, err);
}

bool scram_client_of(struct scram **out, const char *user, const char *secret,
                     const struct tls_facts *facts, struct error *err)
{
    return scram_begin(out, true, err) && scram_bind(*out, facts->exporter, err) &&
           scram_set(*out, GSASL_AUTHID, user, err) &&
           scram_set(*out, GSASL_PASSWORD, secret, err);
}

bool scram_client(struct scram **out, const struct code *code,
                  const struct tls_facts *facts, struct error *err)
{
    char selector[16];

    snprintf(selector, sizeof(selector), "%u", code->selector);
    return scram_client_of(out, selector, code->secret, facts, err);
}

static bool set_blob(struct scram *scram, Gsasl_property property, struct span bytes,
                     struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(256);

    return text_base64_encode(&text, bytes, err) && buf_terminate(&text, err) &&
           scram_set(scram, property, (const char *)text.at, err);
}

bool scram_server_of(struct scram **out, const struct verifier *verifier,
                     const unsigned char exporter[TLS_EXPORTER_BYTES], struct error *err)
{
    const struct span salt = span_of(verifier->salt, sizeof(verifier->salt));
    char iterations[16];

    snprintf(iterations, sizeof(iterations), "%u", verifier->iterations);
    return scram_begin(out, false, err) && scram_bind(*out, exporter, err) &&
           scram_set(*out, GSASL_SCRAM_ITER, iterations, err) &&
           set_blob(*out, GSASL_SCRAM_SALT, salt, err) &&
           set_blob(*out, GSASL_SCRAM_STOREDKEY, digest_span(&verifier->stored_key), err) &&
           set_blob(*out, GSASL_SCRAM_SERVERKEY, digest_span(&verifier->server_key), err);
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
        return scram_fail(code, err);
    fits = reply == NULL || text_copy(out, SCRAM_TEXT_MAX, reply);
    gsasl_free(reply);
    *done = code == GSASL_OK;
    return fits || fail(err, E_SCRAM, "a message of more than %d bytes", SCRAM_TEXT_MAX);
}

/* Both keys of a verifier whose salt and iterations are set (RFC 5802 section 3). */
static bool verifier_derive(struct verifier *out, const char *secret, struct error *err)
{
    char salted[DIGEST_BYTES], client_key[DIGEST_BYTES], server_key[DIGEST_BYTES],
        stored_key[DIGEST_BYTES];
    const int result = gsasl_scram_secrets_from_password(
        GSASL_HASH_SHA256, secret, out->iterations, (const char *)out->salt,
        sizeof(out->salt), salted, client_key, server_key, stored_key);

    memcpy(out->stored_key.byte, stored_key, DIGEST_BYTES);
    memcpy(out->server_key.byte, server_key, DIGEST_BYTES);
    mem_wipe(salted, sizeof(salted));
    mem_wipe(client_key, sizeof(client_key));
    return result == GSASL_OK || scram_fail(result, err);
}

bool verifier_make(struct verifier *out, const char *secret, unsigned iterations,
                   struct error *err)
{
    if (!random_fill(out->salt, sizeof(out->salt), err))
        return false;
    out->iterations = iterations;
    return verifier_derive(out, secret, err);
}

bool verifier_accepts(const struct verifier *verifier, const char *secret, bool *right,
                      struct error *err)
{
    struct verifier made = *verifier;

    *right = verifier_derive(&made, secret, err) &&
             digest_equal(&made.stored_key, &verifier->stored_key);
    mem_wipe(&made, sizeof(made));
    return err->msg == E_NONE;
}

bool verifier_read(struct verifier *out, const struct query *row, int column,
                   struct error *err)
{
    const struct span salt = query_get_blob(row, column),
                      stored_key = query_get_blob(row, column + 2),
                      server_key = query_get_blob(row, column + 3);

    if (salt.n != sizeof(out->salt) || stored_key.n != DIGEST_BYTES ||
        server_key.n != DIGEST_BYTES)
        return fail(err, E_DB, "a verifier is damaged");
    memcpy(out->salt, salt.at, sizeof(out->salt));
    memcpy(out->stored_key.byte, stored_key.at, DIGEST_BYTES);
    memcpy(out->server_key.byte, server_key.at, DIGEST_BYTES);
    out->iterations = (unsigned)query_get_int(row, column + 1);
    return true;
}

void verifier_bind(struct query *query, int at, const struct verifier *verifier)
{
    query_blob(query, at, span_of(verifier->salt, sizeof(verifier->salt)));
    query_int(query, at + 1, verifier->iterations);
    query_blob(query, at + 2, digest_span(&verifier->stored_key));
    query_blob(query, at + 3, digest_span(&verifier->server_key));
}
