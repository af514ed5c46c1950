/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/finish.h"

#include "agent/clock.h"
#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define FINISH_TICK_MS 1000
#define FINISH_AGAIN_MS 15000 /* after a failure */

/* One that another process has open is left to that. */
static void tell(const char *id, const struct error *why)
{
    if (why->msg == E_STAGING_BUSY)
        return;
    fprintf(stderr, "pairgate: %s: %s: %s (%s)\n", id, message_of(why->msg)->id,
            message_of(why->msg)->text, why->about);
}

/* What the source has asked for ends, and it can be told so, signed. Of what a person has
 * typed nobody was told, and the source may be lost: that person says how it goes on. */
static struct handover_act undoing(const struct handover *handover)
{
    return (struct handover_act){.event = handover->typed != NOT_TYPED ? DID_HOLD
                                                                       : DID_ROLL_BACK,
                                 .now = clock_now()};
}

/* The source's next try, which may begin at once, finds what an aborted one had. */
static void roll_back(struct migrations *migrations, struct migration *migration)
{
    const struct handover_act act = undoing(&migration->handover);
    struct error kept = {0};

    if (!receive_withdraw(&migration->receive, &kept) ||
        !authority_move(&migrations->worker->authority, migration->id, &act,
                        &migration->handover, &kept)) {
        tell(migration->id, &kept);
        return;
    }
    if (migration->handover.state != TARGET_ABORTED)
        return;
    event_migration(migrations->events, migration->id, "aborted", 0);
    if (!receive_discard(&migration->receive, true, &kept))
        tell(migration->id, &kept); /* finish_left does it again */
}

/* What import did is undone before anything else may be said or tried. */
static bool undo_import(struct migrations *migrations, const char *id)
{
    struct error undone = {0};

    (void)!authority_hook(&migrations->worker->authority, id, HOOK_TARGET_ROLLBACK, -1,
                          &migrations->stop, &undone);
    return undone.msg != E_HOOK_RUNNING;
}

static void import_failed(struct migrations *migrations, struct migration *migration)
{
    if (undo_import(migrations, migration->id))
        roll_back(migrations, migration);
}

/* Its name was taken while nobody ran here: nothing of it is there to be withdrawn. */
static void name_is_taken(struct migrations *migrations, const char *id,
                          const struct handover *handover)
{
    const struct handover_act act = undoing(handover);
    struct handover after = {0};
    struct error kept = {0};

    if (!undo_import(migrations, id))
        return;
    if (!authority_move(&migrations->worker->authority, id, &act, &after, &kept)) {
        tell(id, &kept);
        return;
    }
    if (after.state != TARGET_ABORTED)
        return;
    event_migration(migrations->events, id, "aborted", 0);
    finish_sweep(migrations);
}

/* The integrator's last word, while it can still be rolled back. */
static bool import(struct migrations *migrations, struct migration *migration,
                   int64_t patience_ms, struct error *err)
{
    if (authority_hook(&migrations->worker->authority, migration->id, HOOK_TARGET_IMPORT,
                       patience_ms, &migrations->stop, err))
        return true;
    if (err->msg == E_HOOK_IMPORT) {
        import_failed(migrations, migration);
        if (migration->handover.typed == TYPED_HELD)
            err->msg = E_TAKEOVER_UNDONE;
    }
    return false;
}

/*
 * What cannot be published ever (the name is taken) ends the migration; a disk that is full
 * or away for now leaves it in `committing`, to be tried again.
 */
static void publish_failed(struct migrations *migrations, struct migration *migration,
                           const struct error *why)
{
    if (message_of(why->msg)->kind != COULD_NOT)
        import_failed(migrations, migration);
}

bool finish_commit(struct migrations *migrations, struct migration *migration,
                   int64_t patience_ms, struct error *err)
{
    if (!import(migrations, migration, patience_ms, err))
        return false;
    if (!receive_publish(&migration->receive, err)) {
        publish_failed(migrations, migration, err);
        return false;
    }
    if (!authority_decide(&migrations->worker->authority, migration->id,
                          &migration->handover, err))
        return false;
    event_migration(migrations->events, migration->id, "committed",
                    migration->receive.manifest.sum.bytes);
    return true;
}

static bool is_left_to_be_done(const struct handover *handover)
{
    return handover->state == TARGET_COMMITTING && handover->typed != TYPED_HELD;
}

/* What is left to be done for one in this state. */
static bool finish_one(struct migrations *migrations, struct migration *migration,
                       struct error *err)
{
    if (!authority_migration(&migrations->worker->authority, migration->id,
                             &migration->handover, &migration->facts, err))
        return false;
    if (is_left_to_be_done(&migration->handover))
        return finish_commit(migrations, migration, 0, err);
    if (migration->handover.state == TARGET_ABORTED && migration->receive.opened)
        return receive_discard(&migration->receive, true, err);
    return true;
}

/* Those of another --into are another listener's. */
static bool finish_named(struct migrations *migrations, const char *id, struct error *err)
{
    struct authority *authority = &migrations->worker->authority;
    struct migration *migration = NULL;
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct grant grant = {0};
    bool good;

    if (!authority_migration(authority, id, &handover, &facts, err) ||
        !authority_grant(authority, id, &grant, err))
        return false;
    if (!is_left_to_be_done(&handover) ||
        !text_equal(facts.directory, migrations->directory))
        return true;
    if (!migrations_hold(migrations, &grant, true, &migration, err)) {
        if (err->msg == E_DESTINATION_EXISTS)
            name_is_taken(migrations, id, &handover);
        return false;
    }
    good = finish_one(migrations, migration, err);
    pthread_rwlock_unlock(&migration->lock);
    return good;
}

/* Of what was not finished; it is told. A hook that runs is asked again, and nothing is
 * left of a takeover that was undone. */
static bool needs_no_rest(const char *id, const struct error *why)
{
    if (why->msg == E_HOOK_RUNNING)
        return true;
    tell(id, why);
    return why->msg == E_TAKEOVER_UNDONE;
}

static bool finish_committing(struct migrations *migrations)
{
    char id[MIGRATION_ID_MAX] = "";
    struct error err = {0};
    bool found = true, good = true;

    while (authority_next(&migrations->worker->authority, TARGET_COMMITTING, id, id, &found,
                          &err) &&
           found) {
        struct error why = {0};

        if (!finish_named(migrations, id, &why))
            good = needs_no_rest(id, &why) && good;
    }
    return good;
}

/* Those that are open here: the operator may have aborted one. */
static bool finish_open(struct migrations *migrations, struct migration *migration)
{
    struct error why = {0};
    bool good;

    pthread_rwlock_wrlock(&migration->lock);
    good = !migration->receive.opened || finish_one(migrations, migration, &why);
    pthread_rwlock_unlock(&migration->lock);
    return good || needs_no_rest(migration->id, &why);
}

/* As its row says, whoever has ended it. */
static bool has_ended(struct migrations *migrations, const struct migration *place)
{
    char id[MIGRATION_ID_MAX];
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct error unknown = {0};

    pthread_mutex_lock(&migrations->lock);
    (void)text_fits(id, place->id);
    pthread_mutex_unlock(&migrations->lock);
    return id[0] != '\0' &&
           authority_migration(&migrations->worker->authority, id, &handover, &facts,
                               &unknown) &&
           handover.state == TARGET_ABORTED;
}

void finish_ended(struct migrations *migrations)
{
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++)
        if (has_ended(migrations, &migrations->place[i]))
            (void)!finish_open(migrations, &migrations->place[i]);
    finish_sweep(migrations);
}

void finish_left(struct migrations *migrations)
{
    bool good;

    if (clock_steady_ms() < migrations->finish_ms)
        return;
    good = finish_committing(migrations);
    for (size_t i = 0; i < MIGRATIONS_OPEN_MAX; i++)
        if (migrations_is_taken(migrations, i))
            good = finish_open(migrations, &migrations->place[i]) && good;
    migrations->finish_ms = clock_steady_ms() + (good ? FINISH_TICK_MS : FINISH_AGAIN_MS);
}

bool finish_remove(struct authority *authority, int into, const char *id, struct error *err)
{
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct grant grant = {0};
    char kept[KEPT_NAME_ROOM];
    struct receive_place place = {.into = into, .migration = id};

    if (!authority_migration(authority, id, &handover, &facts, err) ||
        !authority_grant(authority, id, &grant, err))
        return false;
    if (handover.state != TARGET_ABORTED && handover.state != TARGET_COMMITTED)
        return true;
    kept_name(kept, &grant, facts.name);
    place.generation = handover.generation;
    place.kept = handover.state == TARGET_ABORTED ? kept : NULL;
    return receive_sweep(&place, err);
}

/* What this state directory knows nothing of is another's. */
static void sweep_one(struct migrations *migrations, const char *id)
{
    struct error why = {0};

    if (!finish_remove(&migrations->worker->authority, migrations->into, id, &why) &&
        why.msg != E_MIGRATION_UNKNOWN)
        tell(id, &why);
}

void finish_sweep(struct migrations *migrations)
{
    scoped(dir_close) DIR *dir = dir_open(migrations->into, STAGING_DIR, O_NOFOLLOW);
    const struct dirent *entry;
    struct error why = {0};

    while (dir != NULL && (entry = dir_next(dir)) != NULL)
        if (text_starts(entry->d_name, "m-"))
            sweep_one(migrations, entry->d_name);
    if (errno == 0 || errno == ENOENT)
        return;
    fail_errno(&why, E_FILE_READ, STAGING_DIR);
    tell(migrations->directory, &why);
}
