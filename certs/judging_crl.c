/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation (RFC 5280 section 6.3): each certificate of a path by the lists of its
 * issuer. */
#include "base/text.h"
#include "certs/judging_path.h"
#include "certs/name.h"

/* What the lists of one issuer say about one certificate. */
struct saying {
    const struct cert *cert, *issuer;
    size_t rung;
    time_t now;
    bool weak;    /* there is a list in the issuer's name that counts for nothing */
    bool named;   /* and one that may count */
    bool genuine; /* and one that verifies under its key */
    bool current; /* and one of those is in date and whole */
    struct report *out;
};

static void tell(const struct saying *say, enum msg msg, enum severity severity,
                 const char *what)
{
    struct error finding = {0};

    fail_at(&finding, msg, say->rung, "%s, issued by %s%s%s", cert_issued_to(say->cert),
            cert_issued_to(say->issuer), what[0] != '\0' ? ": " : "", what);
    finding.severity = severity;
    report_add(say->out, &finding);
}

static void ask_list(struct saying *say, const struct crl *crl)
{
    struct cert_time since = {0};
    char text[TIME_TEXT_MAX];

    if (!name_is_equal(crl->issuer, say->issuer->subject) || !crl_covers(crl, say->cert))
        return;
    say->weak = say->weak || crl_is_weakly_signed(crl);
    if (crl_is_weakly_signed(crl) || crl->signed_with == SIGNATURE_UNKNOWN)
        return;
    say->named = true;
    if (!crl_is_signed_by(crl, say->issuer))
        return;
    say->genuine = true;
    if (crl_is_current(crl, say->now) && crl_is_whole_for(crl, say->cert))
        say->current = true;
    if (!crl_revokes(crl, say->cert, &since)) /* what is in an old list stays revoked */
        return;
    text_show_time(text, since.at);
    tell(say, E_REVOKED, SEVERITY_ERROR, text);
}

static bool may_sign_lists(const struct cert *issuer)
{
    return !issuer->has_ku || (issuer->ku & KU_CRL_SIGN) != 0;
}

static void ask(struct saying *say, const struct crls *crls)
{
    for (size_t i = 0; i < crls->n; i++)
        ask_list(say, &crls->item[i]);
    if (!say->named && say->weak)
        tell(say, E_CRL_WEAK, SEVERITY_ERROR, "");
    else if (!say->named)
        tell(say, E_CRL_NONE, SEVERITY_NOTE, "");
    else if (!say->genuine)
        tell(say, E_CRL_SIGNATURE, SEVERITY_ERROR, "");
    else if (!may_sign_lists(say->issuer))
        tell(say, E_CRL_SIGNER, SEVERITY_ERROR, "");
    else if (!say->current)
        tell(say, E_CRL_STALE, SEVERITY_ERROR, "");
}

void judge_revocation(struct report *out, const struct path *path,
                      const struct question *question)
{
    for (size_t i = 0; question->crls != NULL && i + 1 < path->n; i++) {
        struct saying say = {.cert = path->cert[i],
                             .issuer = path->cert[i + 1],
                             .rung = i,
                             .now = question->now,
                             .out = out};

        ask(&say, question->crls);
    }
}
