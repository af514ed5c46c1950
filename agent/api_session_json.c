/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SessionService as OpenManage's clients use it: Dell's Ansible module ome_session, its
 * PowerShell modules, its Terraform provider. */
#include "agent/api_visit.h"
#include "agent/audit_note.h"
#include "agent/sessions.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>

#define SESSIONS "/api/SessionService/Sessions"
#define USER_ID                                                                            \
    10066 /* OpenManage's first local administrator; nothing is done with it               \
           */
#define STAMP_MAX 32

/* "2026-01-31 07:22:43.683"; ours have whole seconds. */
static void show_stamp(char out[STAMP_MAX], time_t at)
{
    struct tm tm = {0};

    gmtime_r(&at, &tm);
    strftime(out, STAMP_MAX, "%Y-%m-%d %H:%M:%S.000", &tm);
}

static json_t *session_json(const struct session *session)
{
    char created[STAMP_MAX], used[STAMP_MAX], place[sizeof(SESSIONS) + SESSION_ID_MAX + 8];

    show_stamp(created, session->created);
    show_stamp(used, session->used);
    snprintf(place, sizeof(place), SESSIONS "('%s')", session->id);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:n, s:[s], s:s, s:s, s:s, s:[]}",
                     "@odata.type", "#SessionService.Session", "@odata.id", place, "Id",
                     session->id, "Description", session->name, "Name", session->kind,
                     "UserName", session->name, "UserId", USER_ID, "Password", "Roles",
                     session->role == ADMIN_FULL ? "ADMINISTRATOR" : "VIEWER", "IpAddress",
                     session->address, "StartTimeStamp", created, "LastAccessedTimeStamp",
                     used, "DirectoryGroup");
}

static bool answer_create(struct api_visit *visit, struct error *err)
{
    const char *kind = api_value_of(visit, "SessionType");
    struct session session = {
        .role = visit->caller.role == API_ADMINISTRATOR ? ADMIN_FULL : ADMIN_OBSERVER};
    char token[SESSION_TOKEN_MAX];

    (void)text_fits(session.name, visit->caller.name);
    (void)text_fits(session.address, visit->request->address);
    (void)text_fits(session.kind, kind != NULL ? kind : "API");
    if (!session_begin(&session, token, &visit->state->db, visit->now, err))
        return false;
    (void)text_fits(visit->reply.token, token);
    snprintf(visit->reply.location, sizeof(visit->reply.location), SESSIONS "('%s')",
             session.id);
    return json_write(&visit->out, session_json(&session), err);
}

static bool answer_list(struct api_visit *visit, struct error *err)
{
    scoped(query_end) struct query row = {0};
    json_t *list = json_array();

    if (!session_list(&row, &visit->state->db, visit->now, err)) {
        json_decref(list);
        return false;
    }
    while (query_next(&row, err)) {
        struct session session;

        session_read(&session, &row);
        json_array_append_new(list, session_json(&session));
    }
    return json_write(&visit->out,
                      json_pack("{s:s, s:I, s:o}", "@odata.context",
                                "/api/$metadata#Collection(SessionService.Session)",
                                "@odata.count", (json_int_t)json_array_size(list), "value",
                                list),
                      err) &&
           err->msg == E_NONE;
}

static bool answer_one(struct api_visit *visit, struct error *err)
{
    struct session session;

    return session_load(&session, &visit->state->db, api_value_of(visit, "id"), visit->now,
                        err) &&
           json_write(&visit->out, session_json(&session), err);
}

/* One's own, or any by an administrator. */
static bool answer_delete(struct api_visit *visit, struct error *err)
{
    const char *id = api_value_of(visit, "id");

    if (visit->caller.role != API_ADMINISTRATOR && !text_equal(visit->caller.session, id))
        return fail(err, E_API_ROLE, "%s", visit->caller.name);
    return session_end(&visit->state->db, id, err);
}

static const struct api_param create_params[] = {
    {.name = "UserName",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_NOWHERE,
     .required = true,
     .max = 255,
     .summary = "An administrator or observer"},
    {.name = "Password",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_NOWHERE,
     .required = true,
     .max = 1024,
     .summary = "Their password"},
    {.name = "SessionType",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_NOWHERE,
     .max = 63,
     .summary = "\"API\", kept as the name of the session"},
    {0},
};

static const struct api_param id_params[] = {
    {.name = "id",
     .in = API_PATH,
     .type = API_TEXT,
     .to = API_NOWHERE,
     .required = true,
     .summary = "Of the session"},
    {0},
};

const struct api_route api_routes_session[] = {
    {.method = "POST",
     .path = SESSIONS,
     .role = API_ANYBODY,
     .logs_in = true,
     .dialect = API_OME,
     .tag = "OpenManage sessions",
     .status = 201,
     .summary = "Log in: the header X-Auth-Token of the answer is the token",
     .params = create_params,
     .answer = answer_create},
    {.method = "GET",
     .path = SESSIONS,
     .role = API_OBSERVER,
     .dialect = API_OME,
     .tag = "OpenManage sessions",
     .summary = "All sessions",
     .answer = answer_list},
    {.method = "GET",
     .path = SESSIONS "('{id}')",
     .role = API_OBSERVER,
     .dialect = API_OME,
     .tag = "OpenManage sessions",
     .summary = "One session",
     .params = id_params,
     .answer = answer_one},
    {.method = "DELETE",
     .path = SESSIONS "('{id}')",
     .role = API_OBSERVER,
     .dialect = API_OME,
     .tag = "OpenManage sessions",
     .status = 204,
     .summary = "Log out: the token is dead at once",
     .params = id_params,
     .answer = answer_delete},
    {0},
};
