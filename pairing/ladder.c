/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/ladder.h"

#include "certs/path.h"

#include <stdio.h>

static bool same_name(enum name_relation relation)
{
    return relation == NAME_SAME || relation == NAME_EQUAL;
}

const char *rung_key_name(enum rung_key key)
{
    static const char *const names[] = {NULL, "same", "renewed", "re-keyed", "other"};

    return names[key];
}

static void stand(struct upright *out, const struct chain *chain)
{
    chain_lay_order(&out->order, chain);
    out->n = out->order.n;
    for (size_t i = 0; i < out->n; i++)
        out->cert[i] = &chain->cert[out->order.path[i]];
}

static enum rung_key compare_keys(const struct rung *rung, enum side own,
                                  const struct chain *peer, const struct trust *trust)
{
    const struct cert *theirs = own == SIDE_SOURCE ? rung->target : rung->source;
    struct path path = {0};

    if (digest_equal(&rung->source->sha256, &rung->target->sha256))
        return RUNG_KEY_SAME;
    if (digest_equal(&rung->source->spki_sha256, &rung->target->spki_sha256))
        return RUNG_KEY_RENEWED;
    return path_build(&path, theirs, peer, trust) ? RUNG_KEY_REKEYED : RUNG_KEY_IMPOSTOR;
}

static void lay_rung(struct ladder *ladder, size_t i, enum side own,
                     const struct chain *peer, const struct trust *trust)
{
    struct rung *rung = &ladder->rung[i];

    *rung = (struct rung){.issued_to = NAME_SAME};
    rung->source = i < ladder->source.n ? ladder->source.cert[i] : NULL;
    rung->target = i < ladder->target.n ? ladder->target.cert[i] : NULL;
    if (rung->source == NULL || rung->target == NULL) {
        rung->issued_to = rung->issued_by = NAME_DIFFERENT;
        return;
    }
    if (i > 0)
        rung->issued_to = cert_names_compare(rung->source->subject, rung->target->subject);
    rung->issued_by = cert_names_compare(rung->source->issuer, rung->target->issuer);
    if (i > 0 && same_name(rung->issued_to))
        rung->key = compare_keys(rung, own, peer, trust);
    rung->match = same_name(rung->issued_to) && same_name(rung->issued_by) &&
                  rung->key != RUNG_KEY_IMPOSTOR;
}

void ladder_lay(struct ladder *out, const struct chain *source, const struct chain *target,
                enum side own, const struct trust *trust)
{
    const struct chain *peer = own == SIDE_SOURCE ? target : source;

    stand(&out->source, source);
    stand(&out->target, target);
    out->n = out->source.n > out->target.n ? out->source.n : out->target.n;
    for (size_t i = 0; i < out->n; i++)
        lay_rung(out, i, own, peer, trust);
}

static void judge_depth(const struct ladder *ladder, struct report *out)
{
    bool source_longer = ladder->source.n > ladder->target.n;
    const struct upright *longer = source_longer ? &ladder->source : &ladder->target;
    const struct upright *shorter = source_longer ? &ladder->target : &ladder->source;
    struct error finding = {0};
    size_t extra = shorter->n;

    if (longer->n == shorter->n)
        return;
    /* The extra rung is the first CA of the longer side that the shorter one does not know.
     */
    for (size_t i = longer->n; i > 1; i--) {
        bool known = false;

        for (size_t k = 1; k < shorter->n; k++)
            known |= same_name(cert_names_compare(longer->cert[i - 1]->subject,
                                                  shorter->cert[k]->subject));
        if (!known)
            extra = i - 1;
    }
    fail_at(&finding, E_LADDER_DEPTH, extra,
            "source %zu rungs, target %zu; only the %s has %s", ladder->source.n,
            ladder->target.n, source_longer ? "source" : "target",
            cert_issued_to(longer->cert[extra]));
    finding.side = source_longer ? SIDE_SOURCE : SIDE_TARGET;
    report_add(out, &finding);
}

/* One of the two names of a rung. */
static void judge_name(const char *which, enum name_relation relation, size_t rung,
                       struct span source, struct span target, const char *source_text,
                       const char *target_text, struct report *out)
{
    char why[CERT_TEXT_MAX];
    struct error finding = {0};

    if (same_name(relation))
        return;
    if (relation == NAME_LOOKALIKE) {
        cert_names_explain(why, sizeof(why), source, target);
        fail_at(&finding, E_LADDER_LOOKALIKE, rung, "%s reads '%s' on both sides: %s",
                which, source_text, why);
    } else {
        fail_at(&finding, E_LADDER_NAME, rung, "%s: source '%s', target '%s'", which,
                source_text, target_text);
    }
    finding.side = SIDE_BOTH;
    report_add(out, &finding);
}

static void judge_key(const struct rung *rung, size_t i, struct report *out)
{
    char source[DIGEST_HEX], target[DIGEST_HEX];
    struct error finding = {0};

    if (rung->key != RUNG_KEY_REKEYED && rung->key != RUNG_KEY_IMPOSTOR)
        return;
    digest_hex(source, &rung->source->spki_sha256);
    digest_hex(target, &rung->target->spki_sha256);
    fail_at(&finding, rung->key == RUNG_KEY_REKEYED ? E_LADDER_REKEYED : E_LADDER_IMPOSTOR,
            i, "'%s': key %.16s... at the source, %.16s... at the target",
            cert_issued_to(rung->source), source, target);
    finding.severity = rung->key == RUNG_KEY_REKEYED ? SEVERITY_WARNING : SEVERITY_ERROR;
    finding.side = SIDE_BOTH;
    report_add(out, &finding);
}

void ladder_judge(const struct ladder *ladder, struct report *out)
{
    judge_depth(ladder, out);
    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *rung = &ladder->rung[i];

        if (rung->source == NULL || rung->target == NULL)
            continue;
        judge_name("Issued To", rung->issued_to, i, rung->source->subject,
                   rung->target->subject, cert_issued_to(rung->source),
                   cert_issued_to(rung->target), out);
        judge_name("Issued By", rung->issued_by, i, rung->source->issuer,
                   rung->target->issuer, cert_issued_by(rung->source),
                   cert_issued_by(rung->target), out);
        judge_key(rung, i, out);
    }
}
