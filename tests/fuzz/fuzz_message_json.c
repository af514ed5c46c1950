/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reader of the pairing's messages; what one takes, its writer gives back the same.
 */
#include "certs/statement.h"
#include "pairing/message_json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Failures name a message of the catalogue, successes none. */
static bool told(bool good, struct error *err)
{
    if (good != (err->msg == E_NONE))
        abort();
    *err = (struct error){0};
    return good;
}

static void try_hello(struct span json)
{
    scoped(profile_clear) struct profile profile = {0}, again = {0};
    scoped(buf_clear) struct buf out = buf_upto(PAIR_MESSAGE_MAX);
    struct digest commitment = {0}, other = {0};
    struct error err = {0};

    if (!told(message_read_hello(&profile, &commitment, json, &err), &err))
        return;
    if (!message_write_hello(&out, &profile, &commitment, &err) ||
        !message_read_hello(&again, &other, buf_span(&out), &err) ||
        again.clock_ms != profile.clock_ms || !digest_equal(&commitment, &other) ||
        !span_equal(buf_span(&again.client.der), buf_span(&profile.client.der)))
        abort();
}

static void try_plain_hello(struct span json)
{
    scoped(profile_clear) struct profile profile = {0};
    struct error err = {0};

    (void)told(message_read_hello(&profile, NULL, json, &err), &err);
}

static void try_nonce(struct span json)
{
    struct digest nonce;
    struct error err = {0};

    (void)told(message_read_nonce(&nonce, json, &err), &err);
}

static void try_signed(struct span json)
{
    scoped(buf_clear) struct buf body = buf_upto(STATEMENT_BODY_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    (void)told(message_read_signed(&body, &signature, json, &err), &err);
}

static void try_verdict(struct span json)
{
    struct verdict_read read = {0};
    struct error err = {0};

    (void)told(message_read_verdict(&read, json, &err), &err);
    report_clear(&read.findings);
}

static void try_ask(struct span json)
{
    scoped(buf_clear) struct buf out = buf_upto(PAIR_MESSAGE_MAX);
    struct authorize_ask ask = {0}, again = {0};
    struct error err = {0};

    if (!told(message_read_ask(&ask, json, &err), &err))
        return;
    if (!message_write_ask(&out, &ask, &err) ||
        !message_read_ask(&again, buf_span(&out), &err) || again.method != ask.method ||
        again.selector != ask.selector || again.purpose != ask.purpose)
        abort();
}

static void try_answer(struct span json)
{
    struct authorize_answer answer = {0};
    struct error err = {0};

    (void)told(message_read_answer(&answer, json, &err), &err);
}

static void try_findings(struct span json)
{
    scoped(report_clear) struct report report = {0}, again = {0};
    scoped(buf_clear) struct buf out = buf_upto(4 * PAIR_MESSAGE_MAX);
    struct error err = {0};

    if (!told(message_read_findings(&report, json, &err), &err))
        return;
    if (!message_write_findings(&out, &report, &err) ||
        !message_read_findings(&again, buf_span(&out), &err) || again.n != report.n ||
        report_errors(&again) != report_errors(&report))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const tries[])(struct span json) = {
        try_hello,   try_plain_hello, try_nonce,  try_signed,
        try_verdict, try_ask,         try_answer, try_findings,
    };

    for (size_t i = 0; n <= PAIR_MESSAGE_MAX && i < COUNT(tries); i++)
        tries[i](span_of(data, n));
    return 0;
}
