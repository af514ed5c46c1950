/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two names, the first byte says where one ends: comparison is an equivalence, and what is
 * shown is text. */
#include "base/text.h"
#include "certs/csr.h"
#include "certs/general.h"
#include "certs/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void show(struct span name)
{
    char text[CERT_TEXT_MAX];

    name_text(text, sizeof(text), name);
    if (!text_is_utf8(span_text(text)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct span all = span_of(data, n);
    const size_t cut = n > 0 && data[0] < n ? data[0] : n;
    const struct span a = n > 0 ? span_after(span_head(all, cut), 1) : all;
    const struct span b = span_after(all, cut);
    char text[CERT_TEXT_MAX];

    if (n == 0)
        return 0;
    csr_san_text(text, sizeof(text), span_after(all, 1));
    (void)general_names_are_well_formed(span_after(all, 1));
    if (!name_is_well_formed(a) || !name_is_well_formed(b))
        return 0;
    show(a);
    show(b);
    if (!name_is_equal(a, a) || !name_is_equal(b, b) || !name_is_beneath(a, a) ||
        name_is_equal(a, b) != name_is_equal(b, a))
        abort();
    return 0;
}
