/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request commands' part of certs_json.h. */
#include "agent/certs_json.h"
#include "agent/view_json.h"

#include <jansson.h>

static json_t *pending_object(const struct pending *pending)
{
    const struct csr *request = &pending->request;
    json_t *object = json_object();

    json_object_set_new(object, "id", json_string(pending->id));
    json_object_set_new(object, "purpose", json_string(pending->purpose));
    json_object_set_new(object, "created", view_json_time(pending->created));
    json_object_set_new(object, "used", view_json_time(pending->used));
    json_object_set_new(object, "subject", json_string(request->subject_text));
    json_object_set_new(object, "cn", json_string(request->cn));
    json_object_set_new(object, "san", json_string(request->san_text));
    json_object_set_new(object, "spki_sha256", view_json_digest(&request->spki_sha256));
    return object;
}

static json_t *damaged_array(const struct ledger *ledger)
{
    json_t *array = json_array();

    for (size_t i = 0; i < ledger->damages; i++)
        json_array_append_new(array, json_pack("{s:s, s:o}", "id", ledger->damaged[i].id,
                                               "finding",
                                               view_json_finding(&ledger->damaged[i].why)));
    return array;
}

void certs_json_ledger(FILE *out, const struct ledger *ledger)
{
    json_t *array = json_array();

    for (size_t i = 0; i < ledger->n; i++)
        json_array_append_new(array, pending_object(&ledger->item[i]));
    view_json_print(
        out, json_pack("{s:o, s:o}", "requests", array, "damaged", damaged_array(ledger)));
}

void certs_json_pending(FILE *out, const struct pending *pending, struct span pem)
{
    json_t *object = pending_object(pending);

    json_object_set_new(object, "request", json_stringn((const char *)pem.at, pem.n));
    view_json_print(out, object);
}

void certs_json_dropped(FILE *out, const char *id)
{
    view_json_print(out, json_pack("{s:s}", "dropped", id));
}

void certs_json_diff(FILE *out, const struct report *report)
{
    view_json_print(out, json_pack("{s:b, s:o}", "same", report->n == 0, "findings",
                                   view_json_report(report)));
}

void certs_json_profiles(FILE *out)
{
    json_t *array = json_array();
    const struct csr_profile *row;

    for (size_t i = 0; (row = csr_profile_at(i)) != NULL; i++)
        json_array_append_new(array, json_pack("{s:s, s:b, s:b, s:b}", "purpose", row->name,
                                               "ecdsa", row->ecdsa, "multi_server",
                                               row->multi_server, "ca", row->ca));
    view_json_print(out, json_pack("{s:o}", "profiles", array));
}
