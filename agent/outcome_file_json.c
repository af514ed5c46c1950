/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/outcome_file.h"

#include "base/text.h"
#include "certs/chain.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>

#define FORMAT "pairgate outcome v1"
#define FIELD_NAME_MAX 128

struct outcome_file outcome_file_none(void)
{
    return (struct outcome_file){.text = signed_text_none(),
                                 .countersignature = buf_upto(KEY_SIGNATURE_MAX),
                                 .source_chain = buf_upto(CHAIN_PACKED_MAX),
                                 .target_chain = buf_upto(CHAIN_PACKED_MAX),
                                 .shown = buf_upto(2 * STATEMENT_BODY_MAX)};
}

void outcome_file_clear(struct outcome_file *file)
{
    signed_text_clear(&file->text);
    buf_clear(&file->countersignature);
    buf_clear(&file->source_chain);
    buf_clear(&file->target_chain);
    buf_clear(&file->shown);
}

static const char *text_name(enum signed_kind kind)
{
    return kind == SIGNED_RECEIPT ? "receipt" : "abort";
}

/* What may not have been kept; a row that is not there leaves `out` empty. */
static bool load_part(struct buf *out, struct db *db, const char *id,
                      enum statement_kept kind, bool of_signature, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = {
        .body = buf_upto(CHAIN_PACKED_MAX), .signature = buf_upto(KEY_SIGNATURE_MAX)};
    struct error missing = {0};

    if (!handover_statement(&text, db, id, kind, &missing)) {
        if (missing.msg != E_STATEMENT_NONE)
            *err = missing;
        return missing.msg == E_STATEMENT_NONE;
    }
    return buf_add(out, buf_span(of_signature ? &text.signature : &text.body), err);
}

bool outcome_file_load(struct outcome_file *out, struct db *db, const char *id,
                       struct error *err)
{
    struct error none = {0};

    out->kind = SIGNED_RECEIPT;
    if (!handover_statement(&out->text, db, id, KEPT_RECEIPT, &none)) {
        none = (struct error){0};
        out->kind = SIGNED_ABORT;
        if (!handover_statement(&out->text, db, id, KEPT_ABORT, &none)) {
            if (none.msg == E_STATEMENT_NONE)
                return fail(err, E_STATEMENT_NONE, "%s is not decided yet", id);
            *err = none;
            return false;
        }
    }
    return load_part(&out->countersignature, db, id, KEPT_COUNTERSIGN, true, err) &&
           load_part(&out->source_chain, db, id, KEPT_SOURCE_CHAIN, false, err) &&
           load_part(&out->target_chain, db, id, KEPT_TARGET_CHAIN, false, err) &&
           buf_add(&out->shown, buf_span(&out->text.body), err);
}

/* Certificates as an array of base64, the leaf first. */
static void put_chain(json_t *object, const char *field, const struct buf *packed)
{
    scoped(chain_clear) struct chain chain = {0};
    struct error ignored = {0};
    json_t *array;

    if (!chain_unpack(&chain, buf_span(packed), &ignored))
        return;
    array = json_array();
    for (size_t i = 0; i < chain.n; i++) {
        json_t *holder = json_object();

        json_put_bytes(holder, "der", buf_span(&chain.cert[i].der));
        json_array_append(array, json_object_get(holder, "der"));
        json_decref(holder);
    }
    json_object_set_new(object, field, array);
}

bool outcome_file_write(struct buf *out, const struct outcome_file *file, struct error *err)
{
    json_t *object = json_object(), *text = json_object();
    const struct buf *shown = &file->shown;

    json_put_text(object, "format", FORMAT);
    json_put_bytes(text, "body", buf_span(&file->text.body));
    json_put_bytes(text, "signature", buf_span(&file->text.signature));
    json_object_set_new(object, text_name(file->kind), text);
    if (file->countersignature.n > 0)
        json_put_bytes(object, "countersignature", buf_span(&file->countersignature));
    put_chain(object, "source_chain", &file->source_chain);
    put_chain(object, "target_chain", &file->target_chain);
    if (shown->n > 0)
        json_object_set_new(object, "shown",
                            json_loadb((const char *)shown->at, shown->n, 0, NULL));
    return json_write(out, object, err);
}

static bool read_cert(struct buf *out, json_t *item, const char *field, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    json_t *holder = json_pack("{s:O}", field, item);
    bool good = json_get_bytes(&der, holder, field, err);
    const unsigned char length[4] = {(unsigned char)(der.n >> 24),
                                     (unsigned char)(der.n >> 16),
                                     (unsigned char)(der.n >> 8), (unsigned char)der.n};

    json_decref(holder);
    return good && buf_add(out, span_of(length, sizeof(length)), err) &&
           buf_add(out, buf_span(&der), err);
}

static bool read_chain(struct buf *out, const json_t *object, const char *field,
                       struct error *err)
{
    const json_t *array = json_object_get(object, field);

    if (array != NULL && !json_is_array(array))
        return fail(err, E_JSON, "'%s' is no array", field);
    for (size_t i = 0; i < json_array_size(array); i++)
        if (!read_cert(out, json_array_get(array, i), field, err))
            return false;
    return true;
}

static bool read_text(struct outcome_file *out, const json_t *object, struct error *err)
{
    const json_t *text = NULL;

    out->kind = json_object_get(object, "receipt") != NULL ? SIGNED_RECEIPT : SIGNED_ABORT;
    return json_get_object(&text, object, text_name(out->kind), err) &&
           json_get_bytes(&out->text.body, text, "body", err) &&
           json_get_bytes(&out->text.signature, text, "signature", err);
}

bool outcome_file_read(struct outcome_file *out, struct span text, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    json_t *shown;

    if (!json_open(&object, text, err) || !read_text(out, object, err) ||
        !read_chain(&out->source_chain, object, "source_chain", err) ||
        !read_chain(&out->target_chain, object, "target_chain", err) ||
        (json_object_get(object, "countersignature") != NULL &&
         !json_get_bytes(&out->countersignature, object, "countersignature", err)))
        return false;
    shown = json_object_get(object, "shown");
    return shown == NULL || json_write(&out->shown, json_incref(shown), err);
}

static void name_field(struct report *findings, const char *name)
{
    struct error finding = {0};

    fail(&finding, E_RECEIPT_FIELD, "%s", name);
    report_add(findings, &finding);
}

/* Fields of `a` that `b` has not or has otherwise. */
static void compare_objects(json_t *a, const json_t *b, const char *above,
                            struct report *findings)
{
    const char *key;
    json_t *value;

    json_object_foreach(a, key, value)
    {
        const json_t *other = json_object_get(b, key);
        char name[2 * FIELD_NAME_MAX], safe[FIELD_NAME_MAX];

        text_printable(safe, sizeof(safe), span_text(key));
        snprintf(name, sizeof(name), "%s%s", above, safe);
        if (json_is_object(value) && json_is_object(other)) {
            snprintf(name, sizeof(name), "%s.", safe);
            compare_objects(value, other, name, findings);
        } else if (other == NULL || !json_equal(value, other)) {
            name_field(findings, name);
        }
    }
}

void outcome_file_compare(const struct outcome_file *file, struct report *findings)
{
    scoped(json_drop) json_t *body = NULL;
    scoped(json_drop) json_t *shown = NULL;
    struct error why = {0};

    if (file->shown.n == 0 || !json_open(&shown, buf_span(&file->shown), &why))
        return;
    if (!json_open(&body, buf_span(&file->text.body), &why)) {
        name_field(findings, "body");
        return;
    }
    compare_objects(shown, body, "", findings);
}
