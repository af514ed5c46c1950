/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key store (RFC 7292) whose passphrase is "fuzz", or is not ASCII. */
#include "certs/pkcs12.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const passphrases[] = {"fuzz", "f\xc3\xbczz"};

    for (size_t i = 0; i < COUNT(passphrases) && n <= PKCS12_MAX; i++) {
        scoped(key_clear) struct key key = key_none();
        scoped(chain_clear) struct chain chain = {0};
        struct error err = {0};

        if (pkcs12_read(&key, &chain, span_of(data, n), span_text(passphrases[i]), &err) !=
            (err.msg == E_NONE))
            abort();
    }
    return 0;
}
