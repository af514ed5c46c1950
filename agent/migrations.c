/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/migrations.h"

#include "agent/clock.h"
#include "agent/finish.h"
#include "base/text.h"

#include <stdio.h>
#include <time.h>

#define JOURNAL_TICK_MS 100
#define IDLE_MS 10000 /* of one whose place another may have */

bool migration_flush(struct migrations *migrations, struct migration *migration,
                     struct error *err)
{
    for (;;) {
        scoped(batch_clear) struct batch batch = {0};

        if (!receive_flush(&migration->receive, &batch, err))
            return false;
        if (batch.n == 0)
            return true;
        if (!authority_journal_add(&migrations->worker->authority, migration->id, &batch,
                                   err))
            return false;
        receive_mark_durable(&migration->receive, &batch);
    }
}

static void journal_look(struct migrations *migrations, struct migration *migration)
{
    struct receive_status status = {0};
    struct error err = {0};
    int64_t now = clock_steady_ms();

    pthread_rwlock_rdlock(&migration->lock);
    if (migration->receive.opened) {
        receive_status(&migration->receive, &status);
        if (status.unflushed == 0) {
            migration->flushed_ms = now;
        } else if (status.unflushed >= BATCH_BYTES ||
                   now - migration->flushed_ms >= BATCH_SECONDS * 1000) {
            migration->flushed_ms = now;
            if (!migration_flush(migrations, migration, &err))
                fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
        }
    }
    pthread_rwlock_unlock(&migration->lock);
}

bool migrations_is_taken(struct migrations *migrations, size_t i)
{
    bool taken;

    pthread_mutex_lock(&migrations->lock);
    taken = migrations->place[i].id[0] != '\0';
    pthread_mutex_unlock(&migrations->lock);
    return taken;
}

static void *journal_run(void *at)
{
    struct migrations *migrations = at;
    const struct timespec tick = {.tv_nsec = JOURNAL_TICK_MS * 1000000L};

    while (!atomic_load(&migrations->stop)) {
        for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++)
            if (migrations_is_taken(migrations, i))
                journal_look(migrations, &migrations->place[i]);
        finish_left(migrations);
        nanosleep(&tick, NULL);
    }
    return NULL;
}

bool migrations_begin(struct migrations *out, struct worker *worker, int into,
                      const char *directory, const struct events *events, struct error *err)
{
    out->worker = worker;
    out->into = into;
    out->directory = directory;
    out->events = events;
    pthread_mutex_init(&out->lock, NULL);
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++)
        pthread_rwlock_init(&out->place[i].lock, NULL);
    finish_sweep(out);
    finish_left(out);
    out->running = pthread_create(&out->journal, NULL, journal_run, out) == 0;
    return out->running || fail(err, E_BUSY, "no thread for the journal");
}

/* The place is not named yet. */
static bool restore(struct migrations *migrations, struct migration *migration,
                    const char *id, struct error *err)
{
    uint64_t from = 0;

    for (;;) {
        scoped(batch_clear) struct batch batch = {0};

        if (!authority_journal_load(&migrations->worker->authority, id,
                                    migration->handover.generation, from, &batch, err))
            return false;
        if (batch.n == 0)
            return true;
        if (!receive_restore(&migration->receive, &batch, err))
            return false;
        from = batch.item[batch.n - 1].segment + 1;
    }
}

void kept_name(char out[KEPT_NAME_ROOM], const struct grant *grant, const char *name)
{
    struct digest_run run;
    struct digest digest;
    char hex[DIGEST_HEX];

    digest_begin(&run, DIGEST_SHA256);
    digest_add(&run, digest_span(&grant->peer_client_key));
    digest_add(&run, span_text(name));
    digest_end(&run, &digest);
    digest_hex(hex, &digest);
    snprintf(out, KEPT_NAME_ROOM, RECEIVE_KEPT "%.32s", hex);
}

/* The staging area of the generation that the handover row names. */
static bool staging_open(struct migrations *migrations, struct migration *migration,
                         const struct grant *grant, struct error *err)
{
    struct receive_status status = {0};
    char kept[KEPT_NAME_ROOM];
    const struct receive_place place = {.into = migrations->into,
                                        .migration = grant->migration,
                                        .name = migration->facts.name,
                                        .generation = migration->handover.generation,
                                        .kind = migration->facts.kind,
                                        .byte_ceiling = grant->byte_ceiling,
                                        .replaces = migrations->replaces,
                                        .kept = kept};

    kept_name(kept, grant, migration->facts.name);
    if (!receive_open(&migration->receive, &place, err))
        return false;
    receive_status(&migration->receive, &status);
    /* From `committing` on target-import may have changed what was durable. */
    return !status.closed || migration->handover.state == TARGET_COMMITTING ||
           restore(migrations, migration, grant->migration, err);
}

/* The staging of the generation that the row names, in place of the one before. */
static bool migration_turn(struct migrations *migrations, struct migration *migration,
                           const struct grant *grant, struct error *err)
{
    if (migration->receive.opened &&
        migration->receive.generation == migration->handover.generation)
        return true;
    receive_close(&migration->receive);
    if (staging_open(migrations, migration, grant, err))
        return true;
    if (migration->receive.opened)
        receive_close(&migration->receive);
    return false;
}

bool migration_stage(struct migrations *migrations, struct migration *migration,
                     const struct grant *grant, struct error *err)
{
    return handover_is_over(migration->handover.state) ||
           migration_turn(migrations, migration, grant, err);
}

static bool migration_open(struct migrations *migrations, struct migration *migration,
                           const struct grant *grant, struct error *err)
{
    if (!authority_migration(&migrations->worker->authority, grant->migration,
                             &migration->handover, &migration->facts, err))
        return false;
    /* Decided for good: there is nothing to stage, only the outcome to tell. */
    return handover_is_over(migration->handover.state) ||
           staging_open(migrations, migration, grant, err);
}

static struct migration *find(struct migrations *migrations, const char *id)
{
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++)
        if (text_equal(migrations->place[i].id, id))
            return &migrations->place[i];
    return NULL;
}

/* A free place, or that of a migration which is decided and so only a memory. */
static bool is_room(const struct migration *place)
{
    return place->id[0] == '\0' ||
           (!place->receive.opened && handover_is_over(place->handover.state));
}

/* Its source has been silent, perhaps for good: it is opened again if it comes back. One
 * that goes on by itself stays. */
static bool is_idle(const struct migration *place)
{
    return place->handover.state != TARGET_COMMITTING &&
           clock_steady_ms() - place->used_ms >= IDLE_MS;
}

/* One that nobody holds, locked alone; NULL when there is none. */
static struct migration *find_place(struct migrations *migrations,
                                    bool (*is_fit)(const struct migration *place))
{
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++) {
        struct migration *place = &migrations->place[i];

        if (pthread_rwlock_trywrlock(&place->lock) != 0)
            continue;
        if (is_fit(place))
            return place;
        pthread_rwlock_unlock(&place->lock);
    }
    return NULL;
}

static struct migration *find_room(struct migrations *migrations)
{
    struct migration *place = find_place(migrations, is_room);

    return place != NULL ? place : find_place(migrations, is_idle);
}

/* In a place that is locked alone; one that cannot be opened leaves it free. */
static bool move_in(struct migrations *migrations, struct migration *place,
                    const struct grant *grant, struct error *err)
{
    place->id[0] = '\0';
    if (place->receive.opened)
        receive_close(&place->receive);
    if (!migration_open(migrations, place, grant, err)) {
        if (place->receive.opened)
            receive_close(&place->receive);
        return false;
    }
    place->flushed_ms = clock_steady_ms();
    place->used_ms = place->flushed_ms;
    atomic_store(&place->admitted, false);
    return text_fits(place->id, grant->migration);
}

static bool take_locked(struct migrations *migrations, const struct grant *grant,
                        struct migration **out, struct error *err)
{
    bool good;

    *out = find(migrations, grant->migration);
    if (*out != NULL)
        return true;
    *out = find_room(migrations);
    if (*out == NULL)
        return fail(err, E_BUSY, "%d migrations are open", MIGRATIONS_OPEN_MAX);
    good = move_in(migrations, *out, grant, err);
    pthread_rwlock_unlock(&(*out)->lock);
    return good;
}

static bool take(struct migrations *migrations, const struct grant *grant,
                 struct migration **out, struct error *err)
{
    bool good;

    pthread_mutex_lock(&migrations->lock);
    good = take_locked(migrations, grant, out, err);
    pthread_mutex_unlock(&migrations->lock);
    return good;
}

static bool is_open(struct migrations *migrations, const char *id)
{
    bool open;

    pthread_mutex_lock(&migrations->lock);
    open = find(migrations, id) != NULL;
    pthread_mutex_unlock(&migrations->lock);
    return open;
}

/* A new one finds what a try before it has left, although nobody has tidied up yet. */
bool migrations_hold(struct migrations *migrations, const struct grant *grant, bool alone,
                     struct migration **out, struct error *err)
{
    if (!is_open(migrations, grant->migration))
        finish_ended(migrations);
    while (take(migrations, grant, out, err)) {
        if (alone)
            pthread_rwlock_wrlock(&(*out)->lock);
        else
            pthread_rwlock_rdlock(&(*out)->lock);
        if (text_equal((*out)->id, grant->migration)) {
            (*out)->used_ms = clock_steady_ms();
            return true;
        }
        pthread_rwlock_unlock(&(*out)->lock); /* its place was given away meanwhile */
    }
    return false;
}

void migrations_end(struct migrations *migrations)
{
    atomic_store(&migrations->stop, true);
    if (migrations->running)
        pthread_join(migrations->journal, NULL);
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++) {
        if (migrations->place[i].receive.opened)
            receive_close(&migrations->place[i].receive);
        pthread_rwlock_destroy(&migrations->place[i].lock);
    }
    pthread_mutex_destroy(&migrations->lock);
}
