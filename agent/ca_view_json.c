/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/ca_view.h"
#include "agent/view_json.h"

#include <jansson.h>

static json_t *issued_object(const struct issued *issued)
{
    json_t *object = view_json_rung(&issued->cert);

    json_object_set_new(object, "serial", json_string(issued->serial));
    json_object_set_new(object, "issued", view_json_time(issued->at));
    json_object_set_new(object, "revoked", view_json_time(issued->revoked));
    json_object_set_new(object, "reason",
                        issued->revoked != 0 ? json_string(reason_name(issued->reason))
                                             : json_null());
    return object;
}

void ca_view_json_list(FILE *out, const struct issued_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, issued_object(&list->item[i]));
    view_json_print(out, json_pack("{s:o}", "issued", array));
}

void ca_view_json_revoked(FILE *out, const struct issued *issued)
{
    view_json_print(out, issued_object(issued));
}
