/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON of the transfer's routes, at either end. */
#include "transfer/wire_json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool told(bool good, struct error *err)
{
    if (good != (err->msg == E_NONE))
        abort();
    *err = (struct error){0};
    return good;
}

static void try_refusal(struct span json)
{
    struct error err = {0};

    wire_read_refusal(json, 403, &err);
    if (err.msg == E_NONE)
        abort();
}

static void try_status(struct span json)
{
    struct send_status status = {0};
    struct error err = {0};

    (void)told(wire_read_status(&status, json, &err), &err);
}

/* A sum that was read is written and read the same. */
static void try_sum(struct span json)
{
    scoped(buf_clear) struct buf out = buf_upto(65536);
    struct manifest_sum sum = {0}, again = {0};
    struct error err = {0};

    if (!told(wire_read_sum(&sum, json, &err), &err))
        return;
    if (!wire_write_sum(&out, &sum, &err) || !wire_read_sum(&again, buf_span(&out), &err) ||
        !digest_equal(&again.root, &sum.root) || again.segments != sum.segments)
        abort();
}

static void try_ranges(struct span json)
{
    scoped(ranges_clear) struct ranges ranges = {0};
    struct error err = {0};

    if (told(wire_read_ranges(&ranges, json, &err), &err) && ranges.n > RECEIVE_RANGES_MAX)
        abort();
}

static void try_terms(struct span json)
{
    struct handover_terms terms = {0};
    struct error err = {0};

    (void)told(wire_read_terms(&terms, json, true, &err), &err);
    (void)told(wire_read_terms(&terms, json, false, &err), &err);
}

static void try_signed(struct span json)
{
    scoped(signed_text_clear) struct signed_text one = signed_text_none();
    scoped(signed_text_clear) struct signed_text two = signed_text_none();
    scoped(signed_text_clear) struct signed_text three = signed_text_none();
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    enum signed_kind kind;
    struct error err = {0};

    (void)told(wire_read_signed(&one, NULL, json, &err), &err);
    (void)told(wire_read_signed(&two, "receipt", json, &err), &err);
    (void)told(wire_read_outcome(&kind, &three, json, &err), &err);
    (void)told(wire_read_signature(&signature, json, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const tries[])(struct span json) = {
        try_refusal, try_status, try_sum, try_ranges, try_terms, try_signed,
    };

    for (size_t i = 0; i < COUNT(tries); i++)
        tries[i](span_of(data, n));
    return 0;
}
