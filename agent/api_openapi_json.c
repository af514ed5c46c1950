/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_openapi.h"

#include "agent/api_schema_json.h"
#include "agent/api_values.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ID_MAX 256

static json_t *text_schema(const struct api_param *param)
{
    json_t *schema = param->one_of != NULL ? api_schema_choices(param->one_of)
                                           : json_pack("{s:s}", "type", "string");

    if (param->one_of == NULL)
        json_object_set_new(schema, "maxLength",
                            json_integer((json_int_t)api_param_max(param)));
    if (param->to == API_FD_OPTION)
        json_object_set_new(schema, "format", json_string("password"));
    if (param->type == API_BYTES)
        json_object_set_new(schema, "contentEncoding", json_string("base64"));
    return schema;
}

static json_t *param_schema(const struct api_param *param)
{
    switch (param->type) {
    case API_NUMBER:
        return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
    case API_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case API_LIST:
    case API_FILES:
        return json_pack("{s:s, s:o}", "type", "array", "items", text_schema(param));
    case API_TEXT:
    case API_LINES:
    case API_BYTES:
        break;
    }
    return text_schema(param);
}

static const struct api_param *param_next(const struct api_route *route,
                                          const struct api_param *after)
{
    const struct api_param *next = after == NULL ? route->params : after + 1;

    return next != NULL && next->name != NULL ? next : NULL;
}

static void put_summary(json_t *object, const char *summary)
{
    if (summary != NULL)
        json_object_set_new(object, "description", json_string(summary));
}

/* Those in the path and in the query. */
static json_t *parameters(const struct api_route *route)
{
    json_t *list = json_array();

    for (const struct api_param *param = NULL;
         (param = param_next(route, param)) != NULL;) {
        json_t *object;

        if (param->in != API_PATH && param->in != API_QUERY)
            continue;
        object = json_pack("{s:s, s:s, s:b, s:o}", "name", param->name, "in",
                           param->in == API_PATH ? "path" : "query", "required",
                           param->in == API_PATH || param->required, "schema",
                           param_schema(param));
        put_summary(object, param->summary);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *properties_schema(const struct api_route *route)
{
    json_t *properties = json_object(), *required = json_array();

    for (const struct api_param *param = NULL;
         (param = param_next(route, param)) != NULL;) {
        json_t *schema;

        if (param->in != API_BODY)
            continue;
        schema = param_schema(param);
        put_summary(schema, param->summary);
        json_object_set_new(properties, param->name, schema);
        if (param->required)
            json_array_append_new(required, json_string(param->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
                     "required", required, "additionalProperties",
                     route->dialect == API_OME);
}

/* NULL when there is none. */
static json_t *request_body(const struct api_route *route)
{
    const struct api_param *param = NULL;
    bool some = false, needed = false;

    while ((param = param_next(route, param)) != NULL) {
        if (param->in == API_RAW)
            return json_pack("{s:b, s:{s:{s:{}}}}", "required", 1, "content",
                             "application/octet-stream", "schema");
        some = some || param->in == API_BODY;
        needed = needed || (param->in == API_BODY && param->required);
    }
    return some ? json_pack("{s:b, s:{s:{s:o}}}", "required", needed, "content",
                            "application/json", "schema", properties_schema(route))
                : NULL;
}

static json_t *with_content(const char *description, const char *type, json_t *schema)
{
    return json_pack("{s:s, s:{s:{s:o}}}", "description", description, "content", type,
                     "schema", schema);
}

static json_t *answer_schema(const struct api_route *route)
{
    json_t *schema;

    if (route->content_type != NULL)
        return json_pack("{s:s}", "type", "string");
    schema = route->schema != NULL ? json_loads(route->schema, JSON_DECODE_ANY, NULL)
                                   : json_pack("{s:s}", "type", "object");
    if (route->as != API_AS_ITEMS)
        return schema;
    return json_pack("{s:s, s:{s:{s:s, s:o}}, s:[s]}", "type", "object", "properties",
                     "items", "type", "array", "items", schema, "required", "items");
}

static int success_of(const struct api_route *route)
{
    if (route->is_job)
        return 202;
    return route->status != 0 ? route->status : 200;
}

static void put_response(json_t *responses, int status, json_t *response)
{
    char key[8];

    snprintf(key, sizeof(key), "%d", status);
    if (json_object_get(responses, key) == NULL)
        json_object_set_new(responses, key, response);
    else
        json_decref(response);
}

static void put_success(json_t *responses, const struct api_route *route)
{
    const int status = success_of(route);
    const char *type =
        route->content_type != NULL ? route->content_type : "application/json";

    put_response(responses, status,
                 status == 204 ? json_pack("{s:s}", "description", "Done.")
                               : with_content("Done.", type, answer_schema(route)));
}

static json_t *error_schema(const struct api_route *route)
{
    if (route->dialect == API_OME)
        return json_pack("{s:s, s:[s]}", "type", "object", "required", "error");
    return json_pack("{s:[o, o]}", "anyOf", api_schema_ref("Error"),
                     api_schema_ref("Refusal"));
}

static bool has_in(const struct api_route *route, enum api_in in)
{
    for (const struct api_param *param = NULL; (param = param_next(route, param)) != NULL;)
        if (param->in == in)
            return true;
    return false;
}

static void put_errors(json_t *responses, const struct api_route *route)
{
    const bool has_body = has_in(route, API_BODY), ours = route->dialect == API_OURS;
    const struct {
        int status;
        bool there;
        const char *description;
    } errors[] = {
        {400, has_body || has_in(route, API_QUERY) || route->command != NULL,
         "Refused; the findings say why."},
        {401, route->role != API_ANYBODY, "Nobody is logged in with this request."},
        {403, route->role == API_ADMINISTRATOR, "This user may only look."},
        {404, has_in(route, API_PATH), "There is nothing of this name."},
        {413, (has_body || has_in(route, API_RAW)) && ours, "The body is too large."},
        {415, has_body && ours, "The body is not JSON."},
    };

    for (size_t i = 0; i < COUNT(errors); i++)
        if (errors[i].there)
            put_response(responses, errors[i].status,
                         with_content(errors[i].description, "application/json",
                                      error_schema(route)));
    json_object_set_new(responses, "default",
                        with_content("It could not be done: a conflict (409), too many"
                                     " tries (429), or not now (503).",
                                     "application/json", error_schema(route)));
}

/* The words of the command, or of the method and path: unique, and stays. */
static json_t *operation_id(const struct api_route *route)
{
    char id[ID_MAX];
    size_t n = 0;

    snprintf(id, sizeof(id), "%s%s", route->method, route->path);
    for (char *c = id; *c != '\0'; c++) {
        const bool word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                          (*c >= '0' && *c <= '9');

        if (word)
            id[n++] = *c;
        else if (n > 0 && id[n - 1] != '_')
            id[n++] = '_';
    }
    return json_stringn(id, n > 0 && id[n - 1] == '_' ? n - 1 : n);
}

static const char *role_name(enum api_role role)
{
    static const char *const names[] = {"anybody", "observer", "administrator"};

    return names[role];
}

static json_t *operation(const struct api_route *route)
{
    json_t *object =
        json_pack("{s:o, s:[s], s:s, s:s, s:o}", "operationId", operation_id(route), "tags",
                  route->tag != NULL ? route->tag : "agent", "summary", route->summary,
                  "x-role", role_name(route->role), "parameters", parameters(route));
    json_t *body = request_body(route), *responses = json_object();

    if (body != NULL)
        json_object_set_new(object, "requestBody", body);
    if (route->command != NULL)
        json_object_set_new(object, "x-command", json_string(route->command));
    if (route->role != API_ANYBODY)
        json_object_set_new(object, "security",
                            json_pack("[{s:[]}, {s:[]}]", "basic", "token"));
    put_success(responses, route);
    put_errors(responses, route);
    json_object_set_new(object, "responses", responses);
    return object;
}

static void put_method(json_t *paths, const struct api_route *route)
{
    char method[8];
    size_t n = 0;

    for (; n < sizeof(method) - 1 && route->method[n] != '\0'; n++)
        method[n] = (char)(route->method[n] | 0x20);
    method[n] = '\0';
    if (json_object_get(paths, route->path) == NULL)
        json_object_set_new(paths, route->path, json_object());
    json_object_set_new(json_object_get(paths, route->path), method, operation(route));
}

static json_t *all_paths(void)
{
    json_t *paths = json_object();

    for (size_t t = 0; api_tables[t] != NULL; t++)
        for (const struct api_route *row = api_tables[t]; row->method != NULL; row++)
            put_method(paths, row);
    return paths;
}

static json_t *ways_to_log_in(void)
{
    return json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s}}", "basic", "type", "http", "scheme",
                     "basic", "token", "type", "apiKey", "in", "header", "name",
                     "X-Auth-Token");
}

bool api_openapi_write(struct buf *out, struct error *err)
{
    return json_write(
        out,
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o}}", "openapi", "3.1.0", "info",
                  "title", "pairgate", "version", "1", "description",
                  "Every request is a command of pairgate(1), named x-command here.",
                  "paths", all_paths(), "components", "schemas", api_schema_components(),
                  "securitySchemes", ways_to_log_in()),
        err);
}

bool api_openapi_answer(struct api_visit *visit, struct error *err)
{
    return api_openapi_write(&visit->out, err);
}
