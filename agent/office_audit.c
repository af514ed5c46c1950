/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/office_audit.h"

#include "agent/audit_json.h"
#include "agent/clock.h"
#include "agent/left_behind.h"
#include "base/text.h"

#include <stdio.h>

#define SELECTOR_CHARACTERS 6 /* of a code; the rest is the secret */

static bool write_dropped(struct office *office, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct audit_entry entry;

    return audit_quota_tell(&entry, &details, &office->quota, AUDIT_REFUSED, err) &&
           audit_add(office->db, office->key, &entry, clock_now(), err);
}

static bool write_bounded(struct office *office, const struct audit_entry *entry,
                          struct error *err)
{
    const time_t now = clock_now();

    if (audit_quota_owes(&office->quota, now) && !write_dropped(office, err))
        return false;
    return !audit_quota_take(&office->quota, AUDIT_RECORDS_PER_MINUTE, now) ||
           audit_add(office->db, office->key, entry, now, err);
}

static bool worker_may_tell(const struct audit_entry *entry, bool is_target)
{
    return entry->kind == AUDIT_PAIRING ||
           (is_target && (entry->kind == AUDIT_LISTENER || entry->kind == AUDIT_REFUSED)) ||
           (!is_target && entry->kind == AUDIT_MIGRATION &&
            text_equal(entry->event, LEFT_BEHIND_EVENT));
}

bool office_audit_told(struct office *office, const struct authority_ask *ask,
                       struct span details, struct error *err)
{
    const struct audit_entry entry = {.kind = ask->words.kind,
                                      .event = ask->words.event,
                                      .subject = ask->words.subject,
                                      .details = details};

    if (!worker_may_tell(&entry, office->is_target))
        return fail(err, E_SUPERVISOR, "a record of a kind that is not the worker's");
    return write_bounded(office, &entry, err);
}

bool office_audit_move(struct office *office, struct db_change *change,
                       const struct handover *before, const struct handover *after,
                       enum handover_event event, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    char root[DIGEST_HEX] = "";
    const struct audit_fact facts[] = {{"from", handover_state_name(before->state), 0},
                                       {"to", handover_state_name(after->state), 0},
                                       {"generation", NULL, after->generation},
                                       {"epoch", NULL, (int64_t)after->epoch},
                                       {"manifest_root", root, 0}};
    struct audit_entry entry = {.kind = AUDIT_MIGRATION,
                                .event = handover_event_name(event),
                                .subject = after->migration};

    if (after->has_terms)
        digest_hex(root, &after->terms.manifest_root);
    if (!audit_json_facts(&details, facts, COUNT(facts) - !after->has_terms, err))
        return false;
    entry.details = buf_span(&details);
    if (before->state == after->state && before->generation == after->generation &&
        before->typed == after->typed)
        return db_commit(change, err) && write_bounded(office, &entry, err);
    return audit_commit(change, office->key, &entry, clock_now(), err);
}

/* The end of what it said, in the room that a text of the record has. */
static void take_end(char out[AUDIT_TEXT_MAX], const struct runner *runner)
{
    const size_t n = runner->n < AUDIT_TEXT_MAX / 2 ? runner->n : AUDIT_TEXT_MAX / 2;

    text_printable(out, AUDIT_TEXT_MAX, span_of(runner->said + runner->n - n, n));
}

bool office_audit_hook(struct office *office, const char *migration, const char *hook,
                       const struct runner *runner, const struct error *outcome,
                       struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    const bool good = outcome->msg == E_NONE;
    char said[AUDIT_TEXT_MAX];
    const struct audit_fact facts[] = {{"hook", hook, 0},
                                       {"outcome", good ? "done" : "failed", 0},
                                       {"status", NULL, runner->status},
                                       {"milliseconds", NULL, runner->took_ms},
                                       {"output", said, 0},
                                       {"detail", outcome->about, 0}};
    struct audit_entry entry = {
        .kind = AUDIT_MIGRATION, .event = "hook", .subject = migration};

    take_end(said, runner);
    if (!audit_json_facts(&details, facts, COUNT(facts) - good, err))
        return false;
    entry.details = buf_span(&details);
    return audit_add(office->db, office->key, &entry, clock_now(), err);
}

/* How authority was asked for; NULL: the request is about something else. */
static const char *method_of(enum authority_op op)
{
    static const char *const methods[AUTHORITY_OPS] = {
        [AUTHORITY_CODE_STEP] = "code", [AUTHORITY_PASSWORD_STEP] = "password",
        [AUTHORITY_WAIT] = "approval",  [AUTHORITY_AGAIN] = "again",
        [AUTHORITY_ADOPT] = "given",
    };

    return methods[op];
}

/* What was used to ask: the part of a code that is no secret, the administrator, or what
 * the operator's screen showed. */
static void show_means(char *out, size_t room, const struct authority_ask *ask)
{
    const struct code code = {.selector = ask->selector};
    char text[CODE_TEXT_MAX];

    code_show(text, &code);
    text[SELECTOR_CHARACTERS] = '\0';
    (void)text_copy(out, room,
                    ask->op == AUTHORITY_CODE_STEP       ? text
                    : ask->op == AUTHORITY_PASSWORD_STEP ? ask->user
                    : ask->op == AUTHORITY_WAIT          ? ask->view.code
                                                         : "");
}

static bool write_try(struct office *office, const struct authority_ask *ask,
                      const struct error *refusal, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    char means[ADMIN_NAME_MAX + CODE_TEXT_MAX], key[DIGEST_HEX];
    const struct audit_fact facts[] = {{"method", method_of(ask->op), 0},
                                       {"by", means, 0},
                                       {"migration", ask->migration, 0},
                                       {"peer_key", key, 0},
                                       {"finding", message_of(refusal->msg)->id, 0},
                                       {"message", message_of(refusal->msg)->text, 0},
                                       {"detail", refusal->about, 0}};
    const bool refused = refusal->msg != E_NONE;
    struct audit_entry entry = {.kind = AUDIT_AUTHORIZATION,
                                .event = refused ? "refused" : "accepted",
                                .subject = ask->grant.peer_name};

    show_means(means, sizeof(means), ask);
    digest_hex(key, &ask->grant.peer_client_key);
    if (!audit_json_facts(&details, facts, refused ? COUNT(facts) : 4, err))
        return false;
    entry.details = buf_span(&details);
    if (refused)
        return write_bounded(office, &entry, err);
    return audit_add(office->db, office->key, &entry, clock_now(), err);
}

static bool write_grant(struct office *office, const char *event, const struct grant *grant,
                        struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    char server[DIGEST_HEX], client[DIGEST_HEX], transcript[DIGEST_HEX];
    char until[TIME_TEXT_MAX];
    const struct audit_fact facts[] = {
        {"grant", grant->id, 0},        {"peer", grant->peer_name, 0},
        {"peer_server_key", server, 0}, {"peer_client_key", client, 0},
        {"transcript", transcript, 0},  {"expires", until, 0}};
    struct audit_entry entry = {
        .kind = AUDIT_GRANT, .event = event, .subject = grant->migration};

    digest_hex(server, &grant->peer_server_key);
    digest_hex(client, &grant->peer_client_key);
    digest_hex(transcript, &grant->transcript);
    text_show_time(until, grant->expires);
    if (!audit_json_facts(&details, facts, COUNT(facts), err))
        return false;
    entry.details = buf_span(&details);
    return audit_add(office->db, office->key, &entry, clock_now(), err);
}

static bool write_success(struct office *office, const struct authority_ask *ask,
                          const struct authority_answer *answer, struct error *err)
{
    switch (ask->op) {
    case AUTHORITY_AGAIN:
        return write_grant(office, "renew", &answer->grant, err);
    case AUTHORITY_ADOPT:
        return write_grant(office, "adopt", &answer->grant, err);
    default: /* each way to prove something */
        return !answer->done || (write_try(office, ask, &(struct error){0}, err) &&
                                 write_grant(office, "issue", &answer->grant, err));
    }
}

void office_audit_answer(struct office *office, const struct authority_ask *ask,
                         struct authority_answer *answer)
{
    struct error err = {0};

    if (method_of(ask->op) == NULL)
        return;
    if (answer->err.msg == E_NONE ? write_success(office, ask, answer, &err)
                                  : write_try(office, ask, &answer->err, &err))
        return;
    answer->err = err;
    answer->done = false;
    answer->grant = (struct grant){0};
}

bool office_audit_death(struct office *office, const struct error *why, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    const struct audit_fact facts[] = {{"finding", message_of(why->msg)->id, 0},
                                       {"message", message_of(why->msg)->text, 0},
                                       {"detail", why->about, 0}};
    struct audit_entry entry = {
        .kind = AUDIT_LISTENER, .event = "died", .subject = "the worker process"};

    if (!audit_json_facts(&details, facts, COUNT(facts), err))
        return false;
    entry.details = buf_span(&details);
    return audit_add(office->db, office->key, &entry, clock_now(), err);
}

void office_audit_end(struct office *office)
{
    struct error err = {0};

    if (office->quota.dropped > 0 && !write_dropped(office, &err))
        fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
}
