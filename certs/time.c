/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/time.h"

#include "base/text.h"
#include "certs/der.h"

/* `digits` decimal digits off the front. */
static bool take_number(int *out, struct span *in, size_t digits)
{
    *out = 0;
    if (in->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (in->at[i] < '0' || in->at[i] > '9')
            return false;
        *out = *out * 10 + (in->at[i] - '0');
    }
    *in = span_after(*in, digits);
    return true;
}

void cert_time_read(struct cert_time *out, unsigned tag, struct span contents)
{
    bool is_utc = tag == TAG_UTC_TIME;
    int year = 0, part[5] = {0};

    *out = (struct cert_time){.form = FORM_BAD, .raw = contents};
    if (!take_number(&year, &contents, is_utc ? 2 : 4))
        return;
    for (size_t i = 0; i < COUNT(part); i++)
        if (!take_number(&part[i], &contents, 2))
            return;
    if (!span_equal(contents, span_text("Z")))
        return;
    if (is_utc)
        year += year < 50 ? 2000 : 1900;
    if (!text_calendar(&out->at, year, part[0], part[1], part[2], part[3], part[4]))
        return;
    out->form = is_utc ? FORM_UTC : year < 2050 ? FORM_GENERALIZED_EARLY : FORM_GENERALIZED;
}
