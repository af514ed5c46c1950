/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_words.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACE_MAX 32 /* "/proc/self/fd/7" */

void api_words_clear(struct api_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        mem_free(words->word[i]);
    for (size_t i = 0; i < words->files; i++)
        close(words->file[i]);
    *words = (struct api_words){0};
}

/* `--name=value`; without a value the option alone, without an option the value. */
static bool add_word(struct api_words *out, const char *option, const char *value,
                     struct error *err)
{
    const char *between = option != NULL && value != NULL ? "=" : "";
    size_t room;

    option = option != NULL ? option : "";
    value = value != NULL ? value : "";
    room = strlen(option) + strlen(between) + strlen(value) + 1;
    if (out->n == ARGS_MAX - 1)
        return fail(err, E_API_PROPERTY, "more than %d words in one request", ARGS_MAX - 1);
    out->word[out->n] = mem_zeroed(room, 1);
    snprintf(out->word[out->n++], room, "%s%s%s", option, between, value);
    return true;
}

/* A file of one's own in memory; its descriptor is at the start of it. */
static bool add_file(struct api_words *out, struct span bytes, struct error *err)
{
    const int fd = memfd_create("request", MFD_CLOEXEC);

    if (fd < 0)
        return fail_errno(err, E_FILE_WRITE, "memory for a file");
    out->file[out->files++] = fd;
    if (fchmod(fd, 0600) != 0) /* a key that others can read is refused */
        return fail_errno(err, E_FILE_WRITE, "memory for a file");
    return fs_write_at(fd, bytes, 0, err);
}

static bool add_place(struct api_words *out, const struct api_param *param,
                      struct span bytes, struct error *err)
{
    char place[PLACE_MAX];

    if (!add_file(out, bytes, err))
        return false;
    snprintf(place, sizeof(place), param->to == API_FD_OPTION ? "%d" : "/proc/self/fd/%d",
             out->file[out->files - 1]);
    return add_word(out, param->option, place, err);
}

static bool add_value(struct api_words *out, const struct api_value *value,
                      struct error *err)
{
    const char *text = (const char *)value->bytes.at;

    switch (value->param->to) {
    case API_NOWHERE:
        return true;
    case API_SWITCH:
        return !text_equal(text, "true") || add_word(out, value->param->option, NULL, err);
    case API_OPERAND:
    case API_OPTION:
        return add_word(out, value->param->option, text, err);
    case API_FILE_OPERAND:
    case API_FILE_OPTION:
    case API_FD_OPTION:
        return add_place(out, value->param, buf_span(&value->bytes), err);
    }
    return true;
}

static bool is_operand(const struct api_param *param)
{
    return param->to == API_OPERAND || param->to == API_FILE_OPERAND;
}

bool api_words_make(struct api_words *out, const struct api_route *route,
                    const struct api_value *value, size_t n, struct error *err)
{
    const char *const *word = route->words;

    for (; word != NULL && *word != NULL; word++)
        if (!add_word(out, NULL, *word, err))
            return false;
    for (size_t i = 0; i < n; i++)
        if (!is_operand(value[i].param) && !add_value(out, &value[i], err))
            return false;
    if (!add_word(out, NULL, "--", err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_operand(value[i].param) && !add_value(out, &value[i], err))
            return false;
    return true;
}
