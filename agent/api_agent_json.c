/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes about the agent itself, and the first rows that run commands. */
#include "agent/api_visit.h"
#include "pairing/json.h"

#include <jansson.h>

static bool answer_health(struct api_visit *visit, struct error *err)
{
    return json_write(&visit->out, json_pack("{s:s}", "status", "ok"), err);
}

static const struct api_param request_id[] = {
    {.name = "id",
     .in = API_PATH,
     .type = API_TEXT,
     .to = API_OPERAND,
     .required = true,
     .max = 64,
     .summary = "of the request"},
    {0},
};

const struct api_route api_routes_agent[] = {
    {.method = "GET",
     .path = "/healthz",
     .role = API_ANYBODY,
     .tag = "agent",
     .summary = "Whether the agent answers",
     .answer = answer_health},
    {.method = "GET",
     .path = API_V1 "/requests",
     .role = API_OBSERVER,
     .tag = "requests",
     .summary = "All signing requests",
     .command = "request list"},
    {.method = "GET",
     .path = API_V1 "/requests/{id}",
     .role = API_OBSERVER,
     .tag = "requests",
     .summary = "One signing request",
     .params = request_id,
     .command = "request show"},
    {.method = "DELETE",
     .path = API_V1 "/requests/{id}",
     .role = API_ADMINISTRATOR,
     .tag = "requests",
     .summary = "Forget a request and its key",
     .params = request_id,
     .command = "request drop"},
    {0},
};
