/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of a published list, and the record of what an appliance holds. */
#include "agent/holding.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A list that was read is written and read again as the same text. */
static void read_again(const struct published *list)
{
    scoped(buf_clear) struct buf one = buf_upto(8U << 20);
    scoped(buf_clear) struct buf two = buf_upto(8U << 20);
    scoped(published_clear) struct published again = {0};
    struct error err = {0};

    if (!published_print(&one, list, &err) ||
        !published_parse(&again, buf_span(&one), &err) ||
        !published_print(&two, &again, &err) || !span_equal(buf_span(&one), buf_span(&two)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(published_clear) struct published list = {0};
    struct holding holding = {0};
    struct error err = {0}, ignored = {0};

    if (published_parse(&list, span_of(data, n), &err))
        read_again(&list);
    else if (err.msg == E_NONE)
        abort();
    if (!holding_parse(&holding, span_of(data, n), &ignored) && ignored.msg == E_NONE)
        abort();
    return 0;
}
