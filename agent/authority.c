/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's end of the requests. */
#include "agent/authority.h"

#include "agent/clock.h"
#include "agent/pipe.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

void authority_open(struct authority *out, int socket)
{
    out->socket = socket;
    out->open = true;
    out->broken = false;
    pthread_mutex_init(&out->lock, NULL);
}

void authority_close(struct authority *authority)
{
    if (!authority->open)
        return;
    fd_close(&authority->socket);
    pthread_mutex_destroy(&authority->lock);
    authority->open = false;
}

static bool exchange(const struct authority *authority, const struct authority_ask *ask,
                     struct span first, struct span second, struct authority_answer *answer,
                     struct buf *first_out, struct buf *second_out, struct error *err)
{
    bool end = false;

    if (!pipe_send(authority->socket, span_of(ask, sizeof(*ask)), first, second, err))
        return false;
    if (!pipe_receive(authority->socket, answer, sizeof(*answer), &end, err))
        return false;
    if (end)
        return fail(err, E_SUPERVISOR, "it has ended");
    return pipe_receive_bytes(authority->socket, first_out, answer->first_n, err) &&
           pipe_receive_bytes(authority->socket, second_out, answer->second_n, err);
}

/* Under the lock. Half an answer would be taken for the next one: nothing is asked then. */
static bool exchange_locked(struct authority *authority, const struct authority_ask *ask,
                            struct span first, struct span second,
                            struct authority_answer *answer, struct buf *first_out,
                            struct buf *second_out, struct error *err)
{
    if (authority->broken)
        return fail(err, E_SUPERVISOR, "an earlier answer was cut short");
    authority->broken =
        !exchange(authority, ask, first, second, answer, first_out, second_out, err);
    return !authority->broken;
}

bool authority_do(struct authority *authority, struct authority_ask *ask, struct span first,
                  struct span second, struct authority_answer *answer,
                  struct buf *first_out, struct buf *second_out, struct error *err)
{
    scoped(buf_clear) struct buf spare_first = buf_upto(AUTHORITY_BYTES_MAX);
    scoped(buf_clear) struct buf spare_second = buf_upto(AUTHORITY_BYTES_MAX);
    struct authority_answer *own = NULL;
    bool good;

    if (answer == NULL)
        answer = own = mem_zeroed(1, sizeof(*own));
    ask->first_n = first.n;
    ask->second_n = second.n;
    pthread_mutex_lock(&authority->lock);
    good = exchange_locked(authority, ask, first, second, answer,
                           first_out != NULL ? first_out : &spare_first,
                           second_out != NULL ? second_out : &spare_second, err);
    pthread_mutex_unlock(&authority->lock);
    if (good && answer->err.msg != E_NONE && err->msg == E_NONE) {
        *err = answer->err;
        good = false;
    }
    mem_free(own);
    return good;
}

/* A request that is about one migration. */
static void ask_about(struct authority_ask *out, enum authority_op op,
                      const char *migration)
{
    memset(out, 0, sizeof(*out)); /* padding too: it crosses a process boundary */
    out->op = op;
    strncpy(out->migration, migration, sizeof(out->migration) - 1);
}

bool authority_grant(struct authority *authority, const char *migration, struct grant *out,
                     struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_GRANT, migration);
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, NULL,
                      NULL, err))
        return false;
    *out = answer.grant;
    return true;
}

bool authority_grant_of(struct authority *authority, const char *migration,
                        const struct digest *client_key, struct grant *out,
                        struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_GRANT, migration);
    ask.by_peer = true;
    ask.grant.peer_client_key = *client_key;
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, NULL,
                      NULL, err))
        return false;
    *out = answer.grant;
    return true;
}

bool authority_migration(struct authority *authority, const char *migration,
                         struct handover *out, struct migration_facts *facts,
                         struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_MIGRATION, migration);
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, NULL,
                      NULL, err))
        return false;
    *out = answer.handover;
    *facts = answer.facts;
    return true;
}

bool authority_move(struct authority *authority, const char *migration,
                    const struct handover_act *act, struct handover *after,
                    struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};
    scoped(buf_clear) struct buf signed_by = buf_upto(AUTHORITY_BYTES_MAX);
    struct span body = {0};

    ask_about(&ask, AUTHORITY_MOVE, migration);
    ask.event = act->event;
    ask.has_terms = act->terms != NULL;
    if (act->terms != NULL)
        ask.terms = *act->terms;
    if (act->statement != NULL) {
        body = buf_span(&act->statement->body);
        ask.signature_n = act->statement->signature.n;
        if (!buf_add(&signed_by, buf_span(&act->statement->signature), err) ||
            !buf_add(&signed_by, act->signer, err))
            return false;
    }
    if (!authority_do(authority, &ask, body, buf_span(&signed_by), &answer, NULL, NULL,
                      err))
        return false;
    *after = answer.handover;
    return true;
}

bool authority_decide(struct authority *authority, const char *migration,
                      struct handover *after, struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_DECIDE, migration);
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, NULL,
                      NULL, err))
        return false;
    *after = answer.handover;
    return true;
}

bool authority_keep(struct authority *authority, enum authority_op op,
                    const char *migration, struct span first, struct span second,
                    struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, op, migration);
    return authority_do(authority, &ask, first, second, NULL, NULL, NULL, err);
}

bool authority_next(struct authority *authority, enum handover_state state,
                    const char *after, char out[MIGRATION_ID_MAX], bool *found,
                    struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_NEXT, after);
    ask.state = state;
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, NULL,
                      NULL, err))
        return false;
    *found = answer.n > 0;
    return !*found || text_copy(out, MIGRATION_ID_MAX, answer.handover.migration);
}

bool authority_statement(struct authority *authority, const char *migration,
                         enum statement_kept kind, struct signed_text *out,
                         struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, AUTHORITY_STATEMENT, migration);
    ask.kept = kind;
    return authority_do(authority, &ask, (struct span){0}, (struct span){0}, NULL,
                        &out->body, &out->signature, err);
}

#define HOOK_POLL_MS 25

static bool is_set(const atomic_bool *flag)
{
    return flag != NULL && atomic_load(flag);
}

bool authority_hook(struct authority *authority, const char *migration, enum hook hook,
                    int64_t patience_ms, const atomic_bool *stop, struct error *err)
{
    const struct timespec tick = {.tv_nsec = HOOK_POLL_MS * 1000000L};

    for (int64_t waited = 0;; waited += HOOK_POLL_MS) {
        struct authority_ask ask;
        struct authority_answer answer = {0};

        ask_about(&ask, AUTHORITY_HOOK, migration);
        ask.hook = hook;
        if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer,
                          NULL, NULL, err))
            return false;
        if (answer.done)
            return true;
        if ((patience_ms >= 0 && waited >= patience_ms) || is_set(stop))
            return fail(err, E_HOOK_RUNNING, "%s", hook_rule(hook)->name);
        nanosleep(&tick, NULL);
    }
}

bool authority_audit(struct authority *authority, const struct audit_entry *entry,
                     struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, AUTHORITY_AUDIT, "");
    ask.words.kind = entry->kind;
    (void)text_fits(ask.words.event, entry->event);
    (void)text_fits(ask.words.subject, entry->subject);
    return authority_do(authority, &ask, entry->details, (struct span){0}, NULL, NULL, NULL,
                        err);
}

bool authority_journal_add(struct authority *authority, const char *migration,
                           const struct batch *batch, struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, AUTHORITY_JOURNAL_ADD, migration);
    ask.generation = batch->generation;
    ask.n = batch->n;
    return authority_do(authority, &ask,
                        span_of(batch->item, batch->n * sizeof(*batch->item)),
                        (struct span){0}, NULL, NULL, NULL, err);
}

bool authority_journal_load(struct authority *authority, const char *migration,
                            unsigned generation, uint64_t from, struct batch *out,
                            struct error *err)
{
    scoped(buf_clear) struct buf items = buf_upto(AUTHORITY_BYTES_MAX);
    struct authority_ask ask;
    struct authority_answer answer = {0};

    ask_about(&ask, AUTHORITY_JOURNAL_LOAD, migration);
    ask.generation = generation;
    ask.from = from;
    if (!authority_do(authority, &ask, (struct span){0}, (struct span){0}, &answer, &items,
                      NULL, err))
        return false;
    if (answer.n > BATCH_MAX || items.n != answer.n * sizeof(*out->item))
        return fail(err, E_SUPERVISOR, "an answer of the wrong length");
    out->generation = generation;
    out->n = answer.n;
    out->item = mem_zeroed(answer.n, sizeof(*out->item));
    if (items.n > 0)
        memcpy(out->item, items.at, items.n);
    return true;
}

bool authority_seen(struct authority *authority, unsigned identity, struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, AUTHORITY_SEEN, "");
    ask.identity = identity;
    return authority_do(authority, &ask, (struct span){0}, (struct span){0}, NULL, NULL,
                        NULL, err);
}

bool authority_ready(struct authority *authority, struct error *err)
{
    struct authority_ask ask;

    ask_about(&ask, AUTHORITY_READY, "");
    return authority_do(authority, &ask, (struct span){0}, (struct span){0}, NULL, NULL,
                        NULL, err);
}

bool authority_owner(void *at, enum owner_kind kind, struct owner *owner)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};
    struct error err = {0};

    ask_about(&ask, AUTHORITY_OWNER, "");
    ask.owner_kind = kind;
    ask.owner = *owner;
    if (!authority_do(at, &ask, (struct span){0}, (struct span){0}, &answer, NULL, NULL,
                      &err))
        return false;
    *owner = answer.owner;
    return owner->known;
}
