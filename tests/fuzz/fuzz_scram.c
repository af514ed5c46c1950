/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SCRAM messages as they come from the wire, base64 of what is fuzzed, one a line: odd
 * inputs to the side that knows the verifier, even ones to the side that knows the secret.
 * Nothing fuzzed proves anything.
 */
#include "base/text.h"
#include "pairing/authorize.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct scram *side(bool knows_secret)
{
    static const unsigned char exporter[TLS_EXPORTER_BYTES];
    static struct tls_facts facts;
    static struct verifier verifier;
    struct scram *scram = NULL;
    struct error err = {0};

    if (verifier.iterations == 0 &&
        !verifier_make(&verifier, "ABCDEFGHJKMN", CODE_ITERATIONS, &err))
        abort();
    if (knows_secret ? !scram_client_of(&scram, "user", "ABCDEFGHJKMN", &facts, &err)
                     : !scram_server_of(&scram, &verifier, exporter, &err))
        abort();
    return scram;
}

static bool next_line(struct span *rest, char out[SCRAM_TEXT_MAX])
{
    scoped(buf_clear) struct buf encoded = buf_upto(SCRAM_TEXT_MAX);
    struct span line = *rest;
    struct error err = {0};
    size_t end = 0;

    if (rest->n == 0)
        return false;
    if (span_find(*rest, "\n", &end))
        line = span_head(*rest, end);
    *rest = span_after(*rest, line.n + 1);
    return text_base64_encode(&encoded, line, &err) &&
           text_copy_span(out, SCRAM_TEXT_MAX, buf_span(&encoded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const bool knows_secret = n % 2 == 0;
    scoped(scram_free) struct scram *scram = side(knows_secret);
    struct span rest = span_of(data, n);
    char in[SCRAM_TEXT_MAX], out[SCRAM_TEXT_MAX];
    struct error err = {0};
    bool done = false;

    if (knows_secret && !scram_step(scram, "", out, &done, &err))
        abort();
    while (!done && next_line(&rest, in))
        if (!scram_step(scram, in, out, &done, &err))
            return 0;
    if (done)
        abort();
    return 0;
}
