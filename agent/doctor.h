/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of this appliance's certificates on one screen, and as an exit status for
 * monitoring: 0 well, 1 attention, 2 broken. A finding that is an error is what is broken,
 * a warning what wants attention, a note is neither. Looks only.
 */
#pragma once

#include "agent/state.h"
#include "certs/build.h"
#include "certs/identity.h"
#include "certs/policy.h"

#define DOCTOR_WITHIN_SECONDS ((int64_t)30 * 86400)

enum health { HEALTH_WELL, HEALTH_ATTENTION, HEALTH_BROKEN };
const char *health_name(enum health health);

struct doctor_wish {
    time_t now;
    int64_t within; /* seconds: what ends sooner wants attention */
    enum policy policy;
};

struct doctor {
    struct identity identity; /* counts when has_identity */
    bool has_identity;
    size_t anchors, anchors_over;
    unsigned own_sequence; /* of the published list; 0 for none */
    size_t own_entries, adopted, adopted_over, holders, holders_behind;
    size_t crls, crls_over;
    time_t backed_up; /* 0: never said so */
    char wolfssl[BUILD_TEXT_MAX];
    char fips_module[BUILD_TEXT_MAX];
    bool has_fips_module;
    struct report report;
};

/* What cannot be looked at is a finding too. */
void doctor_examine(struct doctor *out, struct state *state,
                    const struct doctor_wish *wish);
enum health doctor_health(const struct doctor *doctor);
/* Days until a certificate ends, rounded down; negative when it is over. */
int64_t doctor_days_left(const struct cert *cert, time_t now);
/* Remember that a backup of the state directory was made now. */
must_check bool doctor_backed_up(int state, time_t now, struct error *err);
void doctor_clear(struct doctor *doctor);

/* Part of it: everything below the state directory that others can reach. */
void doctor_permissions(struct report *out, const struct state *state);
/* Part of it: what cannot be read as it was written. */
void doctor_damage(struct report *out, struct state *state);
/* Part of it: anchors, revocation lists, published lists. */
void doctor_trust(struct doctor *out, int state, const struct doctor_wish *wish);
