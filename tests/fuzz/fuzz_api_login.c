/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is parsed of a stranger behind the head: the header Authorization, which is the
 * first line, and a body, as that of a login and of a signing request. */
#include "agent/api_values.h"
#include "agent/login.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CSR_PATH "/api/ApplicationService/Actions/ApplicationService.GenerateCSR"
#define SANS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* As the clerk has it: cut to its room, which the worker has seen to. */
static void read_basic(struct span line)
{
    struct login_try try = {0};
    char authorization[API_CREDENTIALS_MAX];
    struct error err = {0};

    if (!text_copy_span(authorization, sizeof(authorization), line))
        return;
    if (!login_read_basic(&try, authorization, &err)) {
        must(err.msg == E_API_LOGIN);
        return;
    }
    must(strchr(try.name, ':') == NULL);
    must(strnlen(try.name, sizeof(try.name)) < sizeof(try.name));
    must(strnlen(try.password, sizeof(try.password)) < sizeof(try.password));
}

static bool read_body(struct api_values *out, const char *path, struct span body)
{
    struct api_path open = {0};
    struct error err = {0};
    const struct api_route *route = api_route_find(&open, "POST", path, NULL, 0);

    must(route != NULL);
    if (api_values_read(out, route, &open, "", body, &err) &&
        (route->prepare == NULL || route->prepare(out, &err)))
        return true;
    must(err.msg != E_NONE);
    return false;
}

static void read_login(struct span body)
{
    scoped(api_values_clear) struct api_values values = {0};

    if (!read_body(&values, "/api/SessionService/Sessions", body))
        return;
    must(values.n == 2 || values.n == 3);
    for (size_t i = 0; i < values.n; i++)
        must(values.value[i].bytes.n <= values.value[i].param->max &&
             strlen((const char *)values.value[i].bytes.at) == values.value[i].bytes.n);
}

/* Names are one word each, and so many. */
static void read_csr(struct span body)
{
    scoped(api_values_clear) struct api_values values = {0};
    size_t sans = 0;

    if (!read_body(&values, CSR_PATH, body))
        return;
    for (size_t i = 0; i < values.n; i++) {
        const bool is_san = text_equal(values.value[i].param->name, "San");

        sans += is_san;
        must(!is_san || strpbrk((const char *)values.value[i].bytes.at, ", \n") == NULL);
    }
    must(sans <= SANS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct span input = span_of(data, n);
    size_t end = n;
    struct span body;

    (void)span_find(input, "\n", &end);
    body = span_after(input, end + 1);
    read_basic(span_head(input, end));
    read_login(body);
    read_csr(body);
    return 0;
}
