/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One certificate as DER, and all that is asked of it. */
#include "certs/chain.h"
#include "certs/constraints.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(const struct cert *cert)
{
    unsigned tries = CONSTRAINT_TRIES;
    struct error err = {0};
    char text[CERT_TEXT_MAX];
    bool by_cn = false;

    (void)cert_is_for(cert, "oment-310.example.test", &by_cn);
    (void)cert_is_for(cert, "192.0.2.10", &by_cn);
    cert_san_text(text, sizeof(text), cert);
    (void)cert_names_compare(cert->subject, cert->issuer);
    cert_names_explain(text, sizeof(text), cert->subject, cert->issuer);
    (void)cert_is_signed_by(cert, cert);
    if (!constraints_hold(cert, true, cert, &tries, &err) && err.msg == E_NONE)
        abort();
}

/* A certificate that parses says the same when it is parsed again from its own PEM. */
static void read_again(const struct cert *cert)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    if (!cert_to_pem(&pem, cert, &err) || !chain_parse(&chain, buf_span(&pem), &err) ||
        !digest_equal(&chain_leaf(&chain)->sha256, &cert->sha256))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(cert_clear) struct cert cert = {0};
    struct error err = {0};

    if (!cert_parse(&cert, span_of(data, n), &err)) {
        if (message_of(err.msg)->rule == NULL)
            abort(); /* every refusal belongs to a rule */
        return 0;
    }
    ask(&cert);
    read_again(&cert);
    return 0;
}
