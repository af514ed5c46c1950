/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One head, however it is cut: nothing before its end completes it, nothing behind it
 * counts.
 */
#include "agent/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct result {
    struct http_message message;
    bool good, done;
    size_t used;
};

static void parse(struct result *out, bool is_request, struct span bytes)
{
    struct error err = {0};

    memset(out, 0, sizeof(*out));
    out->message.is_request = is_request;
    out->good = http_parse_head(&out->message, &out->done, &out->used, bytes, &err);
    if (out->good != (err.msg == E_NONE))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bool is_request = n > 0 && (data[0] & 1) == 0;
    struct span bytes = span_after(span_of(data, n), 1);
    struct result whole, cut;

    if (bytes.n == 0 || bytes.n > HTTP_HEAD_MAX)
        return 0;
    parse(&whole, is_request, bytes);
    if (!whole.good || !whole.done)
        return 0;
    if (whole.used == 0 || whole.used > bytes.n || whole.message.body.n != 0)
        abort();
    parse(&cut, is_request, span_head(bytes, whole.used));
    if (!cut.done || cut.used != whole.used || cut.message.length != whole.message.length ||
        strcmp(cut.message.path, whole.message.path) != 0)
        abort();
    parse(&cut, is_request, span_head(bytes, whole.used - 1));
    if (!cut.good || cut.done)
        abort();
    return 0;
}
