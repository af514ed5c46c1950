/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certool.cfg: what is read can be encoded, and is a name and alternatives as X.509 has
 * them. */
#include "certs/certool.h"
#include "certs/general.h"
#include "certs/name.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(buf_clear) struct buf subject = buf_upto(1U << 16);
    scoped(buf_clear) struct buf san = buf_upto(1U << 16);
    struct certool config = {0};
    struct error err = {0};

    if (!certool_parse(&config, span_of(data, n), &err)) {
        if (err.msg == E_NONE)
            abort();
        return 0;
    }
    if (certool_subject(&subject, &config, &err) &&
        !name_is_well_formed(buf_span(&subject)))
        abort();
    if (certool_san(&san, &config, &err) && !general_names_are_well_formed(buf_span(&san)))
        abort();
    return 0;
}
