/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_json.h"

#include "base/text.h"
#include "certs/published.h"
#include "pairing/json.h"

#include <jansson.h>

json_t *view_json_text(const char *text)
{
    char safe[4 * ABOUT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    return json_string(safe);
}

json_t *view_json_finding(const struct error *finding)
{
    return json_finding(finding);
}

json_t *view_json_report(const struct report *report)
{
    return json_findings(report);
}

static json_t *shown_time(time_t at)
{
    char text[TIME_TEXT_MAX];

    text_show_time(text, at);
    return json_string(text);
}

json_t *view_json_time(time_t at)
{
    return at == 0 ? json_null() : shown_time(at);
}

/* One that can be read may well be 1970. */
static json_t *time_of(const struct cert_time *time)
{
    return time->form == FORM_BAD ? json_null() : shown_time(time->at);
}

json_t *view_json_digest(const struct digest *digest)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, digest);
    return json_string(hex);
}

json_t *view_json_rung(const struct cert *cert)
{
    json_t *object = json_object();

    json_object_set_new(object, "issued_to", view_json_text(cert_issued_to(cert)));
    json_object_set_new(object, "issued_by", view_json_text(cert_issued_by(cert)));
    json_object_set_new(object, "not_before", time_of(&cert->not_before));
    json_object_set_new(object, "not_after", time_of(&cert->not_after));
    json_object_set_new(object, "sha256", view_json_digest(&cert->sha256));
    json_object_set_new(object, "spki_sha256", view_json_digest(&cert->spki_sha256));
    return object;
}

json_t *view_json_ladder(const struct chain *chain)
{
    json_t *array = json_array();

    for (size_t i = 0; i < chain->n; i++)
        json_array_append_new(array, view_json_rung(&chain->cert[i]));
    return array;
}

void view_json_both(json_t *rung, json_t *server, json_t *client)
{
    json_object_set_new(rung, "leaves",
                        json_pack("{s:o, s:o}", "server", server, "client", client));
}

void view_json_leaves(json_t *rung, const struct leaves *leaves)
{
    if (leaves_are_split(leaves))
        view_json_both(rung, view_json_rung(chain_leaf(leaves->server)),
                       view_json_rung(chain_leaf(leaves->client)));
}

json_t *view_json_list(const struct published *list, json_t *entries)
{
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "list", list->list, "sequence",
                     (int)list->sequence, "publisher",
                     list->publisher[0] != '\0' ? view_json_text(list->publisher)
                                                : json_null(),
                     "issued", view_json_time(list->issued), "expires",
                     view_json_time(list->expires), "entries", entries);
}

json_t *view_json_left(const struct left_behind *left)
{
    json_t *object = json_object();

    json_put_int(object, "sockets", (int64_t)left->sockets);
    json_put_int(object, "pipes", (int64_t)left->pipes);
    json_put_int(object, "devices", (int64_t)left->devices);
    json_put_int(object, "skipped", (int64_t)left->skipped);
    return object;
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
