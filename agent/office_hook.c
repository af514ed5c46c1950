/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/office_hook.h"

#include "agent/hook_rows.h"
#include "agent/office.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

int office_hook_sleep_ms(const struct office *office)
{
    int sleep_ms = -1;

    if (office->hooks == NULL)
        return -1;
    if (office->is_target && office->hooks->look)
        return HOOK_AGAIN_MS; /* another process minds them, or no place was free */
    for (size_t i = 0; i < HOOK_PLACES; i++) {
        const struct hook_place *place = &office->hooks->place[i];

        if (hook_place_runs(place))
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
    if (!hook_subject(r->office, r->ask->migration, &handover, &facts, err))
        return false;
    if (!hook_may_run(hook, r->office->is_target, handover.state))
        return fail(err, E_HANDOVER_MOVE, "%s in state %s", hook_rule(hook)->name,
                    handover_state_name(handover.state));
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
    hook_place_free(place);
}

/* A place of the migration that was asked about; NULL when there is nothing to run. */
static struct hook_place *begin_asked(struct request *r, struct error *err)
{
    struct hook_desk *desk = r->office->hooks;
    struct hook_place *place;

    if (!check(r, &r->answer->done, err) || r->answer->done)
        return NULL;
    place = hook_place_find_free(desk);
    if (place == NULL) {
        fail(err, E_BUSY, "%d hooks are running", HOOK_PLACES);
        return NULL;
    }
    if (!r->office->is_target)
        (void)text_fits(desk->migration, r->ask->migration);
    place->hook = r->ask->hook;
    (void)text_fits(place->migration, r->ask->migration);
    hook_place_begin(r->office, place);
    return place;
}

bool office_hook(struct request *r, struct error *err)
{
    struct hook_desk *desk = r->office->hooks;
    struct hook_place *place;

    if (desk == NULL || r->ask->hook == HOOK_NONE || (unsigned)r->ask->hook >= HOOKS)
        return fail(err, E_SUPERVISOR, "no such hook");
    place = hook_place_find(desk, r->ask->migration, r->ask->hook);
    if (place != NULL && place->owed)
        return fail(err, E_SUPERVISOR, "a hook that comes by itself");
    if (place == NULL)
        place = begin_asked(r, err);
    if (place != NULL)
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

void office_hook_clear(struct office *office)
{
    for (size_t i = 0; office->hooks != NULL && i < HOOK_PLACES; i++)
        hook_place_free(&office->hooks->place[i]);
    if (office->hooks != NULL && office->hooks->minds)
        fd_close(&office->hooks->lock);
    mem_free(office->hooks);
    office->hooks = NULL;
}
