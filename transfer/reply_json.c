/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers that are no plain struct: refusals and ranges. */
#include "transfer/wire_json.h"

#include "base/mem.h"
#include "base/text.h"

#include <jansson.h>

static void drop(json_t **value)
{
    json_decref(*value);
}

static json_t *parse(struct span body)
{
    return json_loadb((const char *)body.at, body.n, JSON_REJECT_DUPLICATES, NULL);
}

static const char *text_of(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    return text != NULL ? text : "";
}

void wire_read_refusal(struct span body, int status, struct error *err)
{
    scoped(drop) json_t *reply = parse(body);
    const json_t *first = json_array_get(json_object_get(reply, "findings"), 0);
    const enum msg msg = message_by_id(text_of(first, "id"));
    char words[ABOUT_MAX];

    if (msg != E_NONE) {
        text_printable(words, sizeof(words), span_text(text_of(first, "detail")));
        fail(err, msg, "%s", words);
    } else {
        text_printable(words, sizeof(words), span_text(text_of(first, "message")));
        fail(err, E_PUT_REFUSED, "HTTP status %d %s", status, words);
    }
    err->side = SIDE_TARGET;
}

static int write_piece(const char *piece, size_t n, void *out)
{
    struct error ignored = {0};

    return buf_add(out, span_of(piece, n), &ignored) ? 0 : -1;
}

bool wire_write_ranges(struct buf *out, const struct ranges *ranges, struct error *err)
{
    scoped(drop) json_t *reply = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < ranges->n; i++)
        json_array_append_new(list, json_pack("[I, I]", (json_int_t)ranges->item[i].first,
                                              (json_int_t)ranges->item[i].last));
    json_object_set_new(reply, "ranges", list);
    json_object_set_new(
        reply, "next", ranges->more ? json_integer((json_int_t)ranges->next) : json_null());
    return json_dump_callback(reply, write_piece, out, JSON_COMPACT) == 0 ||
           fail(err, E_TOO_LARGE, "more than %zu bytes of JSON", out->max);
}

static bool read_range(struct range *out, const json_t *value)
{
    const json_t *first = json_array_get(value, 0);
    const json_t *last = json_array_get(value, 1);

    out->first = (uint64_t)json_integer_value(first);
    out->last = (uint64_t)json_integer_value(last);
    return json_array_size(value) == 2 && json_is_integer(first) && json_is_integer(last) &&
           json_integer_value(first) >= 0 && out->last >= out->first &&
           out->last < SEGMENTS_MAX;
}

bool wire_read_ranges(struct ranges *out, struct span body, struct error *err)
{
    scoped(drop) json_t *reply = parse(body);
    const json_t *list = json_object_get(reply, "ranges");
    const json_t *next = json_object_get(reply, "next");

    *out = (struct ranges){0};
    if (!json_is_array(list) || json_array_size(list) > RECEIVE_RANGES_MAX)
        return fail(err, E_PUT_ANSWER, "'ranges'");
    out->item = mem_zeroed(RECEIVE_RANGES_MAX, sizeof(*out->item));
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_range(&out->item[out->n++], json_array_get(list, i)))
            return fail(err, E_PUT_ANSWER, "range %zu", i);
    out->more = json_is_integer(next);
    out->next = (uint64_t)json_integer_value(next);
    if (!out->more && !json_is_null(next))
        return fail(err, E_PUT_ANSWER, "'next'");
    return !out->more || (out->n > 0 && out->next > out->item[out->n - 1].last) ||
           fail(err, E_PUT_ANSWER, "'next' does not go on");
}
