/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the target may have already is asked for before it is sent. */
#include "transfer/offer.h"
#include "transfer/send_parts.h"
#include "transfer/wire_json.h"

#include <stdio.h>

/* One offer; *wanted is what the target lacks of it. */
static bool ask_offer(struct send *send, struct put *put, const struct offer_sheet *sheet,
                      uint64_t number, struct ranges *wanted, struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();
    const struct span body = buf_span(&sheet->body);
    struct digest digest;
    char below[80];
    const struct question question = {.method = "PUT",
                                      .below = below,
                                      .kind = BODY_BYTES,
                                      .body = body,
                                      .digest = &digest};

    digest_of(&digest, send->manifest.kind, body);
    snprintf(below, sizeof(below), "/generations/%u/offers/%llu", send->manifest.generation,
             (unsigned long long)number);
    return ask(send, put, &question, &reply, err) &&
           wire_read_ranges(wanted, buf_span(&reply.body), err);
}

bool send_offer(struct send *send, struct put *put, struct segment *segment, bool *taken,
                struct error *err)
{
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    scoped(ranges_clear) struct ranges wanted = {0};
    const uint64_t number = segment->number;
    size_t given;
    bool fits;

    *taken = false;
    if (!offer_write(&sheet, segment, &send->manifest, err))
        return false;
    if (!sheet.fits)
        return true;
    given = sheet.body.n;
    if (!ask_offer(send, put, &sheet, number, &wanted, err))
        return false;
    if (wanted.n > 0) {
        if (!offer_give(&sheet, segment, &wanted, &fits, err) || !fits)
            return err->msg == E_NONE;
        given = sheet.body.n - given;
        ranges_clear(&wanted);
        if (!ask_offer(send, put, &sheet, number, &wanted, err))
            return false;
    } else {
        given = 0;
    }
    *taken = wanted.n == 0;
    if (*taken && given < segment->n)
        atomic_fetch_add(&send->progress.spared, segment->n - given);
    return true;
}
