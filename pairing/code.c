/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a one-time code: 30 bits of selector and 60 of secret in Crockford's base32.
 */
#include "pairing/authorize.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SELECTOR_CHARS 6
#define SECRET_CHARS 12

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The digit, 32 for a separator, -1 for anything else. */
static int code_digit(char c)
{
    const char *at;

    if (c == ' ' || c == '-' || c == '\n' || c == '\r' || c == '\t')
        return 32;
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return 0;
    if (c == 'I' || c == 'L')
        return 1;
    at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

bool code_read(struct code *out, const char *text, struct error *err)
{
    size_t n = 0;

    *out = (struct code){0};
    for (; *text != '\0'; text++) {
        int digit = code_digit(*text);

        if (digit == 32)
            continue;
        if (digit < 0 || n == SELECTOR_CHARS + SECRET_CHARS) {
            code_clear(out);
            return fail(err, E_CODE_FORM, "%s",
                        digit < 0 ? "a character no code contains" : "too long");
        }
        if (n < SELECTOR_CHARS)
            out->selector = out->selector << 5 | (uint32_t)digit;
        else
            out->secret[n - SELECTOR_CHARS] = alphabet[digit];
        n++;
    }
    if (n == SELECTOR_CHARS + SECRET_CHARS)
        return true;
    code_clear(out);
    return fail(err, E_CODE_FORM, "%zu characters of %d", n, SELECTOR_CHARS + SECRET_CHARS);
}

void code_show(char out[CODE_TEXT_MAX], const struct code *code)
{
    char selector[SELECTOR_CHARS + 1] = "";

    for (size_t i = 0; i < SELECTOR_CHARS; i++)
        selector[i] = alphabet[code->selector >> (5 * (SELECTOR_CHARS - 1 - i)) & 31];
    snprintf(out, CODE_TEXT_MAX, "%s-%.4s-%.4s-%.4s", selector, code->secret,
             code->secret + 4, code->secret + 8);
}

void code_clear(struct code *code)
{
    mem_wipe(code, sizeof(*code));
}

bool code_make(struct code *out, struct error *err)
{
    unsigned char raw[SECRET_CHARS];

    if (!random_fill(&out->selector, sizeof(out->selector), err) ||
        !random_fill(raw, sizeof(raw), err))
        return false;
    out->selector &= (1U << 30) - 1;
    for (size_t i = 0; i < SECRET_CHARS; i++)
        out->secret[i] = alphabet[raw[i] & 31];
    mem_wipe(raw, sizeof(raw));
    return true;
}
