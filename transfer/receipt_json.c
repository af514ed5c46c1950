/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bodies that are signed. */
#include "transfer/receipt.h"

#include "transfer/table_json.h"

#define RECEIPT_FORMAT "pairgate receipt v1"
#define NOTICE_FORMAT "pairgate notice v1"

static const struct field_row party_fields[] = {
    FIELD("name", AS_TEXT, receipt_party, name),
    FIELD("server_key", AS_DIGEST, receipt_party, server_key),
    FIELD("client_key", AS_DIGEST, receipt_party, client_key),
    FIELD("chain", AS_DIGEST, receipt_party, chain),
    FIELD("policy", AS_TEXT, receipt_party, policy),
    FIELD_END,
};

static const struct field_row receipt_fields[] = {
    FIELD("migration", AS_TEXT, receipt, migration),
    FIELD("name", AS_NAME, receipt, name),
    FIELD("generation", AS_NUMBER, receipt, terms.generation),
    FIELD("epoch", AS_COUNT, receipt, terms.epoch),
    FIELD("manifest_root", AS_DIGEST, receipt, terms.manifest_root),
    FIELD("contents_root", AS_DIGEST, receipt, terms.contents_root),
    FIELD("digest", AS_KIND, receipt, kind),
    FIELD("entries", AS_COUNT, receipt, entries),
    FIELD("files", AS_COUNT, receipt, files),
    FIELD("bytes", AS_COUNT, receipt, bytes),
    FIELD("segments", AS_COUNT, receipt, segments),
    {"left_behind", AS_MAYBE, offsetof(struct receipt, left), 0, left_behind_fields},
    FIELD("read_back", AS_COUNT, receipt, read_back),
    FIELD("started", AS_TIME, receipt, started),
    FIELD("committed", AS_TIME, receipt, committed),
    FIELD("tls_version", AS_TEXT, receipt, tls_version),
    FIELD("tls_cipher", AS_TEXT, receipt, tls_cipher),
    FIELD("tls_group", AS_TEXT, receipt, tls_group),
    FIELD("transcript", AS_DIGEST, receipt, transcript),
    FIELD("previous", AS_DIGEST, receipt, previous),
    {"source", AS_OBJECT, offsetof(struct receipt, source), 0, party_fields},
    {"target", AS_OBJECT, offsetof(struct receipt, target), 0, party_fields},
    FIELD_END,
};

static const struct field_row notice_fields[] = {
    FIELD("migration", AS_TEXT, notice, migration),
    FIELD("generation", AS_NUMBER, notice, generation),
    FIELD("epoch", AS_COUNT, notice, epoch),
    FIELD("at", AS_TIME, notice, at),
    FIELD("key", AS_DIGEST, notice, key),
    FIELD_END,
};

bool receipt_write(struct buf *out, const struct receipt *receipt, struct error *err)
{
    return table_write(out, receipt_fields, RECEIPT_FORMAT, receipt, err);
}

bool receipt_read(struct receipt *out, struct span body, struct error *err)
{
    *out = (struct receipt){0};
    return table_read(out, receipt_fields, RECEIPT_FORMAT, body, E_STATEMENT_BAD, err);
}

bool notice_write(struct buf *out, const struct notice *notice, struct error *err)
{
    return table_write(out, notice_fields, NOTICE_FORMAT, notice, err);
}

bool notice_read(struct notice *out, struct span body, struct error *err)
{
    *out = (struct notice){0};
    return table_read(out, notice_fields, NOTICE_FORMAT, body, E_STATEMENT_BAD, err);
}
