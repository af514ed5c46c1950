/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/statement.h"

#include "certs/signer.h"

#include <string.h>

static const char *const contexts[STATEMENTS] = {
    [STATEMENT_VERDICT] = "pairgate verdict v1",
    [STATEMENT_FREEZE] = "pairgate freeze v1",
    [STATEMENT_RECEIPT] = "pairgate receipt v1",
    [STATEMENT_ABORT] = "pairgate abort v1",
    [STATEMENT_PUBLISHED] = "pairgate published v1",
    [STATEMENT_VOUCH] = "pairgate vouch v1",
    [STATEMENT_AUDIT] = "pairgate audit v1",
};

#define MESSAGE_MAX 128

static bool role_is_word(const char *role)
{
    const size_t n = strnlen(role, STATEMENT_ROLE_MAX);

    if (n == 0 || n == STATEMENT_ROLE_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (role[i] < 'a' || role[i] > 'z')
            return false;
    return true;
}

bool statement_message(struct buf *out, enum statement kind, const char *role,
                       struct span body, struct error *err)
{
    struct digest sha256;

    if ((unsigned)kind >= STATEMENTS || !role_is_word(role))
        return fail(err, E_STATEMENT_ROLE, "statement %d", (int)kind);
    if (body.n > STATEMENT_BODY_MAX)
        return fail(err, E_TOO_LARGE, "a statement of %zu bytes; at most %d", body.n,
                    STATEMENT_BODY_MAX);
    digest_of(&sha256, DIGEST_SHA256, body);
    return buf_add(out, span_of(contexts[kind], strlen(contexts[kind]) + 1), err) &&
           buf_add_text(out, role, err) && buf_add(out, digest_span(&sha256), err);
}

bool statement_sign(struct buf *signature, const struct key *key, enum statement kind,
                    const char *role, struct span body, struct error *err)
{
    scoped(buf_clear) struct buf message = buf_upto(MESSAGE_MAX);
    const struct signer_request request = {.op = SIGNER_STATEMENT,
                                           .key = key->at_signer,
                                           .statement = kind,
                                           .role = role,
                                           .bytes = body};

    if (!statement_message(&message, kind, role, body, err))
        return false;
    if (key->der.n == 0 && key->signer != NULL)
        return signer_ask(signature, key->signer, &request, err);
    return key_sign(signature, key, buf_span(&message), err);
}

bool statement_verifies(struct span spki, enum statement kind, const char *role,
                        struct span body, struct span signature)
{
    scoped(buf_clear) struct buf message = buf_upto(MESSAGE_MAX);
    struct error err = {0};

    return statement_message(&message, kind, role, body, &err) &&
           key_verifies(spki, buf_span(&message), signature);
}
