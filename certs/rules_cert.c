/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules for every certificate of the path by itself. */
#include "certs/judging.h"

#include "base/text.h"
#include "certs/algorithm.h"

#define SOON_SECONDS (30 * 86400L)

static void judge_one_time(struct judging *judging, size_t rung,
                           const struct cert_time *when, const char *which)
{
    char text[64];

    if (when->form != FORM_BAD && when->form != FORM_GENERALIZED_EARLY)
        return;
    text_printable(text, sizeof(text), when->raw);
    found(judging, when->form == FORM_BAD ? E_TIME_FORM : E_TIME_EARLY, rung,
          "%s: %s is written '%s'", cert_issued_to(judging->rung[rung]), which, text);
}

void judge_time_format(struct judging *judging)
{
    for (size_t i = 0; i < judging->n; i++) {
        judge_one_time(judging, i, &judging->rung[i]->not_before, "notBefore");
        judge_one_time(judging, i, &judging->rung[i]->not_after, "notAfter");
    }
}

void judge_common_name(struct judging *judging)
{
    for (size_t i = 0; i < judging->n; i++) {
        const struct cert *cert = judging->rung[i];

        if (cert->cn_count == 0)
            found(judging, E_CN_ABSENT, i, "its subject is '%s'", cert->subject_text);
        if (cert->cn_count > 1)
            found(judging, E_CN_SEVERAL, i, "its subject is '%s'", cert->subject_text);
        if (cert->cn_has_wildcard)
            found(judging, E_CN_WILDCARD, i, "CN=%s", cert->cn);
        if (cert->cn_has_nul)
            found(judging, E_CN_NUL, i, "CN=%s", cert->cn);
    }
}

static void judge_signed_with(struct judging *judging, size_t rung)
{
    const struct cert *cert = judging->rung[rung];
    /* Nobody relies on a root's signature over itself. */
    bool own = judging->order->complete && rung == judging->n - 1;
    char text[CERT_TEXT_MAX];

    scheme_text(text, cert->signature_algorithm);
    switch (cert->signed_with) {
    case SIGNATURE_UNKNOWN:
        found(judging, E_SIGNATURE_UNKNOWN, rung, "%s: %s", cert_issued_to(cert), text);
        break;
    case SIGNATURE_MD2:
    case SIGNATURE_MD5:
    case SIGNATURE_SHA1:
        if (!own)
            found(judging, E_SIGNATURE_WEAK, rung, "%s: %s", cert_issued_to(cert), text);
        break;
    case SIGNATURE_RSA_SHA2:
    case SIGNATURE_RSA_PSS:
    case SIGNATURE_ECDSA_SHA2:
    case SIGNATURE_ED25519:
        break;
    }
}

void judge_algorithm(struct judging *judging)
{
    unsigned least = policy_rsa_bits_min(judging->in->policy);

    for (size_t i = 0; i < judging->n; i++) {
        const struct cert *cert = judging->rung[i];

        judge_signed_with(judging, i);
        if (cert->key == KEY_UNKNOWN)
            found(judging, E_KEY_UNKNOWN, i, "%s: %s", cert_issued_to(cert),
                  cert_key_name(cert));
        if (cert->key == KEY_RSA && cert->key_bits < least)
            found(judging, E_KEY_SHORT, i, "%s: %s, and policy %s asks for %u bits",
                  cert_issued_to(cert), cert_key_name(cert),
                  policy_name(judging->in->policy), least);
        if (cert->key == KEY_ED25519 || cert->signed_with == SIGNATURE_ED25519)
            found(judging, E_KEY_NOT_FIPS, i, "%s: Ed25519", cert_issued_to(cert));
    }
}

/* Both ends of the period belong to it (RFC 5280 4.1.2.5). */
void judge_validity(struct judging *judging)
{
    time_t now = judging->in->now;

    for (size_t i = 0; i < judging->n; i++) {
        const struct cert *cert = judging->rung[i];
        bool has_start = cert->not_before.form != FORM_BAD;
        bool has_end = cert->not_after.form != FORM_BAD;
        char text[TIME_TEXT_MAX];

        text_show_time(text, cert->not_after.at);
        if (has_end && now > cert->not_after.at) {
            found(judging, E_EXPIRED, i, "%s: valid until %s", cert_issued_to(cert), text);
        } else if (has_start && now < cert->not_before.at) {
            text_show_time(text, cert->not_before.at);
            found(judging, E_NOT_YET_VALID, i, "%s: valid from %s", cert_issued_to(cert),
                  text);
        } else if (has_end && cert->not_after.at - now < SOON_SECONDS) {
            found(judging, E_EXPIRES_SOON, i, "%s: valid until %s", cert_issued_to(cert),
                  text);
        }
    }
}
