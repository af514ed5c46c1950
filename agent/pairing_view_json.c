/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pairing_view.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>

void pairing_view_text(FILE *out, const struct pairing *pairing, const char *self)
{
    char name[512], until[TIME_TEXT_MAX];

    text_printable(name, sizeof(name), span_text(pairing->name));
    text_show_time(until, pairing->expires);
    fprintf(out,
            "%s  code %s  %s\n    %s at %s, %u certificates, %u warnings -> %s: '%s',"
            " until %s\n",
            pairing->id, pairing->view.code, pairing_state_name(pairing->state),
            pairing->peer, pairing->view.address, pairing->view.rungs,
            pairing->view.warnings, self, name, until);
}

static void put_time(json_t *object, const char *field, time_t at)
{
    char text[TIME_TEXT_MAX];

    text_show_time(text, at);
    json_put_text(object, field, text);
}

void pairing_view_json(FILE *out, const struct pairing *pairing, const char *self)
{
    json_t *object = json_object();
    char name[512];

    text_printable(name, sizeof(name), span_text(pairing->name));
    json_put_text(object, "id", pairing->id);
    json_put_text(object, "state", pairing_state_name(pairing->state));
    json_put_text(object, "code", pairing->view.code);
    json_put_text(object, "source", pairing->peer);
    json_put_text(object, "target", self);
    json_put_text(object, "address", pairing->view.address);
    json_put_text(object, "name", name);
    json_put_int(object, "certificates", pairing->view.rungs);
    json_put_int(object, "warnings", pairing->view.warnings);
    put_time(object, "created", pairing->created);
    put_time(object, "expires", pairing->expires);
    if (pairing->grant_id[0] != '\0')
        json_put_text(object, "grant", pairing->grant_id);
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}
