/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/self_sign.h"

#include "base/text.h"
#include "certs/ca.h"
#include "certs/csr.h"
#include "certs/issue.h"

#define SAN_MAX 65536

bool self_sign(struct chain *out, const struct key *key, const struct self_sign *wish,
               struct error *err)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX + 64);
    scoped(buf_clear) struct buf san = buf_upto(SAN_MAX);
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    struct issue plan = {.signer = key,
                         .spki = buf_span(&key->spki),
                         .from = wish->now - CA_PREDATE_SECONDS,
                         .until = wish->now + (time_t)wish->days * DAY_SECONDS,
                         .ku = KU_DIGITAL_SIGNATURE |
                               (key->kind == KEY_RSA ? KU_KEY_ENCIPHERMENT : 0U),
                         .eku = EKU_SERVER_AUTH | EKU_CLIENT_AUTH};

    if (!csr_name_is_exact(wish->name))
        return fail(err, E_CSR_NAME, "%s", wish->name);
    if (!issue_name(&subject, wish->name, err) || !buf_add(&san, wish->san, err))
        return false;
    if (san.n == 0 && !csr_add_general_name(&san, wish->name, err))
        return false;
    plan.subject = buf_span(&subject);
    plan.san = buf_span(&san);
    return issue_certificate(&der, &plan, err) && chain_add_der(out, buf_span(&der), err);
}
