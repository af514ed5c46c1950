/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The details of records, made and shown. */
#pragma once

#include "agent/audit.h"
#include "pairing/pair.h"

#include <stdio.h>

/* The same object with every string escaped and cut, in ASCII on one line; E_JSON when it
 * is none, or deeper or longer than a record may be. Empty becomes {}. */
must_check bool audit_json_clean(struct buf *out, struct span details, struct error *err);

/* {"about": …} */
must_check bool audit_json_about(struct buf *out, const char *about, struct error *err);

/* What was made of an upload. */
struct audit_upload {
    struct leaves leaves;
    const struct report *findings;
    const char *policy;
    bool accepted;
    unsigned identity;   /* 0: none */
    const char *request; /* or empty */
};
must_check bool audit_json_upload(struct buf *out, const struct audit_upload *upload,
                                  struct error *err);
must_check bool audit_json_identity(struct buf *out, const struct identity *identity,
                                    struct error *err);

/* One attempt to pair, as this side saw it. `failure`: why the conversation broke, or NULL;
 * without `pair` it was over before a conversation. */
struct audit_attempt {
    enum side self;
    const char *address;
    struct leaves own;
    const struct tls_facts *facts;
    const struct pair *pair;
    const struct error *failure;
};
must_check bool audit_json_attempt(struct buf *out, const struct audit_attempt *attempt,
                                   struct error *err);

/* A line of names and numbers: "name" (text), "count" … NULL ends it. */
struct audit_fact {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
};
must_check bool audit_json_facts(struct buf *out, const struct audit_fact *fact, size_t n,
                                 struct error *err);
/* Connections refused: why, and how often. */
must_check bool audit_json_refusals(struct buf *out, unsigned count, time_t first,
                                    time_t last, const struct report *reasons,
                                    struct error *err);

/* One record, as an object on one line or for people. */
void audit_json_show(FILE *out, const struct audit_record *record);
void audit_text_show(FILE *out, const struct audit_record *record);
void audit_json_check(FILE *out, const struct audit_check *check);
