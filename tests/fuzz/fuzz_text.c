/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read of words: numbers, times, durations, base64, hexadecimal, codes. */
#include "base/text.h"
#include "certs/time.h"
#include "pairing/authorize.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void told(bool good, struct error *err)
{
    if (good != (err->msg == E_NONE))
        abort();
    *err = (struct error){0};
}

/* A time that was read is shown as it was written. */
static void try_time(const char *word)
{
    char again[TIME_TEXT_MAX];
    struct error err = {0};
    time_t time = 0;
    const bool good = text_time(&time, word, &err);

    if (good) {
        text_show_time(again, time);
        if (!text_equal(again, word))
            abort();
    }
    told(good, &err);
}

static void try_code(const char *word)
{
    scoped(code_clear) struct code code = {0}, again = {0};
    char text[CODE_TEXT_MAX];
    struct error err = {0};
    const bool good = code_read(&code, word, &err);

    if (good) {
        code_show(text, &code);
        if (!code_read(&again, text, &err) || again.selector != code.selector ||
            !text_equal(again.secret, code.secret))
            abort();
    }
    told(good, &err);
}

static void try_base64(struct span word)
{
    scoped(buf_clear) struct buf bytes = buf_upto(WORD_MAX), again = buf_upto(2 * WORD_MAX);
    struct error err = {0};
    const bool good = text_base64_decode(&bytes, word, &err);

    if (good && (!text_base64_encode(&again, buf_span(&bytes), &err) ||
                 !span_equal(buf_span(&again), word)))
        abort();
    told(good, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(buf_clear) struct buf bytes = buf_upto(WORD_MAX);
    char word[WORD_MAX], shown[WORD_MAX];
    struct error err = {0};
    struct cert_time when;
    uint64_t number = 0;
    int64_t seconds = 0;

    text_printable(shown, sizeof(shown), span_of(data, n));
    if (!text_is_utf8(span_text(shown)))
        abort();
    cert_time_read(&when, 0x17, span_of(data, n));
    cert_time_read(&when, 0x18, span_of(data, n));
    try_base64(span_of(data, n < WORD_MAX ? n : WORD_MAX));
    if (!text_copy_span(word, sizeof(word), span_of(data, n)))
        return 0;
    told(text_number(&number, word, 0, UINT64_MAX, &err), &err);
    told(text_duration(&seconds, word, &err), &err);
    told(text_bytes(&number, word, &err), &err);
    told(text_unhex(&bytes, word, &err), &err);
    try_time(word);
    try_code(word);
    return 0;
}
