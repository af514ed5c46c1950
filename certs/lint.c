/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/lint.h"

#include "base/text.h"
#include "certs/conform.h"
#include "certs/der.h"
#include "certs/extension.h"
#include "certs/general.h"

#include <stdarg.h>
#include <stdio.h>

#define LIFETIME_DAYS 398
#define SERIAL_BYTES_MIN 8

static void advise(struct report *out, enum msg msg, enum severity severity, size_t rung,
                   const char *fmt, ...) printf_like(5, 6);

static void advise(struct report *out, enum msg msg, enum severity severity, size_t rung,
                   const char *fmt, ...)
{
    struct error finding = {.msg = msg, .severity = severity, .has_rung = true};
    va_list args;

    finding.rung = (unsigned)rung;
    va_start(args, fmt);
    vsnprintf(finding.about, sizeof(finding.about), fmt, args);
    va_end(args);
    report_add(out, &finding);
}

static bool find_extension(struct extension *out, const struct cert *cert, const char *oid)
{
    struct span rest = cert->extensions;

    while (rest.n > 0 && extension_take(out, &rest))
        if (span_equal(out->oid, span_text(oid)))
            return true;
    return false;
}

/* A policy of the CA/Browser Forum, 2.23.140.1.…: a public CA says so itself. */
static bool is_public(const struct cert *cert)
{
    struct extension policies = {0};
    struct span list = {0}, policy = {0}, oid = {0};

    if (!find_extension(&policies, cert, "\x55\x1d\x20") ||
        !der_only(&list, policies.value, TAG_SEQUENCE))
        return false;
    while (list.n > 0 && der_expect(&policy, &list, TAG_SEQUENCE) &&
           der_expect(&oid, &policy, TAG_OID))
        if (span_starts(oid, "\x67\x81\x0c\x01"))
            return true;
    return false;
}

static void lint_client_auth(struct report *out, const struct cert *leaf)
{
    if ((leaf->eku & EKU_CLIENT_AUTH) == 0)
        return;
    if (is_public(leaf))
        advise(out, E_LINT_CLIENT_AUTH, SEVERITY_WARNING, 0,
               "%s: issued by a public CA, %s", cert_issued_to(leaf), cert_issued_by(leaf));
    else
        advise(out, E_LINT_CLIENT_AUTH, SEVERITY_NOTE, 0,
               "%s: fine as long as %s is private", cert_issued_to(leaf),
               cert_issued_by(leaf));
}

static void lint_leaf_usage(struct report *out, const struct cert *leaf)
{
    const unsigned common = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT;
    const char *name = cert_issued_to(leaf);

    if ((leaf->ku & KU_DATA_ENCIPHERMENT) != 0 && (leaf->ku & common) != 0)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_WARNING, 0,
               "%s: dataEncipherment beside digitalSignature or keyEncipherment", name);
    if (leaf->key == KEY_RSA && (leaf->ku & KU_KEY_AGREEMENT) != 0)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_WARNING, 0, "%s: keyAgreement of an RSA key",
               name);
    if (leaf->key != KEY_RSA && (leaf->ku & KU_KEY_ENCIPHERMENT) != 0)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_WARNING, 0,
               "%s: keyEncipherment of an %s key", name, cert_key_name(leaf));
    if ((leaf->ku & KU_NON_REPUDIATION) != 0)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_NOTE, 0,
               "%s: nonRepudiation in a server certificate", name);
    if (leaf->ca || (leaf->ku & KU_CRL_SIGN) != 0)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_WARNING, 0, "%s: a leaf that is a CA", name);
}

static void lint_usage_form(struct report *out, const struct cert *cert, size_t rung)
{
    struct extension ku = {0};

    if (find_extension(&ku, cert, "\x55\x1d\x0f") && !ku.critical)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_NOTE, rung, "%s: it is not marked critical",
               cert_issued_to(cert));
    if (cert->ca && !cert->has_ku)
        advise(out, E_LINT_KEY_USAGE, SEVERITY_WARNING, rung, "%s: a CA without any",
               cert_issued_to(cert));
}

static void lint_lifetime(struct report *out, const struct cert *leaf)
{
    const long long seconds = (long long)leaf->not_after.at - leaf->not_before.at + 1;

    if (leaf->not_before.form != FORM_BAD && leaf->not_after.form != FORM_BAD &&
        seconds > (long long)LIFETIME_DAYS * DAY_SECONDS)
        advise(out, E_LINT_LIFETIME, SEVERITY_WARNING, 0, "%s: %lld days",
               cert_issued_to(leaf), seconds / DAY_SECONDS);
}

static void lint_names(struct report *out, const struct cert *leaf)
{
    if (!leaf->has_san)
        advise(out, E_LINT_SAN, SEVERITY_WARNING, 0, "%s", cert_issued_to(leaf));
}

/* What conform_judge does not demand, for only the whole chain shows it. */
static void lint_key_ids(struct report *out, const struct cert *const *path, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct cert *cert = path[i];

        if (!cert->has_ski && !cert->ca)
            advise(out, E_LINT_KEY_ID, SEVERITY_NOTE, i, "%s: no subjectKeyIdentifier",
                   cert_issued_to(cert));
        if (i + 1 < n && cert->aki.n > 0 && path[i + 1]->ski.n > 0 &&
            !span_equal(cert->aki, path[i + 1]->ski))
            advise(out, E_LINT_KEY_ID, SEVERITY_WARNING, i,
                   "%s: its authorityKeyIdentifier is not that of %s", cert_issued_to(cert),
                   cert_issued_to(path[i + 1]));
    }
}

static void lint_one_time(struct report *out, const struct cert *cert, size_t rung,
                          const struct cert_time *when, const char *which)
{
    if (when->form == FORM_BAD || when->form == FORM_GENERALIZED_EARLY)
        advise(out, E_LINT_TIME, SEVERITY_WARNING, rung, "%s: %s %s", cert_issued_to(cert),
               which,
               when->form == FORM_BAD ? "is malformed"
                                      : "is a GeneralizedTime before 2050");
}

static void lint_serial(struct report *out, const struct cert *cert, size_t rung)
{
    if (cert->serial.n < SERIAL_BYTES_MIN)
        advise(out, E_LINT_SERIAL, SEVERITY_NOTE, rung, "%s: %zu octets",
               cert_issued_to(cert), cert->serial.n);
}

static void lint_root(struct report *out, const struct cert *cert, size_t rung)
{
    if (!cert->ca || !cert_is_self_issued(cert))
        return;
    if (cert->has_eku)
        advise(out, E_LINT_ROOT, SEVERITY_NOTE, rung, "%s: it has an extended key usage",
               cert_issued_to(cert));
    if (cert->has_path_length)
        advise(out, E_LINT_ROOT, SEVERITY_NOTE, rung, "%s: it has a path length",
               cert_issued_to(cert));
}

/* Issued By of one against Issued To of every other. */
static void lint_lookalikes(struct report *out, const struct chain *chain)
{
    char why[CERT_TEXT_MAX];

    for (size_t i = 0; i < chain->n; i++) {
        for (size_t k = 0; k < chain->n; k++) {
            const struct cert *below = &chain->cert[i], *above = &chain->cert[k];
            enum name_relation names = cert_names_compare(below->issuer, above->subject);

            if (i == k || (names != NAME_LOOKALIKE && names != NAME_EQUAL))
                continue;
            cert_names_explain(why, sizeof(why), below->issuer, above->subject);
            advise(out, E_LINT_LOOKALIKE,
                   names == NAME_EQUAL ? SEVERITY_NOTE : SEVERITY_WARNING, i,
                   "issued by %s, and there is %s: %s", cert_issued_by(below),
                   cert_issued_to(above),
                   names == NAME_EQUAL ? "equal, but not byte for byte" : why);
        }
    }
}

/* What `chain verify` refuses is advice here. */
static void lint_form(struct report *out, const struct cert *const *path, size_t n)
{
    const size_t from = out->n;

    for (size_t i = 0; i < n; i++)
        conform_judge(out, path[i], i);
    conform_judge_server(out, path[0]);
    for (size_t i = from; i < out->n; i++)
        out->item[i].severity = SEVERITY_WARNING;
}

static void lint_leaf(struct report *out, const struct cert *leaf)
{
    lint_client_auth(out, leaf);
    lint_leaf_usage(out, leaf);
    lint_lifetime(out, leaf);
    lint_names(out, leaf);
}

void lint_judge(struct report *out, const struct chain *chain)
{
    const struct cert *path[CHAIN_READ_MAX] = {0};
    struct chain_order order;

    chain_lay_order(&order, chain);
    if (order.n == 0)
        return;
    for (size_t i = 0; i < order.n; i++)
        path[i] = &chain->cert[order.path[i]];
    lint_leaf(out, path[0]);
    for (size_t i = 0; i < order.n; i++) {
        lint_usage_form(out, path[i], i);
        lint_one_time(out, path[i], i, &path[i]->not_before, "notBefore");
        lint_one_time(out, path[i], i, &path[i]->not_after, "notAfter");
        lint_serial(out, path[i], i);
        lint_root(out, path[i], i);
    }
    lint_key_ids(out, path, order.n);
    lint_lookalikes(out, chain);
    lint_form(out, path, order.n);
}
