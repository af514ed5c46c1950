/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor_view.h"

#include "agent/narrow.h"
#include "agent/view_text.h"
#include "base/text.h"

static void print_rung(FILE *out, size_t rung, const struct cert *cert, time_t now)
{
    char name[CERT_TEXT_MAX], until[TIME_TEXT_MAX];

    text_printable(name, sizeof(name), span_text(cert_issued_to(cert)));
    text_show_time(until, cert->not_after.at);
    fprintf(out, "  rung %zu    %s, %s, %lld days left (%s)\n", rung, name,
            cert_key_name(cert), (long long)doctor_days_left(cert, now), until);
}

static void print_identity(FILE *out, const struct doctor *doctor, time_t now)
{
    const struct chain *chain = &doctor->identity.chain;

    if (!doctor->has_identity) {
        fprintf(out, "Identity    none that can be read\n");
        return;
    }
    fprintf(out, "Identity    %u, %s\n", doctor->identity.number,
            identity_origin_name(doctor->identity.origin));
    for (size_t i = 0; i < chain->n; i++) {
        print_rung(out, i, &chain->cert[i], now);
        if (i == 0 && identity_is_split(&doctor->identity))
            print_rung(out, 0, chain_leaf(&doctor->identity.client_chain), now);
    }
}

static void print_trust(FILE *out, const struct doctor *doctor)
{
    fprintf(out, "Anchors     %zu, %zu over\n", doctor->anchors, doctor->anchors_over);
    fprintf(out, "CRLs        %zu, %zu out of date\n", doctor->crls, doctor->crls_over);
    fprintf(out,
            "Published   sequence %u with %zu entries, %zu of %zu holders behind; "
            "%zu lists adopted, %zu over\n",
            doctor->own_sequence, doctor->own_entries, doctor->holders_behind,
            doctor->holders, doctor->adopted, doctor->adopted_over);
}

struct facts {
    const struct doctor *doctor;
    const struct doctor_wish *wish;
};

static void print_all(FILE *out, const void *what)
{
    const struct facts *facts = what;
    const struct doctor *doctor = facts->doctor;
    const struct doctor_wish *wish = facts->wish;
    char now[TIME_TEXT_MAX], kept[TIME_TEXT_MAX];

    text_show_time(now, wish->now);
    text_show_time(kept, doctor->backed_up);
    fprintf(out, "Health      %s\n", health_name(doctor_health(doctor)));
    fprintf(out, "Clock       %s\n", now);
    print_identity(out, doctor, wish->now);
    print_trust(out, doctor);
    fprintf(out, "Backup      %s\n", doctor->backed_up != 0 ? kept : "none known");
    fprintf(out, "Policy      %s\n", policy_name(wish->policy));
    fprintf(out, "wolfSSL     %s; FIPS-validated module: %s\n", doctor->wolfssl,
            doctor->has_fips_module ? doctor->fips_module
                                    : "no (policy fips is algorithms and sizes only)");
    fprintf(out, "\n");
    view_text_report(out, &doctor->report);
}

void doctor_view_text(FILE *out, const struct doctor *doctor,
                      const struct doctor_wish *wish, unsigned columns)
{
    const struct facts facts = {.doctor = doctor, .wish = wish};

    narrow_print(out, print_all, &facts, columns);
}
