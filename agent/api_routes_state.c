/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health, the record, administrators, monitoring, and the description of all of it. */
#include "agent/api_openapi.h"
#include "agent/api_rows.h"
#include "agent/metrics.h"

static const struct api_param doctor[] = {
    ASK_TEXT("within", "--within", "What ends within this time: 30d unless given."),
    {.name = "policy",
     .in = API_QUERY,
     .type = API_TEXT,
     .to = API_OPTION,
     .option = "--policy",
     .one_of = "default|ome|strict|fips",
     .summary = "The policy to judge by."},
    {0},
};
static const char *const backed_up[] = {"--backed-up", NULL};

static const struct api_param audit[] = {
    ASK_TEXT("since", "--since", "From this time on, RFC 3339 UTC."),
    ASK_TEXT("kind", "--kind", "Of this kind alone: pairing, migration, trust …"),
    ASK_NUMBER("after", "--after", "Those behind the one with this number."),
    ASK_NUMBER("before", "--before", "Those before the one with this number."),
    ASK_NUMBER("limit", "--limit",
               "So many: with `after` the first of them, else the last."),
    {0},
};

static const struct api_param name_in_path[] = {
    IN_PATH("name", "The name of an administrator."),
    {0},
};

#define NEW_PASSWORD                                                                       \
    {                                                                                      \
        .name = "password", .in = API_BODY, .type = API_TEXT, .to = API_FD_OPTION,         \
        .option = "--password-fd", .required = true, .summary = "At least 10 characters."  \
    }

static const struct api_param new_admin[] = {
    NEW_PASSWORD,
    ONE_OF("role", "--role", "administrator|observer",
           "What it may do; administrator unless given."),
    NEED_TEXT("name", "The name."),
    {0},
};

static const struct api_param new_password[] = {
    NEW_PASSWORD,
    IN_PATH("name", "The name of an administrator."),
    {0},
};

const struct api_route api_routes_state[] = {
    {.method = "GET",
     .path = API_V1 "/openapi.json",
     .role = API_ANYBODY,
     .answer = api_openapi_answer,
     .summary = "This description.",
     .tag = "agent"},
    {.method = "GET",
     .path = "/metrics",
     .role = API_OBSERVER,
     .answer = metrics_answer,
     .content_type = METRICS_TYPE,
     .summary = "For Prometheus, in its text format.",
     .tag = "agent"},
    {.method = "GET",
     .path = API_V1 "/doctor",
     .role = API_OBSERVER,
     .command = "doctor",
     .params = doctor,
     .refused = 200,
     .summary = "What is well, what wants attention, what is broken.",
     .schema = ANSWER("Doctor"),
     .tag = "agent"},
    {.method = "POST",
     .path = API_V1 "/doctor/backed-up",
     .role = API_ADMINISTRATOR,
     .command = "doctor",
     .words = backed_up,
     .refused = 200,
     .summary = "Note that the state directory has been backed up now.",
     .schema = ANSWER("Doctor"),
     .tag = "agent"},
    {.method = "GET",
     .path = API_V1 "/audit",
     .role = API_OBSERVER,
     .command = "audit show",
     .params = audit,
     .as = API_AS_ITEMS,
     .summary = "What was done here.",
     .schema = ANSWER("Record"),
     .tag = "agent"},
    {.method = "GET",
     .path = API_V1 "/audit/verify",
     .role = API_OBSERVER,
     .command = "audit verify",
     .refused = 200,
     .summary = "Whether every record is still the one that was written.",
     .schema = ANSWER("AuditCheck"),
     .tag = "agent"},
    {.method = "GET",
     .path = API_V1 "/administrators",
     .role = API_OBSERVER,
     .command = "admin list",
     .as = API_AS_ITEMS,
     .summary = "The administrators.",
     .schema = ANSWER("Administrator"),
     .tag = "agent"},
    {.method = "POST",
     .path = API_V1 "/administrators",
     .role = API_ADMINISTRATOR,
     .command = "admin add",
     .params = new_admin,
     .status = 201,
     .summary = "One more administrator.",
     .schema = ANSWER("Named"),
     .tag = "agent"},
    {.method = "PUT",
     .path = API_V1 "/administrators/{name}/password",
     .role = API_ADMINISTRATOR,
     .command = "admin passwd",
     .params = new_password,
     .summary = "Give one a new password.",
     .schema = ANSWER("Named"),
     .tag = "agent"},
    {.method = "DELETE",
     .path = API_V1 "/administrators/{name}",
     .role = API_ADMINISTRATOR,
     .command = "admin remove",
     .params = name_in_path,
     .summary = "This one authorises nothing any more.",
     .schema = ANSWER("Named"),
     .tag = "agent"},
    {0},
};
