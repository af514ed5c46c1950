/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/worker.h"

#include "agent/view_text.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* What the supervisor must keep the keys of: every identity once, then 0. */
static void fill_in_use(unsigned out[CUSTODY_MAX], const struct worker *worker)
{
    size_t n = 0;

    for (size_t i = 0; i < worker->n; i++) {
        const unsigned number = worker->held[i]->identity.number;
        size_t k = 0;

        while (k < n && out[k] != number)
            k++;
        if (k == n && n < CUSTODY_MAX)
            out[n++] = number;
    }
}

/* Everything newer than `version`, piece by piece. *slot is that of its identity, *newer
 * its own version, the same one when there is nothing. */
static bool fetch(struct buf *out, struct worker *worker, unsigned version, unsigned *newer,
                  unsigned *slot, struct error *err)
{
    struct authority_ask ask;
    struct authority_answer answer = {0};

    do {
        memset(&ask, 0, sizeof(ask)); /* padding too: it crosses a process boundary */
        ask.op = AUTHORITY_CREDENTIALS;
        ask.version = version;
        ask.from = out->n;
        fill_in_use(ask.in_use, worker);
        if (!authority_do(&worker->authority, &ask, (struct span){0}, (struct span){0},
                          &answer, out, NULL, err))
            return false;
    } while (answer.version != version && out->n < answer.total);
    *newer = answer.version;
    *slot = answer.slot;
    return true;
}

static void drop_unused(struct worker *worker)
{
    size_t kept = 0;

    for (size_t i = 0; i < worker->n; i++) {
        struct credentials *one = worker->held[i];

        if (one->users > 0 || one == worker->newest) {
            worker->held[kept++] = one;
        } else {
            credentials_clear(one);
            mem_free(one);
        }
    }
    worker->n = kept;
}

static void set_newest(struct worker *worker, struct credentials *fresh, unsigned slot)
{
    struct identity *self = &fresh->identity;

    self->key.signer = self->client_key.signer = &worker->signer;
    self->key.at_signer = custody_key_number(slot, LEAF_SERVER);
    self->client_key.at_signer = custody_key_number(slot, LEAF_CLIENT);
    worker->held = mem_resize(worker->held, worker->n + 1, sizeof(*worker->held));
    worker->held[worker->n++] = fresh;
    worker->newest = fresh;
    drop_unused(worker);
}

/* *fresh: there was something newer, and it is the newest now. */
static bool renew(struct worker *worker, bool *fresh, struct error *err)
{
    scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
    const unsigned version = worker->newest != NULL ? worker->newest->version : 0;
    struct credentials *next;
    unsigned newer = version, slot = 0;

    if (!fetch(&packed, worker, version, &newer, &slot, err))
        return false;
    *fresh = newer != version;
    if (!*fresh)
        return true;
    next = mem_zeroed(1, sizeof(*next));
    if (!credentials_unpack(next, buf_span(&packed), err)) {
        credentials_clear(next);
        mem_free(next);
        *fresh = false;
        return false;
    }
    next->version = newer;
    set_newest(worker, next, slot);
    return true;
}

bool worker_begin(struct worker *out, int signer, int authority, struct error *err)
{
    bool fresh = false;

    authority_open(&out->authority, authority);
    owners_ask_of(authority_owner, &out->authority);
    pthread_mutex_init(&out->lock, NULL);
    out->open = true;
    return signer_open(&out->signer, signer, err) && renew(out, &fresh, err);
}

/* Not again with each connection. */
static void tell_once(struct worker *worker, const struct error *why)
{
    if (worker->told.msg == why->msg && text_equal(worker->told.about, why->about))
        return;
    worker->told = *why;
    view_text_failure(stderr, why);
}

struct credentials *worker_take(struct worker *worker, bool *fresh)
{
    struct credentials *newest;
    struct error err = {0};

    pthread_mutex_lock(&worker->lock);
    *fresh = false;
    if (renew(worker, fresh, &err))
        worker->told = (struct error){0};
    else
        tell_once(worker, &err);
    newest = worker->newest;
    newest->users++;
    pthread_mutex_unlock(&worker->lock);
    return newest;
}

void worker_give_back(struct worker *worker, struct credentials *credentials)
{
    pthread_mutex_lock(&worker->lock);
    credentials->users--;
    drop_unused(worker);
    pthread_mutex_unlock(&worker->lock);
}

void worker_was_paired(struct worker *worker, const struct credentials *credentials)
{
    const unsigned number = credentials->identity.number;
    struct error err = {0};
    bool noted;

    pthread_mutex_lock(&worker->lock);
    noted = worker->seen == number;
    worker->seen = number;
    pthread_mutex_unlock(&worker->lock);
    if (!noted && !authority_seen(&worker->authority, number, &err))
        view_text_failure(stderr, &err);
}

void worker_clear(struct worker *worker)
{
    if (!worker->open)
        return;
    for (size_t i = 0; i < worker->n; i++) {
        credentials_clear(worker->held[i]);
        mem_free(worker->held[i]);
    }
    mem_free(worker->held);
    signer_close(&worker->signer);
    authority_close(&worker->authority);
    pthread_mutex_destroy(&worker->lock);
    *worker = (struct worker){0};
}
