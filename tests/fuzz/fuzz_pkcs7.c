/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bag of certificates (RFC 5652): each lies within the file, and their number ends. */
#include "certs/pkcs7.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pkcs7 bag;
    struct span cert = {0};
    struct error err = {0};
    bool found = true;

    if (!pkcs7_read(&bag, span_of(data, n), &err)) {
        if (err.msg == E_NONE)
            abort();
        return 0;
    }
    for (size_t count = 0; found && pkcs7_next(&cert, &found, &bag, &err); count++)
        if (found && (cert.at < data || cert.at + cert.n > data + n || count > n))
            abort();
    return 0;
}
