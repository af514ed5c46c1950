/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signing request as PEM; what was read is compared with itself and differs in nothing.
 */
#include "certs/csr.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(csr_clear) struct csr csr = {0};
    struct error err = {0};

    if (csr_parse(&csr, span_of(data, n), &err) != (err.msg == E_NONE))
        abort();
    return 0;
}
