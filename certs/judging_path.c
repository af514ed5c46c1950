/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/judging_path.h"

#include "base/text.h"
#include "certs/conform.h"
#include "certs/general.h"
#include "certs/judging.h"

#include <string.h>
#include <strings.h>

static void tell(struct report *out, enum msg msg, size_t rung, const struct cert *cert,
                 const char *what)
{
    struct error finding = {0};

    fail_at(&finding, msg, rung, "%s: %s", cert_issued_to(cert), what);
    report_add(out, &finding);
}

static void judge_issuers(struct report *out, const struct path *path)
{
    for (size_t i = 1; i < path->n; i++) {
        const struct cert *cert = path->cert[i];

        if (!cert->ca)
            tell(out, E_ISSUER_NOT_CA, i, cert,
                 cert->has_basic ? "basicConstraints says CA:FALSE"
                                 : "no basicConstraints");
        if (cert->has_ku && (cert->ku & KU_KEY_CERT_SIGN) == 0)
            tell(out, E_ISSUER_NO_CERT_SIGN, i, cert, "no keyCertSign");
    }
}

static void judge_limit(struct report *out, const struct path *path,
                        const struct question *question)
{
    const unsigned n = path_intermediates(path);
    struct error finding = {0};

    if (!question->has_depth || n <= question->depth)
        return;
    fail(&finding, E_PATH_DEPTH, "%u intermediates, and %u allowed", n, question->depth);
    report_add(out, &finding);
}

/* An EKU that is there must name the purpose; that of a CA limits what stands below it. */
static void judge_purpose(struct report *out, const struct path *path,
                          const struct question *question)
{
    const bool server = question->purpose == PURPOSE_SERVER;
    const unsigned eku = server ? EKU_SERVER_AUTH : EKU_CLIENT_AUTH;
    const unsigned ku = KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT |
                        (server ? (unsigned)KU_KEY_ENCIPHERMENT : 0U);
    const struct cert *leaf = path->cert[0];

    if (question->purpose == PURPOSE_ANY)
        return;
    for (size_t i = 0; i < path->n; i++) {
        const struct cert *cert = path->cert[i];

        if (cert->has_eku && (cert->eku & (i > 0 ? eku | EKU_ANY : eku)) == 0)
            tell(out, E_PURPOSE_EKU, i, cert, server ? "no serverAuth" : "no clientAuth");
    }
    if (leaf->has_ku && (leaf->ku & ku) == 0)
        tell(out, E_PURPOSE_KU, 0, leaf,
             server ? "neither digitalSignature nor keyEncipherment nor keyAgreement"
                    : "neither digitalSignature nor keyAgreement");
    if (server)
        conform_judge_server(out, leaf);
}

/* A mailbox: its local part has case, its host has none (RFC 5280 7.5). */
static bool is_mailbox(const struct general_name *name, const char *wanted)
{
    const size_t local = (size_t)(strrchr(wanted, '@') - wanted) + 1;

    return name->value.n == strlen(wanted) && memcmp(name->value.at, wanted, local) == 0 &&
           strncasecmp((const char *)name->value.at, wanted, name->value.n) == 0;
}

static bool answers_to(const struct cert *leaf, const char *wanted)
{
    struct span rest = leaf->san;
    struct general_name name = {0};
    bool by_cn = false;

    if (strchr(wanted, '@') == NULL)
        return cert_is_for(leaf, wanted, &by_cn) && !by_cn;
    while (general_find(&name, &rest, GENERAL_EMAIL))
        if (is_mailbox(&name, wanted))
            return true;
    return false;
}

static void judge_peer_names(struct report *out, const struct cert *leaf,
                             const struct question *question)
{
    char names[CERT_TEXT_MAX];

    cert_san_text(names, sizeof(names), leaf);
    for (size_t i = 0; i < question->names_n; i++) {
        struct error finding = {0};

        if (answers_to(leaf, question->names[i]))
            continue;
        fail_at(&finding, E_NAME_NOT_ITS, 0, "'%s' is not among its alternative names: %s",
                question->names[i], names[0] != '\0' ? names : "there are none");
        report_add(out, &finding);
    }
}

/* The rules for an uploaded chain that hold for any path, told as they are there. */
static void judge_by_rules(struct report *out, const struct path *path, bool to_anchor,
                           const struct question *question)
{
    static void (*const rules[])(struct judging * judging) = {
        judge_signature,        judge_path_length,
        judge_name_constraints, judge_critical_extension,
        judge_time_format,      judge_algorithm,
        judge_validity};
    const struct judged in = {
        .policy = POLICY_DEFAULT, .occasion = OCCASION_PEER, .now = question->now};
    struct chain_order order = {.complete = to_anchor};
    struct judging judging = {.in = &in, .order = &order, .n = path->n, .out = out};

    for (size_t i = 0; i < path->n; i++) {
        judging.rung[i] = path->cert[i];
        /* Nobody relies on what an anchor says of itself. */
        order.verified[i] =
            i + 1 == path->n ? true : cert_is_signed_by(path->cert[i], path->cert[i + 1]);
    }
    for (size_t i = 0; i < COUNT(rules); i++)
        rules[i](&judging);
}

static void judge(struct report *out, const struct path *path, bool to_anchor,
                  const struct question *question)
{
    judge_by_rules(out, path, to_anchor, question);
    judge_issuers(out, path);
    judge_limit(out, path, question);
    judge_purpose(out, path, question);
    judge_peer_names(out, path->cert[0], question);
    for (size_t i = 0; i < path->n; i++)
        conform_judge(out, path->cert[i], i);
    judge_revocation(out, path, question);
}

void judge_path(struct report *out, const struct path *path,
                const struct question *question)
{
    judge(out, path, true, question);
}

void judge_branch(struct report *out, const struct path *branch,
                  const struct question *question)
{
    judge(out, branch, false, question);
}
