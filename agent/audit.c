/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/audit.h"

#include "agent/audit_json.h"
#include "base/text.h"
#include "certs/statement.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define HASHED_MAX (2 * AUDIT_DETAILS_MAX)
#define JOURNAL_LINE_MAX 1024

static const char *const kind_names[AUDIT_KINDS] = {
    [AUDIT_IDENTITY] = "identity",
    [AUDIT_UPLOAD] = "upload",
    [AUDIT_REQUEST] = "request",
    [AUDIT_TRUST] = "trust",
    [AUDIT_CA] = "ca",
    [AUDIT_INVITATION] = "invitation",
    [AUDIT_ADMINISTRATOR] = "administrator",
    [AUDIT_PAIRING] = "pairing",
    [AUDIT_AUTHORIZATION] = "authorization",
    [AUDIT_GRANT] = "grant",
    [AUDIT_MIGRATION] = "migration",
    [AUDIT_LISTENER] = "listener",
    [AUDIT_REFUSED] = "refused",
    [AUDIT_MANAGEMENT] = "management",
};

const char *audit_kind_name(enum audit_kind kind)
{
    return (unsigned)kind < AUDIT_KINDS ? kind_names[kind] : "unknown";
}

bool audit_kind_named(enum audit_kind *out, const char *name, struct error *err)
{
    for (unsigned i = 0; i < AUDIT_KINDS; i++) {
        if (!text_equal(kind_names[i], name))
            continue;
        *out = (enum audit_kind)i;
        return true;
    }
    return fail(err, E_AUDIT_KIND, "'%s'", name);
}

static bool add_counted(struct buf *out, const char *text, struct error *err)
{
    return buf_add_u32(out, strlen(text), err) && buf_add_text(out, text, err);
}

bool audit_hash(struct digest *out, const struct audit_record *record, struct error *err)
{
    static const char context[] = "pairgate audit record v1"; /* its NUL is hashed too */
    scoped(buf_clear) struct buf all = buf_upto(HASHED_MAX);

    if (!buf_add(&all, span_of(context, sizeof(context)), err) ||
        !buf_add_u64(&all, record->seq, err) ||
        !buf_add_u64(&all, (uint64_t)record->at, err) ||
        !add_counted(&all, record->kind, err) || !add_counted(&all, record->event, err) ||
        !add_counted(&all, record->subject, err) ||
        !add_counted(&all, record->details, err) ||
        !buf_add(&all, digest_span(&record->previous), err))
        return false;
    digest_of(out, DIGEST_SHA256, buf_span(&all));
    return true;
}

bool audit_head(struct buf *out, uint64_t seq, const struct digest *hash,
                const struct digest *spki_sha256, struct error *err)
{
    return buf_add_u64(out, seq, err) && buf_add(out, digest_span(hash), err) &&
           buf_add(out, digest_span(spki_sha256), err);
}

/* The record that is the last one now: what the next one follows. */
static bool load_end(struct audit_record *next, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct span hash;

    if (!query_begin(&row, db, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
                     err))
        return false;
    next->seq = 1; /* the first one follows 32 zero bytes */
    if (!query_next(&row, err))
        return err->msg == E_NONE;
    next->seq = (uint64_t)query_get_int(&row, 0) + 1;
    hash = query_get_blob(&row, 1);
    if (hash.n == DIGEST_BYTES)
        memcpy(next->previous.byte, hash.at, DIGEST_BYTES);
    return true; /* a damaged one is found by audit_verify, and must not stop the record */
}

static bool insert(struct db *db, const struct audit_record *record, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     err))
        return false;
    query_int(&row, 1, (int64_t)record->seq);
    query_int(&row, 2, record->at);
    query_text(&row, 3, record->kind);
    query_text(&row, 4, record->event);
    query_text(&row, 5, record->subject);
    query_text(&row, 6, record->details);
    query_blob(&row, 7, digest_span(&record->previous));
    query_blob(&row, 8, digest_span(&record->hash));
    return query_run(&row, NULL, err);
}

static bool sign(struct db *db, const struct key *key, const struct audit_record *record,
                 struct error *err)
{
    scoped(query_end) struct query row = {0};
    scoped(buf_clear) struct buf body = buf_upto(AUDIT_HEAD_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct digest spki;

    key_spki_digest(&spki, key);
    if (!audit_head(&body, record->seq, &record->hash, &spki, err) ||
        !statement_sign(&signature, key, STATEMENT_AUDIT, AUDIT_ROLE, buf_span(&body),
                        err) ||
        !query_begin(&row, db, "INSERT INTO audit_head VALUES (?1, ?2, ?3, ?4)", err))
        return false;
    query_int(&row, 1, (int64_t)record->seq);
    query_blob(&row, 2, digest_span(&record->hash));
    query_blob(&row, 3, digest_span(&spki));
    query_blob(&row, 4, buf_span(&signature));
    return query_run(&row, NULL, err);
}

void audit_journal_open(void)
{
    if (access("/dev/log", W_OK) == 0)
        openlog("pairgate", LOG_PID | LOG_NDELAY, LOG_AUTH);
}

/* With its hash, so that a record whose end was cut off can be held against the journal. */
static void tell_journal(const struct audit_record *record)
{
    char hex[DIGEST_HEX];

    if (access("/dev/log", W_OK) != 0)
        return;
    digest_hex(hex, &record->hash);
    syslog(LOG_AUTH | LOG_NOTICE, "audit %llu %s %s %s sha256=%s %.*s",
           (unsigned long long)record->seq, record->kind, record->event, record->subject,
           hex, JOURNAL_LINE_MAX, record->details);
}

static bool event_is_word(const char *event)
{
    const size_t n = strnlen(event, AUDIT_EVENT_MAX);

    return n > 0 && n < AUDIT_EVENT_MAX &&
           strspn(event, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool audit_commit(struct db_change *change, const struct key *key,
                  const struct audit_entry *entry, time_t now, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct db *db = change->db;
    char subject[AUDIT_SUBJECT_MAX];
    struct audit_record record = {
        .at = now, .kind = audit_kind_name(entry->kind), .event = entry->event};

    if ((unsigned)entry->kind >= AUDIT_KINDS || !event_is_word(entry->event))
        return fail(err, E_AUDIT_KIND, "%d", (int)entry->kind);
    text_printable(subject, sizeof(subject), span_text(entry->subject));
    record.subject = subject;
    if (!audit_json_clean(&details, entry->details, err) || !buf_terminate(&details, err))
        return false;
    record.details = (const char *)details.at;
    if (!load_end(&record, db, err) || !audit_hash(&record.hash, &record, err) ||
        !insert(db, &record, err) || (key != NULL && !sign(db, key, &record, err)) ||
        !db_commit(change, err))
        return false;
    tell_journal(&record);
    return true;
}

bool audit_add(struct db *db, const struct key *key, const struct audit_entry *entry,
               time_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};

    return db_begin(&change, db, err) && audit_commit(&change, key, entry, now, err);
}

#define SELECT_RANGE(order)                                                                \
    "SELECT seq, at, kind, event, subject, details, previous, hash FROM audit"             \
    " WHERE seq IN (SELECT seq FROM audit WHERE at >= ?1 AND (?2 = '' OR kind = ?2)"       \
    " AND seq > ?3 AND seq < ?4 ORDER BY seq " order " LIMIT ?5) ORDER BY seq"

bool audit_list(struct query *out, struct db *db, const struct audit_range *range,
                struct error *err)
{
    if (!query_begin(out, db, range->after > 0 ? SELECT_RANGE("ASC") : SELECT_RANGE("DESC"),
                     err))
        return false;
    query_int(out, 1, range->since);
    query_text(out, 2, range->kind != NULL ? audit_kind_name(*range->kind) : "");
    query_int(out, 3, (int64_t)range->after);
    query_int(out, 4, range->before > 0 ? (int64_t)range->before : INT64_MAX);
    query_int(out, 5, range->limit > 0 ? (int64_t)range->limit : -1);
    return true;
}

static bool take_digest(struct digest *out, struct span bytes)
{
    *out = (struct digest){0};
    if (bytes.n != DIGEST_BYTES)
        return false;
    memcpy(out->byte, bytes.at, DIGEST_BYTES);
    return true;
}

bool audit_read(struct audit_record *out, const struct query *row)
{
    *out = (struct audit_record){.seq = (uint64_t)query_get_int(row, 0),
                                 .at = query_get_int(row, 1),
                                 .kind = query_get_text(row, 2),
                                 .event = query_get_text(row, 3),
                                 .subject = query_get_text(row, 4),
                                 .details = query_get_text(row, 5)};
    for (int column = 2; column <= 5; column++)
        if (query_get_blob(row, column).n != strlen(query_get_text(row, column)))
            return false; /* something hides behind a NUL */
    return take_digest(&out->previous, query_get_blob(row, 6)) &&
           take_digest(&out->hash, query_get_blob(row, 7));
}
