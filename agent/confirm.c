/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/confirm.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 256
#define ID_DIGITS_MIN 8

bool confirm_typed(const char *question, const char *word, const char *id,
                   struct error *err)
{
    char answer[ANSWER_MAX] = "";
    size_t n;

    fprintf(stderr, "%s\nType %s, or the first %d digits of %s: ", question, word,
            ID_DIGITS_MIN, id);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        fputc('\n', stderr);
        return fail(err, E_NOT_CONFIRMED, "nothing was typed");
    }
    n = strcspn(answer, "\r\n");
    answer[n] = '\0';
    return text_equal(answer, word) || (n >= ID_DIGITS_MIN && text_starts(id, answer)) ||
           fail(err, E_NOT_CONFIRMED, "something else was typed");
}
