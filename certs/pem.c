/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pem.h"

#include "base/text.h"

#include <string.h>

#define BODY_MAX (24U << 20) /* characters of one block; a revocation list has most */

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool pem_open(struct pem *out, struct span text, struct error *err)
{
    if (span_starts(text, "\xEF\xBB\xBF"))
        text = span_after(text, 3);
    if (span_is_blank(text))
        return fail(err, E_PEM_EMPTY, "nothing in it");
    if (text.n > 1 && text.at[0] == 0x30 && text.at[1] >= 0x80)
        return fail(err, E_PEM_DER, "it begins with a DER sequence");
    if (span_starts(text, "\xFF\xFE") || span_starts(text, "\xFE\xFF"))
        return fail(err, E_PEM_BINARY, "it is UTF-16 text");
    if (memchr(text.at, 0, text.n) != NULL)
        return fail(err, E_PEM_BINARY, "it contains NUL bytes");
    *out = (struct pem){.rest = text};
    return true;
}

/* The next line without its end and the blanks at its end. */
static struct span take_line(struct pem *pem)
{
    struct span line = {0};

    (void)span_take_line(&pem->rest, &line);
    pem->line++;
    while (line.n > 0 && is_blank(line.at[line.n - 1]))
        line.n--;
    return line;
}

/* "-----BEGIN LABEL-----" exactly; the label goes to out. */
static bool read_boundary(char out[PEM_LABEL_MAX], struct span line, const char *begin)
{
    static const size_t dashes = 5;
    size_t n = strlen(begin);

    if (!span_starts(line, begin) || line.n <= n + dashes)
        return false;
    if (!span_equal(span_after(line, line.n - dashes), span_text("-----")))
        return false;
    line = span_head(span_after(line, n), line.n - n - dashes);
    for (size_t i = 0; i < line.n; i++)
        if ((line.at[i] < 'A' || line.at[i] > 'Z') && line.at[i] != ' ' &&
            (line.at[i] < '0' || line.at[i] > '9') && line.at[i] != '#')
            return false;
    return text_copy_span(out, PEM_LABEL_MAX, line);
}

/* Read up to the END line of the block that has begun. */
static bool take_body(struct pem_block *out, struct pem *pem, struct error *err)
{
    const unsigned char *start = pem->rest.at;
    char label[PEM_LABEL_MAX] = "";

    while (pem->rest.n > 0) {
        const unsigned char *here = pem->rest.at;
        struct span line = take_line(pem);

        if (!span_find(line, "-----", NULL))
            continue;
        out->body = span_of(start, (size_t)(here - start));
        if (!read_boundary(label, line, "-----END "))
            return fail(err, E_PEM_BLOCK,
                        "line %u, within the block of line %u, is no END line", pem->line,
                        out->line);
        if (!text_equal(label, out->label))
            return fail(err, E_PEM_BLOCK, "line %u ends %s where line %u began %s",
                        pem->line, label, out->line, out->label);
        return true;
    }
    return fail(err, E_PEM_BLOCK, "the block of line %u has no END line", out->line);
}

bool pem_next(struct pem_block *out, bool *found, struct pem *pem, struct error *err)
{
    *found = false;
    *out = (struct pem_block){0};
    while (pem->rest.n > 0) {
        struct span line = take_line(pem);

        if (!span_find(line, "-----BEGIN", NULL) && !span_find(line, "-----END", NULL))
            continue;
        out->line = pem->line;
        if (!read_boundary(out->label, line, "-----BEGIN "))
            return fail(err, E_PEM_BLOCK, "line %u is no BEGIN line", pem->line);
        *found = true;
        return take_body(out, pem, err);
    }
    return true;
}

bool pem_decode(struct buf *out, const struct pem_block *block, struct error *err)
{
    scoped(buf_clear) struct buf tight = buf_upto(BODY_MAX);
    struct error cause = {0};

    if (!buf_reserve(&tight, block->body.n, err))
        return false;
    for (size_t i = 0; i < block->body.n; i++)
        if (!is_blank(block->body.at[i]))
            tight.at[tight.n++] = block->body.at[i];
    if (text_base64_decode(out, buf_span(&tight), &cause))
        return true;
    return fail(err, cause.msg == E_TOO_LARGE ? E_TOO_LARGE : E_PEM_BASE64,
                "the %s of line %u: %s", block->label, block->line, cause.about);
}

bool pem_find(struct buf *out, size_t *which, struct span text, const char *const *labels,
              size_t n, struct error *err)
{
    struct pem_block block = {0};
    struct pem pem = {0};
    bool found = true;

    if (!pem_open(&pem, text, err))
        return false;
    while (pem_next(&block, &found, &pem, err) && found) {
        for (size_t i = 0; i < n; i++) {
            if (!text_equal(block.label, labels[i]))
                continue;
            *which = i;
            return pem_decode(out, &block, err);
        }
    }
    return false;
}

bool pem_has_private_key(struct span text)
{
    return span_find(text, "PRIVATE KEY-----", NULL);
}

bool pem_add(struct buf *out, const char *label, struct span der, struct error *err)
{
    static const size_t bytes_per_line = 48; /* 64 columns */

    if (!buf_print(out, err, "-----BEGIN %s-----\n", label))
        return false;
    for (size_t i = 0; i < der.n; i += bytes_per_line) {
        struct span line = span_head(span_after(der, i), bytes_per_line);

        if (!text_base64_encode(out, line, err) || !buf_add_text(out, "\n", err))
            return false;
    }
    return buf_print(out, err, "-----END %s-----\n", label);
}
