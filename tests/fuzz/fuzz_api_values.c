/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request of the management API: "METHOD PATH QUERY", then a line with the body. Whatever
 * it says, no value of it becomes an option of the command. */
#include "agent/api_words.h"
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool is_of_row(const struct api_route *route, const char *word)
{
    for (const char *const *fixed = route->words; fixed != NULL && *fixed != NULL; fixed++)
        if (text_equal(*fixed, word))
            return true;
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++)
        if (param->option != NULL && text_starts(word, param->option))
            return true;
    return false;
}

static void check_words(const struct api_route *route, const struct api_words *words)
{
    size_t i = 0;

    for (; i < words->n && !text_equal(words->word[i], "--"); i++)
        if (!is_of_row(route, words->word[i]))
            abort();
    if (i == words->n || words->word[words->n] != NULL)
        abort();
}

static void read_request(const char *method, const char *path, const char *query,
                         struct span body)
{
    scoped(api_values_clear) struct api_values values = {0};
    scoped(api_words_clear) struct api_words words = {0};
    struct api_path open = {0};
    struct error err = {0};
    const struct api_route *route = api_route_find(&open, method, path, NULL, 0);

    if (route == NULL)
        return;
    if (!api_values_read(&values, route, &open, query, body, &err)) {
        if (err.msg == E_NONE)
            abort();
        return;
    }
    if (!api_words_make(&words, route, values.value, values.n, &err)) {
        if (err.msg == E_NONE)
            abort();
        return;
    }
    check_words(route, &words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char head[HEAD_MAX], method[8] = "", path[HEAD_MAX] = "", query[HEAD_MAX] = "";
    const struct span input = span_of(data, n);
    size_t end = n;

    (void)span_find(input, "\n", &end);
    if (!text_copy_span(head, sizeof(head), span_head(input, end)) ||
        sscanf(head, "%7s %1023s %1023s", method, path, query) < 2)
        return 0;
    read_request(method, path, query, span_after(input, end + 1));
    return 0;
}
