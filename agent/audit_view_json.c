/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records for machines and, from the same JSON, for people. */
#include "agent/audit_json.h"
#include "agent/view_json.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>

/* The database may have been written by others: nothing of it goes out as it is. */
static void put_shown(FILE *out, const char *text)
{
    char safe[4 * AUDIT_TEXT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    fputs(safe, out);
}

static void put_safe(json_t *object, const char *field, const char *text)
{
    char safe[4 * AUDIT_TEXT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    json_put_text(object, field, safe);
}

static json_t *details_of(const struct audit_record *record)
{
    struct error unreadable = {0};
    json_t *details = NULL;

    if (json_open(&details, span_text(record->details), &unreadable))
        return details;
    return json_null();
}

void audit_json_show(FILE *out, const struct audit_record *record)
{
    char at[TIME_TEXT_MAX];
    json_t *object = json_object();

    text_show_time(at, (time_t)record->at);
    json_put_int(object, "seq", (int64_t)record->seq);
    json_put_text(object, "at", at);
    put_safe(object, "kind", record->kind);
    put_safe(object, "event", record->event);
    put_safe(object, "subject", record->subject);
    json_object_set_new(object, "details", details_of(record));
    json_put_digest(object, "hash", &record->hash);
    view_json_print(out, object);
}

static void show_scalar(FILE *out, const char *name, const json_t *value)
{
    fputc(' ', out);
    put_shown(out, name);
    fputc('=', out);
    if (json_is_string(value))
        put_shown(out, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        fputs(json_is_true(value) ? "yes" : "no", out);
}

static bool is_scalar(const json_t *value)
{
    return json_is_string(value) || json_is_integer(value) || json_is_boolean(value);
}

/* A finding as the reports show it, anything else by its fields. */
static void show_item(FILE *out, const char *list, size_t i, json_t *item)
{
    const char *id = json_string_value(json_object_get(item, "id"));
    const char *name;
    json_t *value;

    fputs("      ", out);
    if (id != NULL) {
        put_shown(out, json_string_value(json_object_get(item, "severity")) != NULL
                           ? json_string_value(json_object_get(item, "severity"))
                           : "");
        for (size_t field = 0; field < 4; field++) {
            static const char *const fields[] = {"id", "rule", "message", "detail"};
            const char *text = json_string_value(json_object_get(item, fields[field]));

            fputc(' ', out);
            put_shown(out, text != NULL ? text : "-");
        }
        fputc('\n', out);
        return;
    }
    put_shown(out, list);
    fprintf(out, " %zu:", i);
    json_object_foreach(item, name, value) if (is_scalar(value))
        show_scalar(out, name, value);
    fputc('\n', out);
}

static void show_details(FILE *out, json_t *details)
{
    bool begun = false;
    const char *name;
    json_t *value, *item;
    size_t i;

    json_object_foreach(details, name, value)
    {
        if (!is_scalar(value))
            continue;
        if (!begun)
            fputs("     ", out);
        begun = true;
        show_scalar(out, name, value);
    }
    if (begun)
        fputc('\n', out);
    json_object_foreach(details, name, value) json_array_foreach(value, i, item)
        show_item(out, name, i, item);
}

void audit_text_show(FILE *out, const struct audit_record *record)
{
    scoped(json_drop) json_t *details = details_of(record);
    char at[TIME_TEXT_MAX];

    text_show_time(at, (time_t)record->at);
    fprintf(out, "%llu  %s  ", (unsigned long long)record->seq, at);
    put_shown(out, record->kind);
    fputc(' ', out);
    put_shown(out, record->event);
    fputs("  ", out);
    put_shown(out, record->subject);
    fputc('\n', out);
    show_details(out, details);
}

void audit_json_check(FILE *out, const struct audit_check *check)
{
    json_t *object = json_object();

    json_put_bool(object, "good", check->first == 0);
    json_put_int(object, "records", (int64_t)check->records);
    json_put_int(object, "vouched", (int64_t)check->vouched);
    json_object_set_new(object, "first",
                        check->first != 0 ? json_integer((json_int_t)check->first)
                                          : json_null());
    json_object_set_new(object, "findings", json_findings(&check->findings));
    view_json_print(out, object);
}
