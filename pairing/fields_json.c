/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/json.h"

#include "base/mem.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>

#define FIELD_BYTES_MAX (1U << 20)

void json_use_mem(void)
{
    json_set_alloc_funcs(mem_take, mem_free);
}

bool json_open(struct json_t **out, struct span text, struct error *err)
{
    json_error_t why;

    *out = json_loadb((const char *)text.at, text.n, JSON_REJECT_DUPLICATES, &why);
    if (*out == NULL)
        return fail(err, E_JSON, "line %d: %s", why.line, why.text);
    if (!json_is_object(*out)) {
        json_drop(out);
        return fail(err, E_JSON, "not an object");
    }
    return true;
}

void json_drop(struct json_t **value)
{
    json_decref(*value);
    *value = NULL;
}

static int write_piece(const char *piece, size_t n, void *out)
{
    struct error err = {0};

    return buf_add(out, span_of(piece, n), &err) ? 0 : -1;
}

bool json_write(struct buf *out, struct json_t *value, struct error *err)
{
    int code = json_dump_callback(value, write_piece, out, JSON_COMPACT);

    json_decref(value);
    return code == 0 ||
           fail(err, E_TOO_LARGE, "a message of more than %zu bytes", out->max);
}

static const json_t *field_of(const json_t *object, const char *field, struct error *err)
{
    const json_t *value = json_object_get(object, field);

    if (value == NULL)
        fail(err, E_JSON, "'%s' is missing", field);
    return value;
}

bool json_get_text(char *out, size_t room, const struct json_t *object, const char *field,
                   struct error *err)
{
    const json_t *value = field_of(object, field, err);

    if (value == NULL)
        return false;
    if (!json_is_string(value) ||
        memchr(json_string_value(value), 0, json_string_length(value)) != NULL ||
        !text_copy(out, room, json_string_value(value)))
        return fail(err, E_JSON, "'%s' is not a text of less than %zu bytes", field, room);
    return true;
}

bool json_get_int(int64_t *out, const struct json_t *object, const char *field, int64_t min,
                  int64_t max, struct error *err)
{
    const json_t *value = field_of(object, field, err);

    if (value == NULL)
        return false;
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return fail(err, E_JSON, "'%s' is not a whole number from %lld to %lld", field,
                    (long long)min, (long long)max);
    *out = json_integer_value(value);
    return true;
}

bool json_get_bool(bool *out, const struct json_t *object, const char *field,
                   struct error *err)
{
    const json_t *value = field_of(object, field, err);

    if (value == NULL)
        return false;
    *out = json_is_true(value);
    return json_is_boolean(value) ||
           fail(err, E_JSON, "'%s' is neither true nor false", field);
}

bool json_get_digest(struct digest *out, const struct json_t *object, const char *field,
                     struct error *err)
{
    char hex[DIGEST_HEX];

    if (!json_get_text(hex, sizeof(hex), object, field, err))
        return false;
    return digest_from_hex(out, hex) ||
           fail(err, E_JSON, "'%s' is not 64 hexadecimal characters", field);
}

bool json_get_bytes(struct buf *out, const struct json_t *object, const char *field,
                    struct error *err)
{
    const json_t *value = field_of(object, field, err);
    struct error why = {0};

    if (value == NULL)
        return false;
    if (!json_is_string(value) ||
        !text_base64_decode(
            out, span_of(json_string_value(value), json_string_length(value)), &why))
        return fail(err, E_JSON, "'%s' is not base64 of at most %zu bytes", field,
                    out->max);
    return true;
}

bool json_get_object(const struct json_t **out, const struct json_t *object,
                     const char *field, struct error *err)
{
    *out = field_of(object, field, err);
    if (*out == NULL)
        return false;
    return json_is_object(*out) || fail(err, E_JSON, "'%s' is not an object", field);
}

void json_put_text(struct json_t *object, const char *field, const char *text)
{
    /* Text of ours is UTF-8; what is not was made printable before it came here. */
    json_object_set_new(object, field, json_string(text));
}

void json_put_int(struct json_t *object, const char *field, int64_t value)
{
    json_object_set_new(object, field, json_integer(value));
}

void json_put_bool(struct json_t *object, const char *field, bool value)
{
    json_object_set_new(object, field, json_boolean(value));
}

void json_put_digest(struct json_t *object, const char *field, const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, digest);
    json_put_text(object, field, hex);
}

void json_put_bytes(struct json_t *object, const char *field, struct span bytes)
{
    scoped(buf_clear) struct buf text = buf_upto(FIELD_BYTES_MAX * 2);
    struct error err = {0};

    if (bytes.n <= FIELD_BYTES_MAX && text_base64_encode(&text, bytes, &err))
        json_object_set_new(object, field, json_stringn((const char *)text.at, text.n));
}

static json_t *ome_json(enum ome ome)
{
    const struct ome_words *words = ome_words_of(ome);
    json_t *args = json_array();

    if (words == NULL) {
        json_decref(args);
        return json_null();
    }
    if (words->argument != NULL)
        json_array_append_new(args, json_string(words->argument));
    return json_pack("{s:s, s:o}", "id", words->id, "args", args);
}

struct json_t *json_finding(const struct error *finding)
{
    const struct message *message = message_of(finding->msg);
    char about[2 * ABOUT_MAX];
    json_t *object = json_object();

    text_printable(about, sizeof(about), span_text(finding->about));
    json_put_text(object, "id", message->id);
    json_object_set_new(object, "rule",
                        message->rule != NULL ? json_string(message->rule) : json_null());
    json_put_text(object, "severity", severity_name(finding->severity));
    if (finding->side != SIDE_NONE)
        json_put_text(object, "side", side_name(finding->side));
    json_object_set_new(object, "rung",
                        finding->has_rung ? json_integer(finding->rung) : json_null());
    json_put_text(object, "message", message->text);
    json_put_text(object, "detail", about);
    json_put_text(object, "remedy", message->remedy);
    json_object_set_new(object, "ome", ome_json(message->ome));
    return object;
}

static enum severity severity_named(const char *name)
{
    for (enum severity s = SEVERITY_ERROR; s <= SEVERITY_NOTE; s++)
        if (text_equal(severity_name(s), name))
            return s;
    return SEVERITY_ERROR;
}

static enum side side_named(const char *name)
{
    for (enum side s = SIDE_NONE; s <= SIDE_BOTH; s++)
        if (text_equal(side_name(s), name))
            return s;
    return SIDE_NONE;
}

/* Text of a field that may be absent; longer is cut. */
static void optional_text(char *out, size_t room, const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);

    out[0] = '\0';
    if (json_is_string(value))
        (void)text_copy(out, room, json_string_value(value));
}

bool json_read_finding(struct error *out, const struct json_t *object, struct error *err)
{
    char id[16], severity[16], side[16], about[ABOUT_MAX], message[ABOUT_MAX];
    const json_t *rung = json_object_get(object, "rung");

    if (!json_get_text(id, sizeof(id), object, "id", err))
        return false;
    optional_text(severity, sizeof(severity), object, "severity");
    optional_text(side, sizeof(side), object, "side");
    optional_text(about, sizeof(about), object, "detail");
    optional_text(message, sizeof(message), object, "message");
    *out = (struct error){.msg = message_by_id(id)};
    if (out->msg == E_NONE)
        fail(out, E_PEER_SAYS, "%.15s: %.200s: %.200s", id, message, about);
    else
        (void)text_fits(out->about, about);
    out->severity = severity_named(severity);
    out->side = side_named(side);
    if (json_is_integer(rung) && json_integer_value(rung) >= 0 &&
        json_integer_value(rung) < UINT16_MAX) {
        out->has_rung = true;
        out->rung = (unsigned)json_integer_value(rung);
    }
    return true;
}

struct json_t *json_findings_within(const struct report *report, size_t bytes_max)
{
    json_t *list = json_array();
    size_t bytes = 0;

    for (size_t i = 0; i < report->n; i++) {
        json_t *item = json_finding(&report->item[i]);
        size_t n = json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;

        if (bytes + n <= bytes_max) {
            json_array_append(list, item);
            bytes += n;
        }
        json_decref(item);
    }
    return list;
}

struct json_t *json_findings(const struct report *report)
{
    return json_findings_within(report, SIZE_MAX);
}

bool json_read_findings(struct report *out, const struct json_t *object, struct error *err)
{
    const json_t *list = json_object_get(object, "findings");
    size_t i;
    json_t *item;

    if (!json_is_array(list) || json_array_size(list) > REPORT_MAX)
        return fail(err, E_JSON, "'findings' is not an array of at most %d", REPORT_MAX);
    json_array_foreach(list, i, item)
    {
        struct error finding = {0};

        if (!json_is_object(item) || !json_read_finding(&finding, item, err))
            return fail(err, E_JSON, "a finding is not an object");
        report_add(out, &finding);
    }
    return true;
}
