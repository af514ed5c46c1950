/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a command as a request, and what comes back as the command prints it. */
#include "agent/passphrase.h"
#include "agent/remote.h"
#include "agent/view_json.h"
#include "base/fs.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void remote_request_clear(struct remote_request *request)
{
    buf_clear(&request->body);
}

static const struct api_param *param_next(const struct api_route *route,
                                          const struct api_param *after)
{
    const struct api_param *next = after == NULL ? route->params : after + 1;

    return next != NULL && next->name != NULL ? next : NULL;
}

/* ---- a word as JSON ---- */

static bool file_value(json_t **out, const struct api_param *param, const char *path,
                       struct error *err)
{
    scoped(buf_clear) struct buf bytes = buf_upto(API_FILE_MAX);
    scoped(buf_clear) struct buf base64 = buf_upto(2 * API_FILE_MAX);

    if (!fs_read(&bytes, path, err))
        return false;
    if (param->type == API_BYTES) {
        if (!text_base64_encode(&base64, buf_span(&bytes), err))
            return false;
        *out = json_stringn((const char *)base64.at, base64.n);
    } else {
        *out = json_stringn((const char *)bytes.at, bytes.n);
    }
    return *out != NULL || fail(err, E_API_PROPERTY, "%s is not a text file", path);
}

static bool number_value(json_t **out, const char *word, struct error *err)
{
    uint64_t number = 0;

    if (!text_number(&number, word, 0, INT64_MAX, err))
        return false;
    *out = json_integer((json_int_t)number);
    return true;
}

static bool word_value(json_t **out, const struct api_param *param, const char *word,
                       struct error *err)
{
    if (param->to == API_FILE_OPTION || param->to == API_FILE_OPERAND)
        return file_value(out, param, word, err);
    if (param->type == API_NUMBER)
        return number_value(out, word, err);
    *out = json_string(word);
    return *out != NULL || fail(err, E_API_PROPERTY, "%s: not UTF-8", param->name);
}

/* A list gets one more. */
static bool put(json_t *values, const struct api_param *param, json_t *value)
{
    if (param->type != API_LIST && param->type != API_FILES)
        return json_object_set_new(values, param->name, value) == 0;
    if (json_object_get(values, param->name) == NULL)
        json_object_set_new(values, param->name, json_array());
    return json_array_append_new(json_object_get(values, param->name), value) == 0;
}

static bool put_word(json_t *values, const struct api_param *param, const char *word,
                     struct error *err)
{
    json_t *value = NULL;

    return word_value(&value, param, word, err) && put(values, param, value);
}

/* ---- the words of one parameter ---- */

static bool is_list(const struct api_param *param)
{
    return param->type == API_LIST || param->type == API_FILES;
}

/* --password-fd or --password-file; else it is typed when all else is right. */
static bool take_secret(json_t *values, const struct api_param *param, struct args *args,
                        struct error *err)
{
    scoped(buf_clear) struct buf secret = {0};
    struct passphrase_source source = {0};
    char file[64];

    snprintf(file, sizeof(file), "%.*s-file", (int)(strlen(param->option) - strlen("-fd")),
             param->option);
    if (!args_value(args, param->option, &source.fd, err) ||
        !args_value(args, file, &source.file, err))
        return false;
    if (source.fd == NULL && source.file == NULL)
        return true;
    return passphrase_take(&secret, &source, param->name, err) &&
           put(values, param, json_stringn((const char *)secret.at, secret.n));
}

static bool take_option(json_t *values, const struct api_param *param, struct args *args,
                        struct error *err)
{
    const char *word = NULL;

    if (param->to == API_SWITCH)
        return !args_flag(args, param->option) || put(values, param, json_true());
    if (param->to == API_FD_OPTION)
        return take_secret(values, param, args, err);
    while (args_next_value(args, param->option, &word, err)) {
        if (!is_list(param) && json_object_get(values, param->name) != NULL)
            return fail(err, E_USAGE, "%s is given twice", param->option);
        if (!put_word(values, param, word, err))
            return false;
    }
    return err->msg == E_NONE;
}

static bool is_operand(const struct api_param *param)
{
    return param->to == API_OPERAND || param->to == API_FILE_OPERAND;
}

static bool take_operands(json_t *values, const struct api_param *param, struct args *args,
                          struct error *err)
{
    const char *word;

    do {
        word = args_operand(args);
        if (word != NULL && !put_word(values, param, word, err))
            return false;
    } while (word != NULL && is_list(param));
    return true;
}

/* Words that the row has always: switches, "--kind=pairing", or operands. */
static bool take_fixed(const struct api_route *route, struct args *args, struct error *err)
{
    for (const char *const *word = route->words; word != NULL && *word != NULL; word++) {
        const char *equals = strchr(*word, '='), *got = NULL;
        char option[64];

        if (equals != NULL) {
            (void)text_copy_span(option, sizeof(option),
                                 span_of(*word, (size_t)(equals - *word)));
            if (!args_value(args, option, &got, err))
                return false;
            if (got == NULL || !text_equal(got, equals + 1))
                return fail(err, E_USAGE, "%s is missing", *word);
        } else if (text_starts(*word, "--") ? !args_flag(args, *word)
                                            : !text_equal(args_operand(args), *word)) {
            return fail(err, E_USAGE, "%s is missing", *word);
        }
    }
    return true;
}

/* ---- the request ---- */

static bool read_words(json_t *values, const struct api_route *route, struct args *args,
                       struct error *err)
{
    for (const struct api_param *param = NULL; (param = param_next(route, param)) != NULL;)
        if (param->option != NULL && !take_option(values, param, args, err))
            return false;
    if (!take_fixed(route, args, err))
        return false;
    for (const struct api_param *param = NULL; (param = param_next(route, param)) != NULL;)
        if (is_operand(param) && !take_operands(values, param, args, err))
            return false;
    for (const struct api_param *param = NULL; (param = param_next(route, param)) != NULL;)
        if (param->required && param->to != API_FD_OPTION &&
            json_object_get(values, param->name) == NULL)
            return fail(err, E_USAGE, "%s is missing", param->name);
    return args_end(args, err);
}

/* RFC 3986 section 2.3: all but the unreserved characters. */
static bool add_escaped(struct buf *out, const char *text, struct error *err)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;

        if (!(plain ? buf_add_byte(out, c, err) : buf_print(out, err, "%%%02X", c)))
            return false;
    }
    return true;
}

static bool add_shown(struct buf *out, const json_t *value, struct error *err)
{
    if (json_is_integer(value))
        return buf_print(out, err, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_string(value) ? add_escaped(out, json_string_value(value), err)
                                 : buf_add_text(out, "true", err);
}

static bool add_path(struct buf *out, const struct api_route *route, const json_t *values,
                     struct error *err)
{
    char name[64];

    for (const char *at = route->path; *at != '\0';) {
        const size_t plain = strcspn(at, "{"), n = strcspn(at + plain, "}");

        if (!buf_add(out, span_of(at, plain), err))
            return false;
        at += plain;
        if (*at == '\0')
            break;
        (void)text_copy_span(name, sizeof(name), span_of(at + 1, n - 1));
        if (!add_shown(out, json_object_get(values, name), err))
            return false;
        at += n + 1;
    }
    return true;
}

static bool add_pair(struct buf *out, char *between, const char *name, const json_t *value,
                     struct error *err)
{
    if (!buf_print(out, err, "%c%s=", *between, name) || !add_shown(out, value, err))
        return false;
    *between = '&';
    return true;
}

static bool add_query(struct buf *out, const struct api_route *route, const json_t *values,
                      struct error *err)
{
    char between = '?';

    for (const struct api_param *param = NULL;
         (param = param_next(route, param)) != NULL;) {
        const json_t *value = json_object_get(values, param->name), *item;
        size_t i;

        if (param->in != API_QUERY || value == NULL)
            continue;
        if (!json_is_array(value) && !add_pair(out, &between, param->name, value, err))
            return false;
        json_array_foreach(value, i, item)
        {
            if (!add_pair(out, &between, param->name, item, err))
                return false;
        }
    }
    return true;
}

static bool add_body(struct buf *out, const struct api_route *route, json_t *values,
                     struct error *err)
{
    json_t *body = NULL;

    for (const struct api_param *param = NULL;
         (param = param_next(route, param)) != NULL;) {
        if (param->in != API_BODY)
            continue;
        if (body == NULL)
            body = json_object();
        if (json_object_get(values, param->name) != NULL)
            json_object_set(body, param->name, json_object_get(values, param->name));
    }
    return body == NULL || json_write(out, body, err);
}

/* One that must be there is an administrator's new password: whose is judged before. */
static bool look_for_secret(struct remote_request *out, const struct api_route *route,
                            const json_t *values, struct error *err)
{
    const char *whose = json_string_value(json_object_get(values, "name"));

    out->secret = NULL;
    for (const struct api_param *param = NULL; (param = param_next(route, param));) {
        if (!param->required || param->to != API_FD_OPTION)
            continue;
        if (!admin_name_is_fit(whose != NULL ? whose : "", err))
            return false;
        (void)text_copy(out->whose, sizeof(out->whose), whose);
        if (json_object_get(values, param->name) == NULL)
            out->secret = param->name;
    }
    return true;
}

static bool try_row(struct remote_request *out, const struct api_route *route,
                    const struct args *words, struct error *err)
{
    scoped(json_drop) json_t *values = json_object();
    scoped(buf_clear) struct buf path = buf_upto(REMOTE_PATH_MAX - 1);
    struct args args = *words;

    if (!read_words(values, route, &args, err) ||
        !look_for_secret(out, route, values, err) || !add_path(&path, route, values, err) ||
        !add_query(&path, route, values, err) || !buf_terminate(&path, err) ||
        !add_body(&out->body, route, values, err))
        return false;
    out->route = route;
    return text_copy(out->path, sizeof(out->path), (const char *)path.at);
}

bool remote_request_make(struct remote_request *out, const char *command,
                         const struct args *words, struct error *err)
{
    const struct api_route *route = NULL;
    struct error last = {0};

    out->body = buf_upto(REMOTE_BODY_MAX);
    while ((route = api_route_of_command(command, route)) != NULL) {
        struct error why = {0};

        if (try_row(out, route, words, &why))
            return true;
        last = why;
        if (message_of(why.msg)->kind != USAGE) /* its words were right */
            break;
    }
    if (last.msg == E_NONE)
        return fail(err, E_REMOTE_COMMAND, "%s", command);
    *err = last;
    return false;
}

bool remote_request_ask(struct remote_request *request, struct error *err)
{
    scoped(buf_clear) struct buf secret = {0};
    scoped(json_drop) json_t *body = NULL;
    const struct passphrase_source terminal = {0};

    if (request->secret == NULL)
        return true;
    if (!passphrase_take_new(&secret, &terminal, request->whose, err) ||
        !json_open(&body, buf_span(&request->body), err))
        return false;
    buf_reset(&request->body);
    return (json_object_set_new(body, request->secret,
                                json_stringn((const char *)secret.at, secret.n)) == 0 ||
            fail(err, E_API_PROPERTY, "%s: not UTF-8", request->secret)) &&
           json_write(&request->body, json_incref(body), err);
}

/* ---- the answer ---- */

static void print_value(json_t *value)
{
    view_json_print(stdout, json_incref(value));
}

bool remote_print(const struct api_route *route, struct span answer)
{
    scoped(json_drop) json_t *object = NULL;
    struct error none = {0};
    json_t *item;
    size_t i;

    if (!json_open(&object, answer, &none))
        return false;
    if (route->as != API_AS_ITEMS || json_object_get(object, "items") == NULL) {
        print_value(object);
        return true;
    }
    json_array_foreach(json_object_get(object, "items"), i, item) print_value(item);
    return true;
}

bool remote_read_failure(struct error *out, struct span answer)
{
    scoped(json_drop) json_t *object = NULL;
    struct error none = {0};

    return json_open(&object, answer, &none) &&
           json_is_object(json_object_get(object, "error")) &&
           json_read_finding(out, json_object_get(object, "error"), &none);
}

int remote_job_status(struct span data)
{
    scoped(json_drop) json_t *job = NULL;
    struct error none = {0};
    int64_t status = 0;

    return json_open(&job, data, &none) &&
                   json_get_int(&status, job, "status", 0, 255, &none)
               ? (int)status
               : -1;
}
