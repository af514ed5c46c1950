/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies of receipts and notices: what is read is written as what is read again. */
#include "transfer/receipt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_receipt(struct span body)
{
    scoped(buf_clear) struct buf one = buf_upto(STATEMENT_BODY_MAX);
    scoped(buf_clear) struct buf two = buf_upto(STATEMENT_BODY_MAX);
    struct receipt receipt = {0}, again = {0};
    struct error err = {0};

    if (!receipt_read(&receipt, body, &err)) {
        if (err.msg == E_NONE)
            abort();
        return;
    }
    if (!receipt_write(&one, &receipt, &err) ||
        !receipt_read(&again, buf_span(&one), &err) || !receipt_write(&two, &again, &err) ||
        !span_equal(buf_span(&one), buf_span(&two)))
        abort();
}

static void try_notice(struct span body)
{
    scoped(buf_clear) struct buf one = buf_upto(STATEMENT_BODY_MAX);
    struct notice notice = {0}, again = {0};
    struct error err = {0};

    if (!notice_read(&notice, body, &err)) {
        if (err.msg == E_NONE)
            abort();
        return;
    }
    if (!notice_write(&one, &notice, &err) || !notice_read(&again, buf_span(&one), &err) ||
        again.at != notice.at || again.epoch != notice.epoch)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > STATEMENT_BODY_MAX)
        return 0;
    try_receipt(span_of(data, n));
    try_notice(span_of(data, n));
    return 0;
}
