/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An offer as a source sends it: what it says lies within its bytes. */
#include "transfer/offer.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    struct offer offer;
    size_t given = 0;
    uint32_t at = 0;

    if (!offer_read(&offer, span_of(data, n), &err))
        return 0;
    for (uint32_t i = 0; i < offer.pieces; i++) {
        struct digest digest;

        offer_digest(&offer, i, &digest);
        given += offer_gives(&offer, i, &at);
    }
    if (offer.bytes.n > n || (offer.ranges > 0) != (given > 0))
        abort();
    return 0;
}
