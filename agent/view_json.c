/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_json.h"

#include "base/text.h"

#include <jansson.h>

/* A string that is JSON whatever the bytes: what cannot be shown is escaped. */
static json_t *plain(const char *text)
{
    char safe[4 * ABOUT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    return json_string(safe);
}

static json_t *ome_of(const struct message *message)
{
    const struct ome_words *words = ome_words_of(message->ome);
    json_t *args;

    if (words == NULL)
        return json_null();
    args = json_array();
    if (words->argument != NULL)
        json_array_append_new(args, json_string(words->argument));
    return json_pack("{s:s, s:o}", "id", words->id, "args", args);
}

json_t *view_json_finding(const struct error *finding)
{
    const struct message *message = message_of(finding->msg);
    json_t *object = json_object();

    json_object_set_new(object, "id", json_string(message->id));
    json_object_set_new(object, "rule",
                        message->rule != NULL ? json_string(message->rule) : json_null());
    json_object_set_new(object, "severity", json_string(severity_name(finding->severity)));
    if (finding->side != SIDE_NONE)
        json_object_set_new(object, "side", json_string(side_name(finding->side)));
    json_object_set_new(object, "rung",
                        finding->has_rung ? json_integer(finding->rung) : json_null());
    json_object_set_new(object, "message", json_string(message->text));
    json_object_set_new(object, "detail", plain(finding->about));
    json_object_set_new(object, "remedy", json_string(message->remedy));
    json_object_set_new(object, "ome", ome_of(message));
    return object;
}

json_t *view_json_report(const struct report *report)
{
    json_t *array = json_array();

    for (size_t i = 0; i < report->n; i++)
        json_array_append_new(array, view_json_finding(&report->item[i]));
    return array;
}

static json_t *time_of(const struct cert_time *time)
{
    char text[TIME_TEXT_MAX];

    if (time->form == FORM_BAD)
        return json_null();
    text_show_time(text, time->at);
    return json_string(text);
}

static json_t *digest_text(const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, digest);
    return json_string(hex);
}

json_t *view_json_rung(const struct cert *cert)
{
    json_t *object = json_object();

    json_object_set_new(object, "issued_to", plain(cert_issued_to(cert)));
    json_object_set_new(object, "issued_by", plain(cert_issued_by(cert)));
    json_object_set_new(object, "not_before", time_of(&cert->not_before));
    json_object_set_new(object, "not_after", time_of(&cert->not_after));
    json_object_set_new(object, "sha256", digest_text(&cert->sha256));
    json_object_set_new(object, "spki_sha256", digest_text(&cert->spki_sha256));
    return object;
}

json_t *view_json_ladder(const struct chain *chain)
{
    json_t *array = json_array();

    for (size_t i = 0; i < chain->n; i++)
        json_array_append_new(array, view_json_rung(&chain->cert[i]));
    return array;
}

void view_json_print(FILE *out, json_t *value)
{
    json_dumpf(value, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(value);
}

void view_json_failure(FILE *out, const struct error *err)
{
    view_json_print(out, json_pack("{s:o}", "error", view_json_finding(err)));
}
