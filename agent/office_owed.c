/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hooks that the supervisor runs unasked, until they have succeeded. */
#include "agent/clock.h"
#include "agent/hook_rows.h"
#include "agent/move.h"
#include "agent/office_hook.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

/* Owed: again after a while, longer each time, or nothing is left to be done. */
static void settle(struct hook_place *place)
{
    int64_t wait_ms = HOOK_AGAIN_MS;

    if (place->outcome.msg == E_NONE) {
        hook_place_free(place);
        return;
    }
    for (unsigned i = 0; i < place->tries && wait_ms < HOOK_AGAIN_MAX_MS; i++)
        wait_ms *= 2;
    place->tries++;
    place->again_ms =
        clock_steady_ms() + (wait_ms < HOOK_AGAIN_MAX_MS ? wait_ms : HOOK_AGAIN_MAX_MS);
    fprintf(stderr, "pairgate: %s: %s %s (%s)\n", message_of(place->outcome.msg)->id,
            place->migration, message_of(place->outcome.msg)->text, place->outcome.about);
}

static void look_at(struct office *office, struct hook_place *place)
{
    if (hook_place_runs(place)) {
        if (!runner_has_ended(&place->runner))
            return;
        place->ended = true;
        hook_place_end(office, place);
        if (place->owed)
            settle(place);
    } else if (place->owed && place->ended && clock_steady_ms() >= place->again_ms) {
        hook_place_begin(office, place);
        if (place->ended)
            settle(place);
    }
}

/* This process minds all of a target, and of a source the one it was started for. */
static bool is_ours(const struct office *office, const char *migration)
{
    return office->is_target || text_equal(office->hooks->migration, migration);
}

static bool take_lock(struct office *office)
{
    struct hook_desk *desk = office->hooks;
    struct error busy = {0};

    if (!office->is_target)
        return desk->migration[0] != '\0' &&
               plan_lock_work(&desk->lock, desk->state->fd, desk->migration, &busy);
    desk->lock = openat(desk->state->fd, HOOK_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (desk->lock < 0)
        return false;
    if (fs_lock(desk->lock))
        return true;
    fd_close(&desk->lock);
    return false;
}

bool office_hook_is_minded(int state)
{
    scoped(fd_close) int lock = openat(state, HOOK_LOCK, O_RDONLY | O_CLOEXEC);

    return lock >= 0 && fs_is_locked(lock);
}

static bool is_thawed(struct office *office)
{
    struct handover handover = {0};
    struct error unknown = {0};

    return !office->is_target &&
           handover_load(&handover, office->db, office->hooks->migration, &unknown) &&
           handover.state == SOURCE_THAWED;
}

/* One process runs what is owed: of the listeners and takeovers of a state directory one,
 * and for a source whoever has its migration. */
static bool minds_owed(struct office *office)
{
    struct hook_desk *desk = office->hooks;

    desk->minds = desk->minds || take_lock(office);
    return desk->minds || desk->alone;
}

/* What finds no place now is looked for again. */
static void begin_owed(struct office *office, enum hook hook, struct error *err)
{
    struct hook_desk *desk = office->hooks;
    char id[HANDOVER_ID_MAX] = "";
    bool found = true;

    while (hook_rows_owed(id, &found, office->db, hook, id, err) && found) {
        struct hook_place *place = hook_place_find_free(desk);

        if (!is_ours(office, id) || hook_place_find(desk, id, hook) != NULL)
            continue;
        if (place == NULL) {
            desk->look = true;
            return;
        }
        *place = (struct hook_place){.hook = hook, .owed = true};
        (void)text_fits(place->migration, id);
        hook_place_begin(office, place);
        if (place->ended)
            settle(place);
    }
}

static void begin_all_owed(struct office *office)
{
    struct error err = {0};

    for (enum hook hook = HOOK_NONE + 1; hook < HOOKS; hook++)
        if (hook_rule(hook)->is_target == office->is_target && hook_rule(hook)->owed != 0)
            begin_owed(office, hook, &err);
    if (err.msg == E_NONE)
        return;
    office->hooks->look = true;
    fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
}

/* A move of another process may owe something to a target, too. */
static bool is_look_due(const struct hook_desk *desk)
{
    return desk->look || (desk->minds && clock_steady_ms() >= desk->look_ms);
}

/* A source is thawed when its worker has ended, and not while it may go on. */
void office_hook_look(struct office *office)
{
    if (office->hooks == NULL)
        return;
    if (office->is_target && is_look_due(office->hooks) && minds_owed(office)) {
        office->hooks->look = false;
        office->hooks->look_ms = clock_steady_ms() + HOOK_AGAIN_MS;
        begin_all_owed(office);
    }
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (office->hooks->place[i].hook != HOOK_NONE)
            look_at(office, &office->hooks->place[i]);
}

/* In slices that a signal ends: SIGTERM and SIGINT are blocked, and read here. */
static bool is_signalled(void)
{
    const struct timespec tick = {.tv_nsec = HOOK_TICK_MS * 1000000L};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return sigtimedwait(&set, NULL, &tick) > 0;
}

/* Nothing runs, and what is owed was tried at least once. */
static bool is_settled(const struct hook_desk *desk, struct error *err)
{
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (hook_place_runs(&desk->place[i]))
            return false;
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (desk->place[i].owed && err->msg == E_NONE)
            *err = desk->place[i].outcome;
    return true;
}

/* The first that is owed to a target, or HOOK_NONE. */
static bool find_owed(enum hook *out, struct office *office, struct error *err)
{
    char id[HANDOVER_ID_MAX];
    bool found = false;

    for (*out = HOOK_NONE + 1; *out < HOOKS; ++*out) {
        if (!hook_rule(*out)->is_target || hook_rule(*out)->owed == 0)
            continue;
        if (!hook_rows_owed(id, &found, office->db, *out, "", err))
            return false;
        if (found)
            return true;
    }
    *out = HOOK_NONE;
    return true;
}

/* Another process has this source's, and runs source-freeze: it is thawed after that, by
 * whoever is there then. */
static bool is_being_frozen(struct office *office)
{
    bool begun = false;
    struct error unknown = {0};

    return hook_rows_is_begun(&begun, office->db, office->hooks->migration,
                              HOOK_SOURCE_FREEZE, &unknown) &&
           begun;
}

/*
 * What we wait for another process to run, or HOOK_NONE. A source that may go on is left to
 * the one that goes on with it. One that is thawed for good goes on nowhere: that other
 * process is about to hear of it, or waits for its network, and then not for it for long.
 */
static bool find_awaited(enum hook *out, struct office *office, int64_t waited_ms,
                         struct error *err)
{
    struct hook_desk *desk = office->hooks;

    if (office->is_target)
        return find_owed(out, office, err);
    *out = is_thawed(office) ? HOOK_SOURCE_THAW : HOOK_NONE;
    desk->alone =
        *out != HOOK_NONE && waited_ms >= HOOK_ALONE_MS && !is_being_frozen(office);
    return true;
}

/* The process that minds them runs them, or leaves them to us by its end. */
static bool await_others(struct office *office, struct error *err)
{
    const int64_t begun = clock_steady_ms();
    enum hook hook;

    while (!minds_owed(office)) {
        const int64_t waited_ms = clock_steady_ms() - begun;

        if (!find_awaited(&hook, office, waited_ms, err))
            return false;
        if (hook == HOOK_NONE)
            return true;
        if (waited_ms >= HOOK_OTHERS_MS)
            return fail(err, E_HOOK_RUNNING, "%s, by another process of this appliance",
                        hook_rule(hook)->name);
        if (is_signalled())
            return fail(err, E_STOPPED, "a hook was running");
    }
    return true;
}

bool office_hook_finish(struct office *office, struct error *err)
{
    if (office->hooks == NULL)
        return true;
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (!office->hooks->place[i].owed)
            hook_place_free(&office->hooks->place[i]); /* nobody will ask any more */
    if (!await_others(office, err))
        return false;
    if (minds_owed(office))
        begin_all_owed(office);
    while (!is_settled(office->hooks, err)) {
        if (is_signalled())
            return fail(err, E_STOPPED, "a hook was running");
        office_hook_look(office);
    }
    return err->msg == E_NONE;
}

bool office_hook_settle(struct state *state, const char *migration, bool json,
                        struct error *err)
{
    struct office office = {.db = &state->db,
                            .hooks = mem_zeroed(1, sizeof(*office.hooks))};
    bool settled;

    office.hooks->state = state;
    office.hooks->events.json = json;
    (void)text_fits(office.hooks->migration, migration);
    settled = office_hook_finish(&office, err);
    office_hook_clear(&office);
    return settled;
}
