/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules about issuers: may they issue this (RFC 5280 section 6.1.4)? */
#include "certs/judging.h"

#include "certs/constraints.h"

/* The uses that the leaf is put to. */
static unsigned uses_asked(enum leaf_use use)
{
    return (use != LEAF_CLIENT ? EKU_SERVER_AUTH : 0U) |
           (use != LEAF_SERVER ? EKU_CLIENT_AUTH : 0U);
}

static void judge_one_issuer(struct judging *judging, size_t rung)
{
    const struct cert *cert = judging->rung[rung];
    const unsigned missing = uses_asked(judging->in->use) & ~cert->eku;

    if (!cert->ca)
        found(judging, E_ISSUER_NOT_CA, rung, "%s: version %u, %s", cert_issued_to(cert),
              cert->version,
              cert->has_basic ? "basicConstraints says CA:FALSE" : "no basicConstraints");
    if (cert->has_ku && (cert->ku & KU_KEY_CERT_SIGN) == 0)
        found(judging, E_ISSUER_NO_CERT_SIGN, rung, "%s", cert_issued_to(cert));
    if (cert->has_eku && (cert->eku & EKU_ANY) == 0 && missing != 0)
        found(judging, E_ISSUER_EKU, rung, "%s lacks %s", cert_issued_to(cert),
              missing == EKU_CLIENT_AUTH   ? "clientAuth"
              : missing == EKU_SERVER_AUTH ? "serverAuth"
                                           : "serverAuth and clientAuth");
}

void judge_issuer_ca(struct judging *judging)
{
    const struct cert *leaf = judging->rung[0];

    if (leaf->ca)
        found(judging, E_LEAF_IS_CA, 0, "%s", cert_issued_to(leaf));
    else if ((leaf->ku & KU_KEY_CERT_SIGN) != 0)
        found(judging, E_LEAF_CERT_SIGN, 0, "%s", cert_issued_to(leaf));
    for (size_t i = 1; i < judging->n; i++)
        judge_one_issuer(judging, i);
}

/* A CA that changed its key and signed the new one itself is not counted (4.2.1.9). */
void judge_path_length(struct judging *judging)
{
    unsigned below = 0;

    for (size_t i = 1; i < judging->n; i++) {
        const struct cert *cert = judging->rung[i];

        if (cert->has_path_length && below > cert->path_length)
            found(judging, E_PATH_LENGTH, i, "%s allows %u below it, and there %s %u",
                  cert_issued_to(cert), cert->path_length, below == 1 ? "is" : "are",
                  below);
        below += !cert_is_self_issued(cert);
    }
}

void judge_name_constraints(struct judging *judging)
{
    unsigned tries = CONSTRAINT_TRIES;

    for (size_t below = 0; below < judging->n; below++) {
        struct error err = {0};

        if (below > 0 && cert_is_self_issued(judging->rung[below]))
            continue;
        for (size_t above = below + 1; above < judging->n && err.msg == E_NONE; above++)
            if (!constraints_hold(judging->rung[below], below == 0, judging->rung[above],
                                  &tries, &err))
                found(judging, err.msg, below, "%s", err.about);
    }
}

void judge_critical_extension(struct judging *judging)
{
    for (size_t i = 0; i < judging->n; i++) {
        const struct cert *cert = judging->rung[i];

        if (cert->unknown_critical[0] != '\0')
            found(judging, E_CRITICAL_EXTENSION, i, "%s: %s", cert_issued_to(cert),
                  cert->unknown_critical);
        if (cert->constraints_critical && constraints_are_beyond_us(cert->name_constraints))
            found(judging, E_CRITICAL_CONSTRAINT, i, "%s", cert_issued_to(cert));
    }
}
