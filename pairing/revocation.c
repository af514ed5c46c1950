/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/revocation.h"

#include "base/text.h"
#include "certs/name.h"

#include <stdio.h>
#include <string.h>

/* What is being judged. */
struct asking {
    const struct held_crls *held;
    bool required;
    time_t now;
    enum side side;
    struct report *out;
};

static void tell(const struct asking *a, enum msg msg, enum severity severity, size_t rung,
                 const char *about)
{
    struct error finding = {0};

    fail_at(&finding, msg, rung, "%s", about);
    finding.severity = severity;
    finding.side = a->side;
    report_add(a->out, &finding);
}

static void tell_revoked(const struct asking *a, size_t rung, const struct cert *cert,
                         const struct cert_time *since)
{
    char when[TIME_TEXT_MAX], about[2 * CERT_TEXT_MAX];

    text_show_time(when, since->at);
    snprintf(about, sizeof(about), "'%s', by '%s', since %s", cert_issued_to(cert),
             cert_issued_by(cert), when);
    tell(a, E_RUNG_REVOKED, SEVERITY_ERROR, rung, about);
}

static enum severity of_a_lack(const struct asking *a)
{
    return a->required ? SEVERITY_ERROR : SEVERITY_NOTE;
}

/* Who leaves his issuer out is asked about by its name: the key may be another's, and he
 * may not hide behind that. False when no list has the name. */
static bool ask_by_name(const struct asking *a, const struct cert *cert, size_t rung)
{
    struct cert_time since = {0};
    bool named = false;

    for (size_t i = 0; i < a->held->n; i++) {
        const struct crl *crl = &a->held->item[i].crl;

        if (crl_is_weakly_signed(crl) || !name_is_equal(crl->issuer, cert->issuer))
            continue;
        named = true;
        if (!crl_revokes(crl, cert, &since))
            continue;
        tell_revoked(a, rung, cert, &since);
        return true;
    }
    if (named)
        tell(a, E_RUNG_CRL_ALONE, of_a_lack(a), rung, cert_issued_by(cert));
    return named;
}

/* False when no list is held for the issuer that says all about this certificate. */
static bool ask_rung(const struct asking *a, const struct cert *cert, size_t rung,
                     const struct cert *issuer)
{
    const struct held_crl *held = held_crls_find(a->held, &issuer->spki_sha256);
    struct cert_time since = {0};

    if (held == NULL || crl_is_weakly_signed(&held->crl) || !crl_covers(&held->crl, cert))
        return false;
    /* An old list still knows whom it has revoked. */
    if (crl_revokes(&held->crl, cert, &since))
        tell_revoked(a, rung, cert, &since);
    else if (!crl_is_whole_for(&held->crl, cert))
        return false;
    else if (!crl_is_current(&held->crl, a->now))
        tell(a, E_RUNG_CRL_OLD, a->required ? SEVERITY_ERROR : SEVERITY_WARNING, rung,
             held->issuer_text);
    return true;
}

static void ask_ladder(struct asking *a, const struct upright *ladder)
{
    char missing[CERT_TEXT_MAX] = "";
    size_t first = 0;

    for (size_t i = 0; i < ladder->n; i++) {
        const struct cert *cert = ladder->cert[i];
        size_t n = strlen(missing);

        if (i + 1 < ladder->n ? ask_rung(a, cert, i, ladder->cert[i + 1])
                              : cert_is_self_issued(cert) || ask_by_name(a, cert, i))
            continue;
        if (n == 0)
            first = i;
        snprintf(missing + n, sizeof(missing) - n, "%s'%s'", n > 0 ? ", " : "",
                 cert_issued_by(cert));
    }
    if (missing[0] != '\0')
        tell(a, E_RUNG_CRL_NONE, of_a_lack(a), first, missing);
}

void revocation_judge(const struct ladder *ladder, const struct held_crls *held,
                      bool required, time_t now, struct report *out)
{
    struct asking a = {.held = held, .required = required, .now = now, .out = out};

    a.side = SIDE_SOURCE;
    ask_ladder(&a, &ladder->source);
    a.side = SIDE_TARGET;
    ask_ladder(&a, &ladder->target);
}
