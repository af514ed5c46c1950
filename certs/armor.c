/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/armor.h"

#include "base/text.h"
#include "certs/pem.h"

bool armor_read(struct buf *out, size_t *which, struct span text, const char *const *labels,
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
