/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PEM text: its blocks, and their base64. */
#include "certs/chain.h"
#include "certs/pem.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(buf_clear) struct buf der = buf_upto(CHAIN_FILE_MAX);
    struct pem_block block = {0};
    struct error err = {0};
    struct pem pem = {0};
    bool found = true;

    if (!pem_open(&pem, span_of(data, n), &err))
        return 0;
    while (pem_next(&block, &found, &pem, &err) && found) {
        struct error ignored = {0};

        if (block.body.at < data || block.body.at + block.body.n > data + n)
            abort();
        buf_reset(&der);
        if (!pem_decode(&der, &block, &ignored) && ignored.msg == E_NONE)
            abort();
    }
    return 0;
}
