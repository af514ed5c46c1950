/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/args.h"

#include "base/text.h"

#include <string.h>

bool args_read(struct args *out, int argc, char **argv, struct error *err)
{
    if (argc > ARGS_MAX)
        return fail(err, E_USAGE, "more than %d words", ARGS_MAX);
    out->n = (size_t)argc;
    for (size_t i = 0; i < out->n; i++)
        out->word[i] = argv[i];
    return true;
}

/* Index of the option before a "--", or n. */
static size_t args_find(const struct args *args, const char *name, const char **inlined)
{
    size_t length = strlen(name);

    *inlined = NULL;
    for (size_t i = 0; i < args->n; i++) {
        const char *word = args->word[i];

        if (word == NULL)
            continue;
        if (text_equal(word, "--"))
            break;
        if (text_equal(word, name))
            return i;
        if (text_starts(word, name) && word[length] == '=') {
            *inlined = word + length + 1;
            return i;
        }
    }
    return args->n;
}

bool args_flag(struct args *args, const char *name)
{
    bool given = false;

    for (;;) {
        const char *inlined = NULL;
        size_t i = args_find(args, name, &inlined);

        if (i == args->n || inlined != NULL)
            return given;
        args->word[i] = NULL;
        given = true;
    }
}

bool args_next_value(struct args *args, const char *name, const char **out,
                     struct error *err)
{
    const char *inlined = NULL;
    size_t i = args_find(args, name, &inlined);

    if (i == args->n)
        return false;
    args->word[i] = NULL;
    if (inlined != NULL) {
        *out = inlined;
        return true;
    }
    if (i + 1 >= args->n || args->word[i + 1] == NULL ||
        text_equal(args->word[i + 1], "--"))
        return fail(err, E_USAGE, "%s needs a value", name);
    *out = args->word[i + 1];
    args->word[i + 1] = NULL;
    return true;
}

bool args_value(struct args *args, const char *name, const char **out, struct error *err)
{
    const char *second = NULL;

    if (!args_next_value(args, name, out, err))
        return err->msg == E_NONE;
    if (args_next_value(args, name, &second, err))
        return fail(err, E_USAGE, "%s is given twice", name);
    return err->msg == E_NONE;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

const char *args_operand(struct args *args)
{
    bool literal = false;

    for (size_t i = 0; i < args->n; i++) {
        const char *word = args->word[i];

        if (word == NULL)
            continue;
        if (!literal && text_equal(word, "--")) {
            literal = true;
            continue;
        }
        if (!literal && is_option(word))
            continue;
        args->word[i] = NULL;
        return word;
    }
    return NULL;
}

bool args_need(struct args *args, const char *what, const char **out, struct error *err)
{
    *out = args_operand(args);
    return *out != NULL || fail(err, E_USAGE, "%s is missing", what);
}

bool args_end(const struct args *args, struct error *err)
{
    for (size_t i = 0; i < args->n; i++) {
        const char *word = args->word[i];

        if (word == NULL || text_equal(word, "--"))
            continue;
        return fail(err, E_USAGE,
                    is_option(word) ? "unknown option %s" : "one word too many: %s", word);
    }
    return true;
}
