/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor_view.h"
#include "agent/view_json.h"

#include <jansson.h>

static json_t *rung_object(const struct cert *cert, time_t now)
{
    json_t *rung = view_json_rung(cert);

    json_object_set_new(rung, "days_left", json_integer(doctor_days_left(cert, now)));
    return rung;
}

static json_t *identity_object(const struct doctor *doctor, time_t now)
{
    const struct identity *identity = &doctor->identity;
    json_t *rungs = json_array();

    if (!doctor->has_identity) {
        json_decref(rungs);
        return json_null();
    }
    for (size_t i = 0; i < identity->chain.n; i++)
        json_array_append_new(rungs, rung_object(&identity->chain.cert[i], now));
    if (identity_is_split(identity))
        view_json_both(json_array_get(rungs, 0),
                       rung_object(chain_leaf(&identity->chain), now),
                       rung_object(chain_leaf(&identity->client_chain), now));
    return json_pack("{s:i, s:s, s:o}", "identity", (int)identity->number, "origin",
                     identity_origin_name(identity->origin), "rungs", rungs);
}

static json_t *module_object(const struct doctor *doctor)
{
    return json_pack("{s:s, s:b, s:o}", "version", doctor->wolfssl, "fips_validated",
                     doctor->has_fips_module, "fips_module",
                     doctor->has_fips_module ? json_string(doctor->fips_module)
                                             : json_null());
}

void doctor_view_json(FILE *out, const struct doctor *doctor,
                      const struct doctor_wish *wish)
{
    json_t *object = json_object();

    json_object_set_new(object, "health", json_string(health_name(doctor_health(doctor))));
    json_object_set_new(object, "now", view_json_time(wish->now));
    json_object_set_new(object, "identity", identity_object(doctor, wish->now));
    json_object_set_new(object, "anchors",
                        json_pack("{s:I, s:I}", "count", (json_int_t)doctor->anchors,
                                  "over", (json_int_t)doctor->anchors_over));
    json_object_set_new(object, "crls",
                        json_pack("{s:I, s:I}", "count", (json_int_t)doctor->crls, "over",
                                  (json_int_t)doctor->crls_over));
    json_object_set_new(
        object, "published",
        json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "sequence", (int)doctor->own_sequence,
                  "entries", (json_int_t)doctor->own_entries, "adopted",
                  (json_int_t)doctor->adopted, "adopted_over",
                  (json_int_t)doctor->adopted_over, "holders", (json_int_t)doctor->holders,
                  "holders_behind", (json_int_t)doctor->holders_behind));
    json_object_set_new(object, "backed_up", view_json_time(doctor->backed_up));
    json_object_set_new(object, "policy", json_string(policy_name(wish->policy)));
    json_object_set_new(object, "wolfssl", module_object(doctor));
    json_object_set_new(object, "findings", view_json_report(&doctor->report));
    view_json_print(out, object);
}
