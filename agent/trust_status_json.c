/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust_status.h"
#include "agent/view_json.h"

#include <jansson.h>

static json_t *counted(const struct published *list)
{
    return view_json_list(list, json_integer((json_int_t)list->entries.n));
}

static json_t *holder_object(const struct published *list, const struct holding *holding,
                             time_t now)
{
    char standing[STANDING_MAX], hex[DIGEST_HEX];
    unsigned sequence = 0;
    const bool holds = holding_of(&sequence, holding, list->list);

    trust_status_standing(standing, list, holding, now);
    digest_hex(hex, &holding->key);
    return json_pack("{s:s, s:s, s:o, s:s, s:o}", "holder", holding->holder, "key", hex,
                     "sequence", holds ? json_integer(sequence) : json_null(), "standing",
                     standing, "at", view_json_time(holding->at));
}

void trust_status_json_list(FILE *out, const struct published *list)
{
    view_json_print(out, counted(list));
}

void trust_status_json(FILE *out, const struct published_lists *lists,
                       const struct holdings *holdings, time_t now)
{
    json_t *array = json_array();

    for (size_t i = 0; i < lists->n; i++) {
        const struct published *list = &lists->list[i];
        json_t *object = counted(list), *holders = json_array();
        char standing[STANDING_MAX];

        trust_status_standing(standing, list, NULL, now);
        for (size_t k = 0; k < holdings->n && list->publisher[0] == '\0'; k++)
            json_array_append_new(holders, holder_object(list, &holdings->item[k], now));
        json_object_set_new(object, "standing", json_string(standing));
        json_object_set_new(object, "holders", holders);
        json_array_append_new(array, object);
    }
    view_json_print(out, json_pack("{s:o}", "lists", array));
}
