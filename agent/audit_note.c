/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/audit_note.h"

#include "agent/audit_json.h"
#include "agent/clock.h"
#include "agent/view_text.h"
#include "base/text.h"
#include "certs/ca.h"

#include <stdarg.h>
#include <stdio.h>

/* What signs here: the identity; in a directory that holds a CA alone, the CA. Neither: the
 * next head vouches for this record too. */
static bool load_key(struct identity *identity, struct ca *ca, const struct key **out,
                     int state)
{
    struct error none = {0};

    *out = NULL;
    if (identity_load(identity, state, true, &none))
        *out = &identity->key;
    else if (ca_load(ca, state, &none))
        *out = &ca->key;
    return *out != NULL;
}

bool audit_note_entry(struct state *state, const struct audit_entry *entry,
                      struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(ca_clear) struct ca ca = {0};
    const bool was_open = state->db.handle != NULL;
    const struct key *key = NULL;
    bool good;

    audit_journal_open();
    (void)load_key(&identity, &ca, &key, state->fd);
    if (!was_open && !state_open_db(state, err))
        return false;
    good = audit_add(&state->db, key, entry, clock_now(), err);
    if (!was_open) /* a process that parts later must not share it */
        db_close(&state->db);
    return good;
}

static void note(struct state *state, const struct audit_entry *entry,
                 const struct error *before)
{
    struct error err = *before;

    if (err.msg == E_NONE && audit_note_entry(state, entry, &err))
        return;
    fprintf(stderr, "pairgate: this is not in the record (audit): %s %s\n",
            audit_kind_name(entry->kind), entry->event);
    view_text_failure(stderr, &err);
}

static bool add_about(struct buf *details, const char *about, va_list args,
                      struct error *err) printf_like(2, 0);
static bool add_about(struct buf *details, const char *about, va_list args,
                      struct error *err)
{
    char text[AUDIT_TEXT_MAX];

    vsnprintf(text, sizeof(text), about, args);
    return audit_json_about(details, text, err);
}

void audit_note(struct state *state, enum audit_kind kind, const char *event,
                const char *subject, const char *about, ...)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct error err = {0};
    va_list args;

    va_start(args, about);
    (void)!add_about(&details, about, args, &err); /* note tells it */
    va_end(args);
    note(state,
         &(struct audit_entry){.kind = kind,
                               .event = event,
                               .subject = subject,
                               .details = buf_span(&details)},
         &err);
}

bool audit_note_typed(struct state *state, struct db_change *change, const char *event,
                      const char *migration, struct error *err, const char *about, ...)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct audit_entry entry = {
        .kind = AUDIT_MIGRATION, .event = event, .subject = migration};
    const struct key *key = NULL;
    va_list args;
    bool good;

    va_start(args, about);
    good = add_about(&details, about, args, err);
    va_end(args);
    entry.details = buf_span(&details);
    audit_journal_open();
    (void)load_key(&identity, &ca, &key, state->fd);
    return good && audit_commit(change, key, &entry, clock_now(), err);
}

void audit_note_refreshed(struct state *state, const struct refreshed *refreshed)
{
    audit_note(state, AUDIT_TRUST, "refresh", "",
               "%zu added, %zu kept, %zu removed; lists: %zu added, %zu removed",
               refreshed->added, refreshed->kept, refreshed->removed, refreshed->crls_added,
               refreshed->crls_removed);
}

void audit_note_identity(struct state *state, const char *event)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct error err = {0};
    bool good = identity_load(&identity, state->fd, false, &err) &&
                audit_json_identity(&details, &identity, &err);

    note(state,
         &(struct audit_entry){.kind = AUDIT_IDENTITY,
                               .event = event,
                               .subject =
                                   good ? cert_issued_to(chain_leaf(&identity.chain)) : "",
                               .details = buf_span(&details)},
         &err);
}

void audit_note_upload(struct state *state, const char *event, const struct upload *upload,
                       const struct error *failure)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    scoped(report_clear) struct report findings = {0};
    const struct audit_upload facts = {
        .leaves = upload->sorted.n > 0 ? upload_leaves(upload) : leaves_one(&upload->given),
        .findings = &findings,
        .policy = policy_name(upload->policy),
        .accepted = upload->accepted && failure->msg == E_NONE,
        .identity = upload->number,
        .request = upload->answer.request};
    struct error err = {0};
    bool good;

    if (failure->msg != E_NONE)
        report_add(&findings, failure);
    for (size_t i = 0; i < upload->report.n; i++)
        report_add(&findings, &upload->report.item[i]);
    good = audit_json_upload(&details, &facts, &err);
    (void)good;
    note(state,
         &(struct audit_entry){.kind = AUDIT_UPLOAD,
                               .event = event,
                               .subject =
                                   facts.leaves.server->n > 0
                                       ? cert_issued_to(chain_leaf(facts.leaves.server))
                                       : "no certificate",
                               .details = buf_span(&details)},
         &err);
}

void audit_note_cert(struct state *state, enum audit_kind kind, const char *event,
                     const struct cert *cert)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    char sha256[DIGEST_HEX], spki[DIGEST_HEX];
    const struct audit_fact facts[] = {{"issued_to", cert_issued_to(cert), 0},
                                       {"issued_by", cert_issued_by(cert), 0},
                                       {"spki_sha256", spki, 0}};
    struct error err = {0};
    bool good;

    digest_hex(sha256, &cert->sha256);
    digest_hex(spki, &cert->spki_sha256);
    good = audit_json_facts(&details, facts, COUNT(facts), &err);
    (void)good;
    note(
        state,
        &(struct audit_entry){
            .kind = kind, .event = event, .subject = sha256, .details = buf_span(&details)},
        &err);
}
