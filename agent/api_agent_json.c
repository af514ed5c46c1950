/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes about the agent itself, and the first rows that run commands. */
#include "agent/api_visit.h"
#include "pairing/json.h"

#include <jansson.h>

static bool answer_health(struct api_visit *visit, struct error *err)
{
    return json_write(&visit->out, json_pack("{s:s}", "status", "ok"), err);
}

const struct api_route api_routes_agent[] = {
    {.method = "GET",
     .path = "/healthz",
     .role = API_ANYBODY,
     .tag = "agent",
     .summary = "Whether the agent answers",
     .answer = answer_health,
     .schema = "{\"$ref\":\"#/components/schemas/Health\"}"},
    {0},
};
