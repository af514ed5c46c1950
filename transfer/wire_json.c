/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/wire_json.h"

#include "base/mem.h"
#include "base/text.h"
#include "transfer/table_json.h"

#include <jansson.h>
#include <string.h>

static const struct field_row status_fields[] = {
    FIELD("state", AS_TEXT, send_status, state),
    FIELD("generation", AS_NUMBER, send_status, generation),
    FIELD("epoch", AS_COUNT, send_status, epoch),
    FIELD("pages", AS_COUNT, send_status, pages),
    FIELD("pages_root", AS_DIGEST, send_status, pages_root),
    FIELD("closed", AS_FLAG, send_status, closed),
    FIELD("segments", AS_COUNT, send_status, segments),
    FIELD("received", AS_COUNT, send_status, received),
    FIELD("durable", AS_COUNT, send_status, durable),
    FIELD("offers", AS_FLAG, send_status, offers),
    FIELD_END,
};

static const struct field_row sum_fields[] = {
    FIELD("root", AS_DIGEST, manifest_sum, root),
    FIELD("pages", AS_COUNT, manifest_sum, pages),
    FIELD("entries", AS_COUNT, manifest_sum, entries),
    FIELD("files", AS_COUNT, manifest_sum, files),
    FIELD("bytes", AS_COUNT, manifest_sum, bytes),
    FIELD("segments", AS_COUNT, manifest_sum, segments),
    FIELD("digest", AS_KIND, manifest_sum, kind),
    {"left_behind", AS_MAYBE, offsetof(struct manifest_sum, left), 0, left_behind_fields},
    FIELD_END,
};

static const struct field_row seal_fields[] = {
    FIELD("generation", AS_NUMBER, handover_terms, generation),
    FIELD("manifest_root", AS_DIGEST, handover_terms, manifest_root),
    FIELD("contents_root", AS_DIGEST, handover_terms, contents_root),
    FIELD_END,
};

static const struct field_row commit_fields[] = {
    FIELD("generation", AS_NUMBER, handover_terms, generation),
    FIELD("manifest_root", AS_DIGEST, handover_terms, manifest_root),
    FIELD("contents_root", AS_DIGEST, handover_terms, contents_root),
    FIELD("epoch", AS_COUNT, handover_terms, epoch),
    FIELD_END,
};

static const struct field_row signed_fields[] = {
    FIELD("body", AS_BYTES, signed_text, body),
    FIELD("signature", AS_BYTES, signed_text, signature),
    FIELD_END,
};

bool wire_write_status(struct buf *out, const struct handover *handover,
                       const struct receive_status *status, struct error *err)
{
    struct send_status told = {.generation = handover->generation,
                               .epoch = handover->epoch,
                               .pages = status->pages,
                               .pages_root = status->pages_root,
                               .closed = status->closed,
                               .segments = status->segments,
                               .received = status->received,
                               .durable = status->durable,
                               .offers = status->offers};

    return text_fits(told.state, handover_state_name(handover->state)) &&
           table_write(out, status_fields, NULL, &told, err);
}

bool wire_read_status(struct send_status *out, struct span body, struct error *err)
{
    *out = (struct send_status){0};
    return table_read(out, status_fields, NULL, body, E_PUT_ANSWER, err);
}

bool wire_write_sum(struct buf *out, const struct manifest_sum *sum, struct error *err)
{
    return table_write(out, sum_fields, NULL, sum, err);
}

bool wire_read_sum(struct manifest_sum *out, struct span body, struct error *err)
{
    *out = (struct manifest_sum){0};
    return table_read(out, sum_fields, NULL, body, E_WIRE_BAD, err);
}

bool wire_write_terms(struct buf *out, const struct handover_terms *terms, bool with_epoch,
                      struct error *err)
{
    return table_write(out, with_epoch ? commit_fields : seal_fields, NULL, terms, err);
}

bool wire_read_terms(struct handover_terms *out, struct span body, bool with_epoch,
                     struct error *err)
{
    *out = (struct handover_terms){0};
    return table_read(out, with_epoch ? commit_fields : seal_fields, NULL, body, E_WIRE_BAD,
                      err);
}

/* A table of one field, "receipt" or "abort", that is a signed text. */
static void name_fields(struct field_row out[2], const char *name)
{
    out[0] = (struct field_row){name, AS_OBJECT, 0, 0, signed_fields};
    out[1] = (struct field_row)FIELD_END;
}

bool wire_write_signed(struct buf *out, const char *name, const struct signed_text *text,
                       struct error *err)
{
    struct field_row named[2];

    name_fields(named, name);
    return table_write(out, name != NULL ? named : signed_fields, NULL, text, err);
}

bool wire_read_signed(struct signed_text *out, const char *name, struct span body,
                      struct error *err)
{
    struct field_row named[2];

    name_fields(named, name);
    return table_read(out, name != NULL ? named : signed_fields, NULL, body, E_WIRE_BAD,
                      err);
}

bool wire_read_outcome(enum signed_kind *kind, struct signed_text *out, struct span body,
                       struct error *err)
{
    struct error other = {0};

    *kind = SIGNED_RECEIPT;
    if (wire_read_signed(out, "receipt", body, &other))
        return true;
    *kind = SIGNED_ABORT;
    buf_reset(&out->body);
    buf_reset(&out->signature);
    return wire_read_signed(out, "abort", body, err);
}

static const struct field_row signature_fields[] = {
    FIELD("signature", AS_BYTES, signed_text, signature),
    FIELD_END,
};

bool wire_write_signature(struct buf *out, struct span signature, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    return buf_add(&text.signature, signature, err) &&
           table_write(out, signature_fields, NULL, &text, err);
}

bool wire_read_signature(struct buf *out, struct span body, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    return table_read(&text, signature_fields, NULL, body, E_WIRE_BAD, err) &&
           buf_add(out, buf_span(&text.signature), err);
}
