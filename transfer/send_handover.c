/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The questions of the handover, on the one line that a migration has. */
#include "transfer/send.h"

#include "transfer/send_parts.h"
#include "transfer/wire_json.h"

#define JSON_MAX (4 * STATEMENT_BODY_MAX)

static bool post(const struct grant *grant, struct send *send, const char *below,
                 struct span json, struct reply *out, struct error *err)
{
    const struct question question = {.method = "POST",
                                      .below = below,
                                      .kind = BODY_JSON,
                                      .body = json,
                                      .patience = PUT_PATIENCE_SECONDS};
    struct put *line = send_line(send, grant, err);

    return line != NULL && ask(send, line, &question, out, err);
}

bool send_freeze(const struct grant *grant, struct send *send,
                 const struct signed_text *statement, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(JSON_MAX);
    scoped(reply_clear) struct reply reply = reply_none();

    return wire_write_signed(&json, NULL, statement, err) &&
           post(grant, send, "/freeze", buf_span(&json), &reply, err);
}

bool send_seal(const struct grant *grant, struct send *send,
               const struct handover_terms *terms, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(JSON_MAX);
    scoped(reply_clear) struct reply reply = reply_none();

    return wire_write_terms(&json, terms, false, err) &&
           post(grant, send, "/seal", buf_span(&json), &reply, err);
}

bool send_commit(const struct grant *grant, struct send *send,
                 const struct handover_terms *terms, struct signed_text *receipt,
                 struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(JSON_MAX);
    scoped(reply_clear) struct reply reply = reply_none();

    return wire_write_terms(&json, terms, true, err) &&
           post(grant, send, "/commit", buf_span(&json), &reply, err) &&
           wire_read_signed(receipt, "receipt", buf_span(&reply.body), err);
}

bool send_countersign(const struct grant *grant, struct send *send, struct span signature,
                      struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(JSON_MAX);
    scoped(reply_clear) struct reply reply = reply_none();

    return wire_write_signature(&json, signature, err) &&
           post(grant, send, "/countersign", buf_span(&json), &reply, err);
}

bool send_outcome(const struct grant *grant, struct send *send, enum signed_kind *kind,
                  struct signed_text *out, struct chain *target, struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();
    const struct question question = {.method = "GET", .below = "/outcome"};
    struct put *line = send_line(send, grant, err);
    bool answered;

    if (line == NULL)
        return false;
    answered = ask(send, line, &question, &reply, err);
    chain_clear(target);
    return chain_copy(target, &put_facts(line)->peer, err) && answered &&
           wire_read_outcome(kind, out, buf_span(&reply.body), err);
}

bool send_abort(const struct grant *grant, struct send *send, struct signed_text *statement,
                struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();

    return post(grant, send, "/abort", span_text("{}"), &reply, err) &&
           wire_read_signed(statement, "abort", buf_span(&reply.body), err);
}
