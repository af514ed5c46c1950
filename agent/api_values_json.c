/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_values.h"

#include "base/mem.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <string.h>

#define QUERY_NAME_MAX 64   /* decoded */
#define QUERY_WORD_MAX 4096 /* the same */
#define NUMBER_MAX 24
#define FLAG_MAX 8

static const char *type_name(enum api_type type)
{
    static const char *const names[] = {
        [API_TEXT] = "a string",
        [API_LINES] = "a string",
        [API_BYTES] = "a string",
        [API_NUMBER] = "a whole number from 0",
        [API_FLAG] = "true or false",
        [API_LIST] = "an array of strings",
        [API_FILES] = "an array of strings",
    };

    return names[type];
}

static bool is_list(enum api_type type)
{
    return type == API_LIST || type == API_FILES;
}

static bool wrong_type(const struct api_param *param, struct error *err)
{
    return fail(err, E_API_PROPERTY, "%s: %s is wanted", param->name,
                type_name(param->type));
}

size_t api_param_max(const struct api_param *param)
{
    if (param->max != 0)
        return param->max;
    return param->type == API_TEXT || param->type == API_LIST ? API_TEXT_MAX : API_FILE_MAX;
}

/* One of those between the bars of "a|b|c". */
static bool is_one_of(const char *value, const char *list)
{
    const size_t n = strlen(value);

    for (const char *at = list; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, n) == 0 && (at[n] == '\0' || at[n] == '|'))
            return true;
    }
    return false;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] < 0x20 || text.at[i] == 0x7f)
            return true;
    return false;
}

static bool text_is_good(const struct api_param *param, struct span text, struct error *err)
{
    const bool one_line = param->type == API_TEXT || param->type == API_LIST;

    if (text.n > api_param_max(param))
        return fail(err, E_API_PROPERTY, "%s: more than %zu bytes", param->name,
                    api_param_max(param));
    if (!text_is_utf8(text))
        return fail(err, E_API_PROPERTY, "%s: not UTF-8, or with a NUL", param->name);
    return !one_line || !has_control(text) ||
           fail(err, E_API_PROPERTY, "%s: a control character", param->name);
}

/* A place in the array, for a value of at most so many bytes. */
static bool add_value(struct buf **bytes, struct api_values *out,
                      const struct api_param *param, size_t max, struct error *err)
{
    if (out->n == API_VALUES_MAX)
        return fail(err, E_API_PROPERTY, "%s: more than %d values in one request",
                    param->name, API_VALUES_MAX);
    out->value = mem_resize(out->value, out->n + 1, sizeof(*out->value));
    out->value[out->n] = (struct api_value){.param = param, .bytes = buf_upto(max + 1)};
    *bytes = &out->value[out->n++].bytes;
    return true;
}

/* A string that is checked: of base64 what it stands for. */
static bool put_text(struct api_values *out, const struct api_param *param,
                     struct span text, struct error *err)
{
    struct error why = {0};
    struct buf *bytes;

    if (!text_is_good(param, text, err) || !add_value(&bytes, out, param, text.n, err))
        return false;
    if (param->type == API_BYTES)
        return (text_base64_decode(bytes, text, &why) ||
                fail(err, E_API_PROPERTY, "%s: not base64", param->name)) &&
               buf_terminate(bytes, err);
    if (!buf_add(bytes, text, err) || !buf_terminate(bytes, err))
        return false;
    return param->one_of == NULL || is_one_of((const char *)bytes->at, param->one_of) ||
           fail(err, E_API_PROPERTY, "%s: one of %s is wanted", param->name, param->one_of);
}

static bool put_number(struct api_values *out, const struct api_param *param,
                       json_int_t number, struct error *err)
{
    struct buf *bytes;

    if (number < 0)
        return wrong_type(param, err);
    return add_value(&bytes, out, param, NUMBER_MAX, err) &&
           buf_print(bytes, err, "%" JSON_INTEGER_FORMAT, number) &&
           buf_terminate(bytes, err);
}

static bool put_flag(struct api_values *out, const struct api_param *param, bool flag,
                     struct error *err)
{
    struct buf *bytes;

    return add_value(&bytes, out, param, FLAG_MAX, err) &&
           buf_add_text(bytes, flag ? "true" : "false", err) && buf_terminate(bytes, err);
}

static struct span string_of(const json_t *value)
{
    return span_of(json_string_value(value), json_string_length(value));
}

static bool put_list(struct api_values *out, const struct api_param *param,
                     const json_t *list, struct error *err)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list))
        return wrong_type(param, err);
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return wrong_type(param, err);
        if (!put_text(out, param, string_of(item), err))
            return false;
    }
    return true;
}

static bool put_json(struct api_values *out, const struct api_param *param,
                     const json_t *value, struct error *err)
{
    if (is_list(param->type))
        return put_list(out, param, value, err);
    if (param->type == API_NUMBER)
        return json_is_integer(value)
                   ? put_number(out, param, json_integer_value(value), err)
                   : wrong_type(param, err);
    if (param->type == API_FLAG)
        return json_is_boolean(value) ? put_flag(out, param, json_is_true(value), err)
                                      : wrong_type(param, err);
    return json_is_string(value) ? put_text(out, param, string_of(value), err)
                                 : wrong_type(param, err);
}

/* What stands in a path or a query; of a list it is one item. */
static bool put_word(struct api_values *out, const struct api_param *param,
                     const char *word, struct error *err)
{
    struct error why = {0};
    uint64_t number = 0;

    if (param->type == API_NUMBER)
        return text_number(&number, word, 0, INT64_MAX, &why)
                   ? put_number(out, param, (json_int_t)number, err)
                   : wrong_type(param, err);
    if (param->type != API_FLAG)
        return put_text(out, param, span_text(word), err);
    if (!text_equal(word, "true") && !text_equal(word, "false"))
        return wrong_type(param, err);
    return put_flag(out, param, text_equal(word, "true"), err);
}

bool api_values_put(struct api_values *out, const struct api_param *param, const char *text,
                    struct error *err)
{
    return put_word(out, param, text, err);
}

const struct api_value *api_values_find(const struct api_values *values, const char *name)
{
    for (size_t i = 0; i < values->n; i++)
        if (text_equal(values->value[i].param->name, name))
            return &values->value[i];
    return NULL;
}

static const struct api_param *param_named(const struct api_route *route, enum api_in in,
                                           const char *name)
{
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++)
        if (param->in == in && text_equal(param->name, name))
            return param;
    return NULL;
}

static bool unknown(const struct api_route *route, const char *what, const char *name,
                    struct error *err)
{
    return route->dialect == API_OME || fail(err, E_API_UNKNOWN, "%s '%s'", what, name);
}

static bool read_path(struct api_values *out, const struct api_route *route,
                      const struct api_path *path, struct error *err)
{
    for (size_t i = 0; i < path->n; i++) {
        const struct api_param *param = param_named(route, API_PATH, path->word[i].name);

        if (param != NULL && !put_word(out, param, path->word[i].text, err))
            return false;
    }
    return true;
}

static bool read_pair(struct api_values *out, const struct api_route *route,
                      struct span pair, struct error *err)
{
    char name[QUERY_NAME_MAX], value[QUERY_WORD_MAX] = "";
    const struct api_param *param;
    size_t at = pair.n;

    (void)span_find(pair, "=", &at);
    if (!api_unescape(name, sizeof(name), span_head(pair, at), true) ||
        !api_unescape(value, sizeof(value), span_after(pair, at + 1), true))
        return fail(err, E_API_PROPERTY,
                    "the query is not percent-encoded UTF-8, or too long");
    param = param_named(route, API_QUERY, name);
    if (param == NULL)
        return unknown(route, "the query has", name, err);
    if (!is_list(param->type) && api_values_find(out, name) != NULL)
        return fail(err, E_API_PROPERTY, "%s: given twice", name);
    return put_word(out, param, value, err);
}

static bool read_query(struct api_values *out, const struct api_route *route,
                       const char *query, struct error *err)
{
    struct span rest = span_text(query);

    while (rest.n > 0) {
        size_t at = rest.n;

        (void)span_find(rest, "&", &at);
        if (at > 0 && !read_pair(out, route, span_head(rest, at), err))
            return false;
        rest = span_after(rest, at + 1);
    }
    return true;
}

/* In the order of the row, whatever that of the body. */
static bool read_properties(struct api_values *out, const struct api_route *route,
                            json_t *object, struct error *err)
{
    const char *name;
    const json_t *value;

    json_object_foreach(object, name, value)
    {
        if (param_named(route, API_BODY, name) == NULL &&
            !unknown(route, "the body has", name, err))
            return false;
    }
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++) {
        value = param->in == API_BODY ? json_object_get(object, param->name) : NULL;
        if (value == NULL || (json_is_null(value) && route->dialect == API_OME))
            continue;
        if (!put_json(out, param, value, err))
            return false;
    }
    return true;
}

static bool has_params(const struct api_route *route, enum api_in in)
{
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++)
        if (param->in == in)
            return true;
    return false;
}

static bool put_raw(struct api_values *out, const struct api_route *route, struct span body,
                    struct error *err)
{
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++) {
        struct buf *bytes;

        if (param->in == API_RAW)
            return (body.n <= api_param_max(param) ||
                    fail(err, E_API_PROPERTY, "%s: more than %zu bytes", param->name,
                         api_param_max(param))) &&
                   add_value(&bytes, out, param, body.n, err) &&
                   buf_add(bytes, body, err) && buf_terminate(bytes, err);
    }
    return true;
}

/* A route without properties has no use for a body, and passes over one. */
static bool read_body(struct api_values *out, const struct api_route *route,
                      struct span body, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;

    if (has_params(route, API_RAW))
        return put_raw(out, route, body, err);
    if (!has_params(route, API_BODY) || span_is_blank(body))
        return true;
    return json_open(&object, body, err) && read_properties(out, route, object, err);
}

static bool all_there(const struct api_values *values, const struct api_route *route,
                      struct error *err)
{
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++)
        if (param->required && api_values_find(values, param->name) == NULL)
            return fail(err, E_API_MISSING, "%s", param->name);
    return true;
}

bool api_values_read(struct api_values *out, const struct api_route *route,
                     const struct api_path *path, const char *query, struct span body,
                     struct error *err)
{
    return read_path(out, route, path, err) && read_query(out, route, query, err) &&
           read_body(out, route, body, err) && all_there(out, route, err);
}

void api_values_clear(struct api_values *values)
{
    for (size_t i = 0; i < values->n; i++)
        buf_clear(&values->value[i].bytes);
    mem_free(values->value);
    *values = (struct api_values){0};
}
