/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dial.h"

#include "agent/clock.h"
#include "agent/witness.h"
#include "base/text.h"
#include "certs/statement.h"
#include "pairing/message_json.h"

#include <stdio.h>
#include <string.h>

/* Host and port split at a colon, which an IPv6 address in brackets may contain. */
bool endpoint_read(struct endpoint *out, const char *text, struct error *err)
{
    const char *colon = strrchr(text, ':');
    const char *end = text + strlen(text);
    bool bracketed = text[0] == '[';

    if (strstr(text, "://") != NULL)
        return fail(err, E_USAGE, "'%s' is a URL; give HOST or HOST:PORT", text);
    (void)text_fits(out->port, TLS_PORT_DEFAULT);
    if (bracketed) {
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return fail(err, E_USAGE, "'%s' is not HOST or HOST:PORT", text);
        colon = end[1] == ':' ? end + 1 : NULL;
        text++;
    } else if (colon != NULL && strchr(text, ':') != colon) {
        colon = NULL; /* more than one: an IPv6 address without a port */
    } else if (colon != NULL) {
        end = colon;
    }
    if (colon != NULL && (colon[1] == '\0' || !text_fits(out->port, colon + 1)))
        return fail(err, E_USAGE, "'%s' names no port", text);
    if (end == text ||
        !text_copy_span(out->host, sizeof(out->host), span_of(text, (size_t)(end - text))))
        return fail(err, E_USAGE, "'%s' names no host", text);
    return true;
}

void dial_close(struct dial *dial)
{
    if (!dial->connected)
        return;
    pair_clear(&dial->pair);
    http_close(&dial->http);
    tls_close(&dial->tls);
    dial->connected = false;
}

/* A refusal in HTTP: its first error is the failure. */
static bool refused_with(const struct http_message *response, struct error *err)
{
    scoped(report_clear) struct report report = {0};
    struct error unreadable = {0};

    if (message_read_findings(&report, response->body, &unreadable) && report.n > 0) {
        *err = *report_first_error(&report);
        if (err->side == SIDE_NONE)
            err->side = SIDE_TARGET;
        return false;
    }
    return fail(err, E_HTTP, "the other side answered with status %d", response->status);
}

/* One request and its answer, which is borrowed from dial->http. */
static bool ask(struct dial *dial, const char *step, struct span json, struct span *answer,
                struct error *err)
{
    struct http_message response;
    char path[64];
    bool end = false;

    snprintf(path, sizeof(path), PAIRING_PATH "%s", step);
    if (!http_send_request(&dial->http, "POST", dial->host, path, json, err) ||
        !http_read_head(&dial->http, false, &response, &end, TLS_IDLE_SECONDS, err))
        return false;
    if (end)
        return fail(err, E_TLS_BROKEN, "the other side closed without an answer");
    if (!http_read_body(&dial->http, &response, HTTP_MESSAGE_MAX, err))
        return false;
    if (response.status != 200)
        return refused_with(&response, err);
    *answer = response.body;
    return true;
}

static bool verdict_prepare(struct dial *dial, struct worker *worker, struct error *err)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);

    return pair_judge(&dial->pair, clock_ms(), err) &&
           statement_sign(&signature, identity_key(&worker->newest->identity, LEAF_CLIENT),
                          STATEMENT_VERDICT, side_name(SIDE_SOURCE),
                          buf_span(&dial->pair.body), err) &&
           pair_sign(&dial->pair, buf_span(&signature), err);
}

static bool converse(struct dial *dial, struct worker *worker, struct error *err)
{
    while (pair_step(&dial->pair) != NULL) {
        scoped(buf_clear) struct buf message = buf_upto(PAIR_MESSAGE_MAX);
        const char *step = pair_step(&dial->pair);
        struct span answer = {0};

        if (dial->pair.phase == PAIR_SAY_VERDICT && !verdict_prepare(dial, worker, err))
            return false;
        if (!pair_say(&dial->pair, clock_ms(), &message, err) ||
            !ask(dial, step, buf_span(&message), &answer, err) ||
            !pair_hear(&dial->pair, clock_ms(), answer, err))
            return false;
    }
    return true;
}

bool dial_witness(const struct dial *dial, struct worker *worker,
                  const struct error *failure, struct error *err)
{
    const struct audit_attempt attempt = {.self = SIDE_SOURCE,
                                          .address = dial->host,
                                          .own = identity_leaves(&worker->newest->identity),
                                          .facts = &dial->tls.facts,
                                          .pair = dial->connected ? &dial->pair : NULL,
                                          .failure = failure};

    return witness_dialled(&worker->authority, &attempt, err);
}

bool dial_pair(struct dial *out, struct worker *worker, const struct endpoint *peer,
               const struct dial_wish *wish, struct error *err)
{
    const struct pair_setup setup = {.self = SIDE_SOURCE,
                                     .own = identity_leaves(&worker->newest->identity),
                                     .facts = &out->tls.facts,
                                     .trust = &worker->newest->trust,
                                     .policy = wish->policy,
                                     .peer_name = wish->peer_name,
                                     .crls = &worker->newest->crls,
                                     .demands = wish->demands};
    bool v6 = strchr(peer->host, ':') != NULL, held;

    snprintf(out->host, sizeof(out->host), v6 ? "[%s]:%s" : "%s:%s", peer->host,
             peer->port);
    if (!tls_dial(&out->tls, peer->host, peer->port, &worker->newest->identity, err))
        return false;
    out->connected = true;
    http_open(&out->http, &out->tls);
    held = pair_begin(&out->pair, &setup, err) && converse(out, worker, err);
    if (held && out->pair.phase == PAIR_AGREED)
        worker_was_paired(worker, worker->newest);
    return held;
}

/* What the grant of the answer lacks is what this side knows itself. */
static void grant_complete(const struct dial *dial, struct grant *grant)
{
    const struct chain *peer = &dial->tls.facts.peer;

    grant->peer_server_key = dial->pair.theirs.server.spki_sha256;
    grant->peer_client_key = dial->pair.theirs.client.spki_sha256;
    text_printable(grant->peer_name, sizeof(grant->peer_name),
                   span_text(cert_issued_to(chain_leaf(peer))));
    grant->not_after = verdict_not_after(&dial->pair.setup.own, &dial->pair.peer);
    pair_transcript(&dial->pair, &grant->transcript);
    grant->policy = dial->pair.setup.policy;
    grant->peer_policy = dial->pair.peer_policy;
    grant->pinned = dial->pair.setup.demands.pins > 0;
}

static bool ask_grant(struct dial *dial, const struct authorize_ask *what,
                      struct authorize_answer *answer, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(PAIR_MESSAGE_MAX);
    struct span body = {0};

    return message_write_ask(&json, what, err) &&
           ask(dial, "authorize", buf_span(&json), &body, err) &&
           message_read_answer(answer, body, err);
}

static bool what_fill(struct authorize_ask *out, enum authorize_method method,
                      const struct dial_request *request, struct error *err)
{
    *out = (struct authorize_ask){.method = method, .purpose = request->purpose};
    return (text_fits(out->migration, request->migration) &&
            text_fits(out->name, request->name)) ||
           fail(err, E_NAME_BAD, "%s", request->name);
}

bool dial_authorize_again(struct dial *dial, const struct dial_request *request,
                          struct grant *out, struct error *err)
{
    struct authorize_ask what;
    struct authorize_answer answer = {0};

    if (!what_fill(&what, AUTHORIZE_AGAIN, request, err) ||
        !ask_grant(dial, &what, &answer, err))
        return false;
    if (!answer.granted)
        return fail(err, E_GRANT_UNKNOWN, "%s", request->migration);
    *out = answer.grant;
    grant_complete(dial, out);
    return true;
}

/* Granted only when the target too has proven that it knows the secret. */
static bool prove(struct dial *dial, struct scram *scram, struct authorize_ask *what,
                  struct grant *out, struct error *err)
{
    struct authorize_answer answer = {0};
    bool done = false;

    while (!answer.granted) {
        if (done && what->scram[0] == '\0')
            return fail(err, E_SCRAM, "the target gave no grant");
        if (!scram_step(scram, answer.scram, what->scram, &done, err) ||
            !ask_grant(dial, what, &answer, err))
            return false;
    }
    if (!scram_step(scram, answer.scram, what->scram, &done, err))
        return false;
    if (!done)
        return fail(err, E_SCRAM, "the target did not prove that it knows the secret");
    *out = answer.grant;
    grant_complete(dial, out);
    return true;
}

bool dial_authorize_code(struct dial *dial, const struct code *code,
                         const struct dial_request *request, struct grant *out,
                         struct error *err)
{
    scoped(scram_free) struct scram *scram = NULL;
    struct authorize_ask what;

    if (!what_fill(&what, AUTHORIZE_CODE, request, err) ||
        !scram_client(&scram, code, &dial->tls.facts, err))
        return false;
    what.selector = code->selector;
    return prove(dial, scram, &what, out, err);
}

/* A wrong name of the peer, or one that is not beyond doubt, gets no proof to try out. */
static bool peer_name_is_proven(const struct dial *dial, struct error *err)
{
    scoped(report_clear) struct report findings = {0};

    pair_findings(&dial->pair, &findings);
    for (size_t i = 0; i < findings.n; i++) {
        const char *rule = message_of(findings.item[i].msg)->rule;

        if (rule != NULL && text_equal(rule, "peer-name"))
            return fail(err, E_PASSWORD_NAME, "%s", findings.item[i].about);
    }
    return true;
}

bool dial_may_use_password(const struct dial *dial, struct error *err)
{
    if (dial->pair.phase != PAIR_AGREED)
        return fail(err, E_NOT_PAIRED, "a password comes after two good verdicts");
    return peer_name_is_proven(dial, err);
}

bool dial_authorize_password(struct dial *dial, const char *user, const char *password,
                             const struct dial_request *request, struct grant *out,
                             struct error *err)
{
    scoped(scram_free) struct scram *scram = NULL;
    struct authorize_ask what;

    if (!dial_may_use_password(dial, err) ||
        !what_fill(&what, AUTHORIZE_PASSWORD, request, err) ||
        !scram_client_of(&scram, user, password, &dial->tls.facts, err))
        return false;
    if (!text_fits(what.user, user))
        return fail(err, E_PASSWORD_WRONG, "%s", user);
    return prove(dial, scram, &what, out, err);
}

bool dial_authorize_wait(struct dial *dial, const struct dial_request *request,
                         bool *granted, struct grant *out, struct error *err)
{
    struct authorize_ask what;
    struct authorize_answer answer = {0};

    if (!what_fill(&what, AUTHORIZE_WAIT, request, err) ||
        !ask_grant(dial, &what, &answer, err))
        return false;
    *granted = answer.granted;
    if (!answer.granted)
        return answer.waiting || fail(err, E_GRANT_UNKNOWN, "the target gave no grant");
    *out = answer.grant;
    grant_complete(dial, out);
    return true;
}
