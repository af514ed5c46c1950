/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/table_json.h"

#include "base/digest.h"
#include "base/text.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#define BYTES_MAX (1U << 20)

static void drop(json_t **value)
{
    json_decref(*value);
}

static json_t *base64_json(struct span bytes)
{
    scoped(buf_clear) struct buf text = buf_upto(2 * BYTES_MAX);
    struct error ignored = {0};

    if (!text_base64_encode(&text, bytes, &ignored))
        return json_null();
    return json_stringn((const char *)text.at, text.n);
}

static json_t *name_json(const char *name)
{
    if (text_is_utf8(span_text(name)))
        return json_string(name);
    return json_pack("{s:o}", "b64", base64_json(span_text(name)));
}

static json_t *digest_json(const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, digest);
    return json_string(hex);
}

static json_t *time_json(int64_t at)
{
    char text[TIME_TEXT_MAX];

    text_show_time(text, (time_t)at);
    return json_string(text);
}

/* Values are copied out, so that no pointer needs a cast to a stricter type. */
static int64_t whole_at(const void *at)
{
    int64_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static unsigned unsigned_at(const void *at)
{
    unsigned value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static json_t *object_json(const struct field_row *table, const void *from);

static bool is_absent(const struct field_row *row, const void *at)
{
    return row->type == AS_MAYBE && !*(const bool *)at;
}

static json_t *value_json(const struct field_row *row, const void *at)
{
    switch (row->type) {
    case AS_TEXT:
        return json_string(at);
    case AS_NAME:
        return name_json(at);
    case AS_COUNT:
        return json_integer(whole_at(at));
    case AS_NUMBER:
        return json_integer(unsigned_at(at));
    case AS_TIME:
        return time_json(whole_at(at));
    case AS_FLAG:
        return json_boolean(*(const bool *)at);
    case AS_DIGEST:
        return digest_json(at);
    case AS_KIND:
        return json_string(digest_name((enum digest_kind)unsigned_at(at)));
    case AS_BYTES:
        return base64_json(buf_span(at));
    case AS_OBJECT:
    case AS_MAYBE:
        break;
    }
    return object_json(row->table, at);
}

static json_t *object_json(const struct field_row *table, const void *from)
{
    json_t *object = json_object();

    for (const struct field_row *row = table; row->name != NULL; row++)
        if (!is_absent(row, (const char *)from + row->offset))
            json_object_set_new(object, row->name,
                                value_json(row, (const char *)from + row->offset));
    return object;
}

static int write_piece(const char *piece, size_t n, void *out)
{
    struct error ignored = {0};

    return buf_add(out, span_of(piece, n), &ignored) ? 0 : -1;
}

bool table_write(struct buf *out, const struct field_row *table, const char *format,
                 const void *from, struct error *err)
{
    scoped(drop) json_t *object = json_object();
    scoped(drop) json_t *fields = object_json(table, from);

    if (format != NULL)
        json_object_set_new(object, "format", json_string(format));
    if (json_object_update(object, fields) != 0)
        return fail(err, E_WIRE_BAD, "a text that is no UTF-8");
    return json_dump_callback(object, write_piece, out, JSON_COMPACT) == 0 ||
           fail(err, E_TOO_LARGE, "more than %zu bytes of JSON", out->max);
}

static bool read_text(char *out, size_t room, const json_t *value)
{
    return json_is_string(value) &&
           strlen(json_string_value(value)) == json_string_length(value) &&
           text_copy(out, room, json_string_value(value));
}

static bool read_bytes(struct buf *out, const json_t *value)
{
    struct error ignored = {0};

    return json_is_string(value) &&
           text_base64_decode(
               out, span_of(json_string_value(value), json_string_length(value)), &ignored);
}

static bool read_name(char *out, size_t room, const json_t *value)
{
    scoped(buf_clear) struct buf bytes = buf_upto(room - 1);

    if (json_is_string(value))
        return read_text(out, room, value);
    return read_bytes(&bytes, json_object_get(value, "b64")) &&
           text_copy_span(out, room, buf_span(&bytes)) && strlen(out) == bytes.n;
}

static bool read_whole(void *out, const json_t *value)
{
    const int64_t whole = json_integer_value(value);

    memcpy(out, &whole, sizeof(whole));
    return json_is_integer(value) && whole >= 0;
}

static bool read_number(void *out, const json_t *value)
{
    const json_int_t whole = json_integer_value(value);
    const unsigned number = (unsigned)whole;

    memcpy(out, &number, sizeof(number));
    return json_is_integer(value) && whole > 0 && whole <= INT32_MAX;
}

static bool read_time(void *out, const json_t *value)
{
    struct error ignored = {0};
    char text[TIME_TEXT_MAX];
    time_t time = 0;
    int64_t at;

    if (!read_text(text, sizeof(text), value) || !text_time(&time, text, &ignored))
        return false;
    at = time;
    memcpy(out, &at, sizeof(at));
    return true;
}

static bool read_digest(struct digest *out, const json_t *value)
{
    char hex[DIGEST_HEX];

    return read_text(hex, sizeof(hex), value) && digest_from_hex(out, hex);
}

static bool read_kind(void *out, const json_t *value)
{
    enum digest_kind kind = DIGEST_SHA256;
    const bool known =
        json_is_string(value) && digest_named(&kind, json_string_value(value));

    memcpy(out, &kind, sizeof(kind));
    return known;
}

static bool read_object(void *out, const struct field_row *table, const json_t *object,
                        enum msg bad, struct error *err);

static bool read_value(void *out, const struct field_row *row, const json_t *value,
                       enum msg bad, struct error *err)
{
    switch (row->type) {
    case AS_TEXT:
        return read_text(out, row->room, value);
    case AS_NAME:
        return read_name(out, row->room, value);
    case AS_COUNT:
        return read_whole(out, value);
    case AS_NUMBER:
        return read_number(out, value);
    case AS_TIME:
        return read_time(out, value);
    case AS_FLAG:
        *(bool *)out = json_is_true(value);
        return json_is_boolean(value);
    case AS_DIGEST:
        return read_digest(out, value);
    case AS_KIND:
        return read_kind(out, value);
    case AS_BYTES:
        return read_bytes(out, value);
    case AS_MAYBE:
        *(bool *)out = true;
        break;
    case AS_OBJECT:
        break;
    }
    return read_object(out, row->table, value, bad, err);
}

static bool read_object(void *out, const struct field_row *table, const json_t *object,
                        enum msg bad, struct error *err)
{
    for (const struct field_row *row = table; row->name != NULL; row++) {
        const json_t *value = json_object_get(object, row->name);

        if (value == NULL && row->type == AS_MAYBE)
            continue;
        if (value == NULL)
            return fail(err, bad, "'%s' is missing", row->name);
        if (!read_value((char *)out + row->offset, row, value, bad, err))
            return fail(err, bad, "'%s' is not as it must be", row->name);
    }
    return true;
}

bool table_read(void *out, const struct field_row *table, const char *format,
                struct span text, enum msg bad, struct error *err)
{
    json_error_t why;
    scoped(drop) json_t *object =
        json_loadb((const char *)text.at, text.n, JSON_REJECT_DUPLICATES, &why);
    const char *found = json_string_value(json_object_get(object, "format"));

    if (!json_is_object(object))
        return fail(err, bad, "no JSON object: %s", object == NULL ? why.text : "");
    if (format != NULL && (found == NULL || !text_equal(found, format)))
        return fail(err, bad, "its format is not '%s'", format);
    return read_object(out, table, object, bad, err);
}
