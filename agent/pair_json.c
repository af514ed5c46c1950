/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_json.h"
#include "agent/view_pair.h"
#include "pairing/verdict.h"

#include <jansson.h>

static json_t *row_json(const struct cert *cert, size_t rung, const struct leaves *leaves)
{
    json_t *row = cert != NULL ? view_json_rung(cert) : json_null();

    if (cert != NULL && rung == 0)
        view_json_leaves(row, leaves);
    return row;
}

void view_pair_json(FILE *out, const struct pair_view *view)
{
    const struct ladder *ladder = view->ladder;
    const struct tls_facts *facts = view->facts;
    const bool paired = view->paired;
    json_t *object = json_object();
    json_t *rungs = json_array();

    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *rung = &ladder->rung[i];

        json_array_append_new(
            rungs, json_pack("{s:I, s:b, s:s?, s:o, s:o}", "rung", (json_int_t)i, "match",
                             rung->match ? 1 : 0, "key", rung_key_name(rung->key), "source",
                             row_json(rung->source, i, &view->sides.source), "target",
                             row_json(rung->target, i, &view->sides.target)));
    }
    json_object_set_new(object, "paired", json_boolean(paired));
    json_object_set_new(
        object, "headline",
        json_string(paired ? "The two appliances can be paired." : verdict_refusal));
    json_object_set_new(object, "rungs", rungs);
    if (facts != NULL)
        json_object_set_new(object, "connection",
                            json_pack("{s:s, s:s, s:s}", "version", facts->version,
                                      "cipher", facts->cipher, "group", facts->group));
    json_object_set_new(object, "findings", view_json_report(view->findings));
    view_json_print(out, object);
}
