/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/office_hook.h"

#include "agent/clock.h"
#include "agent/hook_names.h"
#include "agent/hook_rows.h"
#include "agent/office.h"
#include "agent/office_audit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

static struct hook_place *find(struct hook_desk *desk, const char *migration,
                               enum hook hook)
{
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (desk->place[i].hook == hook && text_equal(desk->place[i].migration, migration))
            return &desk->place[i];
    return NULL;
}

static struct hook_place *find_free(struct hook_desk *desk)
{
    return find(desk, "", HOOK_NONE);
}

static void place_free(struct hook_place *place)
{
    runner_clear(&place->runner);
    *place = (struct hook_place){0};
}

static bool runs(const struct hook_place *place)
{
    return place->hook != HOOK_NONE && !place->ended;
}

/* What the hook is about; before there is a migration, what is asked for. */
static bool load(struct office *office, const char *migration, struct handover *handover,
                 struct migration_facts *facts, struct error *err)
{
    *handover = (struct handover){.state = SOURCE_SENDING};
    *facts = office->hooks->wish;
    return migration[0] == '\0' ||
           (handover_load(handover, office->db, migration, err) &&
            migration_facts_load(facts, office->db, migration, err));
}

static bool start(struct office *office, struct hook_place *place,
                  const struct hook_file *file, struct error *err)
{
    scoped(hook_names_clear) struct hook_names names = {0};
    struct program program = {.path = file->path};
    struct handover handover;
    struct migration_facts facts;

    if (!load(office, place->migration, &handover, &facts, err) ||
        !hook_seconds(&program.seconds, office->hooks->state, err))
        return false;
    hook_names_lay(&names, place->hook, file, &handover, &facts);
    for (size_t i = 0; i < names.n; i++)
        program.name[i] = names.text[i];
    return hook_rows_set(office->db, place->migration, place->hook, HOOK_BEGUN, clock_now(),
                         err) &&
           runner_start(&place->runner, &program, err);
}

/* One that cannot be run has failed: told as its own failure, with what is wrong. */
static void refuse(struct hook_place *place, const struct error *why)
{
    place->ended = true;
    fail(&place->outcome, hook_rule(place->hook)->failed, "%s %s",
         message_of(why->msg)->text, why->about);
}

/* Run what is there; what is not there has nothing to do and counts as done. */
static void begin(struct office *office, struct hook_place *place)
{
    struct error err = {0};
    struct hook_file file;

    place->ended = false;
    place->outcome = (struct error){0};
    if (!hook_find(&file, office->hooks->state, hook_rule(place->hook)->name, &err) ||
        (file.there && !start(office, place, &file, &err))) {
        refuse(place, &err);
    } else if (!file.there) {
        place->ended = true;
        (void)!hook_rows_set(office->db, place->migration, place->hook, HOOK_DONE,
                             clock_now(), &place->outcome);
    }
}

/* What cannot be kept has not been done. */
static void keep_end(struct office *office, struct hook_place *place)
{
    const struct hook_rule *rule = hook_rule(place->hook);
    const enum hook_outcome outcome =
        place->outcome.msg == E_NONE ? HOOK_DONE : HOOK_FAILED;
    struct error err = {0};

    if (office_audit_hook(office, place->migration, rule->name, &place->runner,
                          &place->outcome, &err) &&
        hook_rows_set(office->db, place->migration, place->hook, outcome, clock_now(),
                      &err))
        return;
    fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
    if (place->outcome.msg == E_NONE)
        place->outcome = err;
}

/* For the operator, with what it said when it failed; on record; for whoever asks. */
static void note_end(struct office *office, struct hook_place *place)
{
    const struct hook_rule *rule = hook_rule(place->hook);
    const struct runner *runner = &place->runner;
    const bool good = runner_succeeded(runner);
    char how[ABOUT_MAX / 2];

    runner_describe(how, sizeof(how), runner);
    if (!good)
        fail(&place->outcome, rule->failed, "%s", how);
    event_hook(&office->hooks->events, place->migration, rule->name, good ? NULL : how,
               good ? (struct span){0} : span_of(runner->said, runner->n));
    keep_end(office, place);
}

/* Owed: again after a while, longer each time, or nothing is left to be done. */
static void settle(struct hook_place *place)
{
    int64_t wait_ms = HOOK_AGAIN_MS;

    if (place->outcome.msg == E_NONE) {
        place_free(place);
        return;
    }
    for (unsigned i = 0; i < place->tries && wait_ms < HOOK_AGAIN_MAX_MS; i++)
        wait_ms *= 2;
    place->tries++;
    place->again_ms =
        clock_ms() + (wait_ms < HOOK_AGAIN_MAX_MS ? wait_ms : HOOK_AGAIN_MAX_MS);
    fprintf(stderr, "pairgate: %s: %s %s (%s)\n", message_of(place->outcome.msg)->id,
            place->migration, message_of(place->outcome.msg)->text, place->outcome.about);
}

static void look_at(struct office *office, struct hook_place *place)
{
    if (runs(place)) {
        if (!runner_has_ended(&place->runner))
            return;
        place->ended = true;
        note_end(office, place);
        if (place->owed)
            settle(place);
    } else if (place->owed && place->ended && clock_ms() >= place->again_ms) {
        begin(office, place);
        if (place->ended)
            settle(place);
    }
}

/* This process minds all of a target, and of a source the one it was started for. */
static bool is_ours(const struct office *office, const char *migration)
{
    return office->is_target || text_equal(office->hooks->migration, migration);
}

/* Listeners and takeovers of one state directory: one of them runs what is owed. */
static bool minds_owed(struct office *office)
{
    struct hook_desk *desk = office->hooks;

    if (desk->minds || !office->is_target)
        return true;
    desk->lock = openat(desk->state->fd, HOOK_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (desk->lock < 0)
        return false;
    desk->minds = flock(desk->lock, LOCK_EX | LOCK_NB) == 0;
    if (!desk->minds)
        fd_close(&desk->lock);
    return desk->minds;
}

static void begin_owed(struct office *office, enum hook hook, struct error *err)
{
    char id[HANDOVER_ID_MAX] = "";
    bool found = true;

    while (hook_rows_owed(id, &found, office->db, hook, id, err) && found) {
        struct hook_place *place = find_free(office->hooks);

        if (place == NULL || !is_ours(office, id) || find(office->hooks, id, hook) != NULL)
            continue;
        *place = (struct hook_place){.hook = hook, .owed = true};
        (void)text_fits(place->migration, id);
        begin(office, place);
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
    if (err.msg != E_NONE)
        fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
}

/* A source is thawed when its worker has ended, and not while it may go on. */
void office_hook_look(struct office *office)
{
    if (office->hooks == NULL)
        return;
    if (office->hooks->look && office->is_target && minds_owed(office)) {
        office->hooks->look = false;
        begin_all_owed(office);
    }
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (office->hooks->place[i].hook != HOOK_NONE)
            look_at(office, &office->hooks->place[i]);
}

int office_hook_sleep_ms(const struct office *office)
{
    int sleep_ms = -1;

    if (office->hooks == NULL)
        return -1;
    if (office->is_target && office->hooks->look)
        return HOOK_AGAIN_MS; /* another process minds them */
    for (size_t i = 0; i < HOOK_PLACES; i++) {
        const struct hook_place *place = &office->hooks->place[i];

        if (runs(place))
            return HOOK_TICK_MS;
        if (place->hook != HOOK_NONE && place->owed)
            sleep_ms = HOOK_AGAIN_MS;
    }
    return sleep_ms;
}

/* A worker asks for its own side's, in their state; what is owed comes by itself. */
static bool check(struct request *r, bool *done, struct error *err)
{
    const enum hook hook = r->ask->hook;
    struct handover handover;
    struct migration_facts facts;

    *done = false;
    if (r->ask->migration[0] == '\0' && !hook_rule(hook)->before_any)
        return fail(err, E_MIGRATION_UNKNOWN, "no migration");
    if (!load(r->office, r->ask->migration, &handover, &facts, err))
        return false;
    if (!hook_may_run(hook, r->office->is_target, handover.state))
        return fail(err, E_SUPERVISOR, "%s is not for this state", hook_rule(hook)->name);
    return !hook_rule(hook)->once ||
           hook_rows_is_done(done, r->office->db, r->ask->migration, hook, err);
}

static void collect(struct request *r, struct hook_place *place, struct error *err)
{
    r->answer->waiting = !place->ended;
    if (!place->ended)
        return;
    r->answer->done = place->outcome.msg == E_NONE;
    *err = place->outcome;
    place_free(place);
}

bool office_hook(struct request *r, struct error *err)
{
    struct hook_desk *desk = r->office->hooks;
    struct hook_place *place;

    if (desk == NULL || r->ask->hook == HOOK_NONE || (unsigned)r->ask->hook >= HOOKS)
        return fail(err, E_SUPERVISOR, "no such hook");
    if (!r->office->is_target)
        (void)text_fits(desk->migration, r->ask->migration);
    place = find(desk, r->ask->migration, r->ask->hook);
    if (place == NULL) {
        if (!check(r, &r->answer->done, err) || r->answer->done)
            return err->msg == E_NONE;
        place = find_free(desk);
        if (place == NULL)
            return fail(err, E_BUSY, "%d hooks are running", HOOK_PLACES);
        place->hook = r->ask->hook;
        (void)text_fits(place->migration, r->ask->migration);
        begin(r->office, place);
    }
    collect(r, place, err);
    return err->msg == E_NONE;
}

/* Which hook must have ended well before a move is made. */
static const struct {
    enum handover_event event;
    enum handover_state from;
    enum hook hook;
} gates[] = {
    {WILL_FREEZE, SOURCE_SENDING, HOOK_SOURCE_FREEZE},
    {DID_PUBLISH, TARGET_COMMITTING, HOOK_TARGET_IMPORT},
};

bool office_hook_allows(struct office *office, const struct handover *before,
                        enum handover_event event, struct error *err)
{
    bool done = true;

    for (size_t i = 0; office->hooks != NULL && i < COUNT(gates); i++) {
        if (gates[i].event != event || gates[i].from != before->state)
            continue;
        if (!hook_rows_is_done(&done, office->db, before->migration, gates[i].hook, err))
            return false;
        if (!done)
            return fail(err, E_SUPERVISOR, "%s has not been run",
                        hook_rule(gates[i].hook)->name);
    }
    return true;
}

void office_hook_moved(struct office *office, const char *migration)
{
    if (office->hooks == NULL)
        return;
    office->hooks->look = true;
    if (!office->is_target)
        (void)text_fits(office->hooks->migration, migration);
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
        if (runs(&desk->place[i]))
            return false;
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (desk->place[i].owed && err->msg == E_NONE)
            *err = desk->place[i].outcome;
    return true;
}

bool office_hook_finish(struct office *office, struct error *err)
{
    if (office->hooks == NULL)
        return true;
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (!office->hooks->place[i].owed)
            place_free(&office->hooks->place[i]); /* nobody will ask any more */
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

void office_hook_clear(struct office *office)
{
    for (size_t i = 0; office->hooks != NULL && i < HOOK_PLACES; i++)
        place_free(&office->hooks->place[i]);
    if (office->hooks != NULL && office->hooks->minds)
        fd_close(&office->hooks->lock);
    mem_free(office->hooks);
    office->hooks = NULL;
}
