/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conditions about clocks and dates. */
#include "pairing/verdict_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* Nothing may expire before the migration can be over; twice the estimate is allowed for.
 */
void nothing_expires_meanwhile(const struct bench *b, struct report *out)
{
    time_t over = b->c->now + (time_t)(2 * b->c->demands.duration);

    for (size_t k = 0; b->c->demands.duration > 0 && k < b->stands; k++) {
        for (size_t i = 0; i < b->stand[k].chain->n; i++) {
            const struct cert *cert = &b->stand[k].chain->cert[i];
            struct error finding = {0};

            if (cert->not_after.at >= over || cert->not_after.at < b->c->now)
                continue;
            fail_at(&finding, E_DURATION_SHORT, i,
                    "'%s' ends %lld s from now; the migration may take %lld s",
                    cert_issued_to(cert), (long long)(cert->not_after.at - b->c->now),
                    (long long)b->c->demands.duration);
            finding.severity =
                b->c->policy == POLICY_STRICT ? SEVERITY_ERROR : SEVERITY_WARNING;
            bench_tell(out, &b->stand[k], &finding);
        }
    }
}

void clocks_agree(const struct bench *b, struct report *out)
{
    struct error finding = {0};
    long long seconds = b->c->skew_ms / 1000;

    if (!bench_is_skewed(b, CLOCK_SKEW_NOTICE))
        return;
    fail(&finding, bench_is_skewed(b, CLOCK_SKEW_MAX) ? E_CLOCK_SKEW : E_CLOCK_DRIFT,
         "the %s's clock is %lld s %s the %s's", side_name(b->other), llabs(seconds),
         seconds < 0 ? "behind" : "ahead of", side_name(b->c->self));
    finding.severity =
        bench_is_skewed(b, CLOCK_SKEW_MAX) ? SEVERITY_ERROR : SEVERITY_WARNING;
    finding.side = b->other;
    report_add(out, &finding);
}

static bool valid_at(const struct cert *cert, time_t at)
{
    return cert->not_before.at <= at && at <= cert->not_after.at;
}

/* Whose clock is at fault when the two disagree about a certificate: it existed already, so
 * a clock that has it not yet valid is slow; of an expired one only the difference can be
 * told. */
static void explain_clocks(char out[CERT_TEXT_MAX], const struct bench *b,
                           const struct cert *cert, bool here_good, time_t there)
{
    time_t off = here_good ? there : b->c->now;
    const char *name = side_name(here_good ? b->other : b->c->self);
    long long minutes = llabs(b->c->skew_ms / 1000) / 60;

    if (off < cert->not_before.at)
        snprintf(out, CERT_TEXT_MAX, "the %s's clock is %lld min slow: set it", name,
                 minutes);
    else
        snprintf(
            out, CERT_TEXT_MAX,
            "by the %s's clock, %lld min ahead, it has expired: find out which is wrong",
            name, minutes);
}

/* What is in date by one clock and not by the other is the clocks' fault, and said so. */
void valid_by_both_clocks(const struct bench *b, struct report *out)
{
    time_t there = b->c->now + (time_t)(b->c->skew_ms / 1000);

    for (size_t k = 0; b->c->has_peer_clock && k < b->stands; k++) {
        for (size_t i = 0; i < b->stand[k].chain->n; i++) {
            const struct cert *cert = &b->stand[k].chain->cert[i];
            char why[CERT_TEXT_MAX];
            struct error finding = {0};

            if (valid_at(cert, b->c->now) == valid_at(cert, there))
                continue;
            explain_clocks(why, b, cert, valid_at(cert, b->c->now), there);
            fail_at(&finding, E_VALID_BY_ONE_CLOCK, i, "'%s': %s", cert_issued_to(cert),
                    why);
            bench_tell(out, &b->stand[k], &finding);
        }
    }
}
