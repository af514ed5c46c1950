/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of revocation lists, PEM or DER, and all that is asked of them. */
#include "certs/chain.h"
#include "certs/crl.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(const struct crl *crl)
{
    const struct cert cert = {.serial = crl->number, .spki = crl->issuer};
    struct cert_time since = {0};

    (void)crl_is_signed_by(crl, &cert);
    (void)crl_is_current(crl, 0);
    (void)crl_covers(crl, &cert);
    if (crl_revokes(crl, &cert, &since) && since.form == FORM_BAD)
        abort(); /* crl_parse has read every entry */
}

/* What parses says the same when its DER is parsed alone. */
static void read_again(const struct crl *crl)
{
    scoped(crl_clear) struct crl again = {0};
    struct error err = {0};

    if (!crl_parse(&again, buf_span(&crl->der), &err) ||
        !span_equal(again.issuer, crl->issuer) || !span_equal(again.number, crl->number))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(crls_clear) struct crls crls = {0};
    struct error err = {0};

    if (!crls_parse(&crls, span_of(data, n), &err) && message_of(err.msg)->rule == NULL)
        abort(); /* every refusal belongs to a rule */
    for (size_t i = 0; i < crls.n; i++) {
        ask(&crls.item[i]);
        read_again(&crls.item[i]);
    }
    return 0;
}
