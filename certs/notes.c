/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/notes.h"

#include "base/text.h"

#include <string.h>

#define VALUE_MAX 256

bool notes_are_whole(struct span notes)
{
    return notes.n > 0 && notes.at[notes.n - 1] == '\n';
}

bool notes_get(char *out, size_t room, struct span notes, const char *word)
{
    const size_t n = strlen(word);
    struct span line;

    out[0] = '\0';
    while (span_take_line(&notes, &line))
        if (line.n > n && span_starts(line, word) && line.at[n] == ' ')
            return text_copy_span(out, room, span_after(line, n + 1));
    return false;
}

bool notes_get_time(time_t *out, struct span notes, const char *word)
{
    char text[TIME_TEXT_MAX];
    struct error err = {0};

    return notes_get(text, sizeof(text), notes, word) && text_time(out, text, &err);
}

bool notes_get_number(unsigned *out, struct span notes, const char *word)
{
    char text[16];
    uint64_t number = 0;
    struct error err = {0};

    if (!notes_get(text, sizeof(text), notes, word) ||
        !text_number(&number, text, 0, UINT32_MAX, &err))
        return false;
    *out = (unsigned)number;
    return true;
}

bool notes_add(struct buf *out, const char *word, const char *value, struct error *err)
{
    char plain[VALUE_MAX];

    text_printable(plain, sizeof(plain), span_text(value));
    return buf_print(out, err, "%s %s\n", word, plain);
}

bool notes_add_time(struct buf *out, const char *word, time_t value, struct error *err)
{
    char text[TIME_TEXT_MAX];

    text_show_time(text, value);
    return notes_add(out, word, text, err);
}
