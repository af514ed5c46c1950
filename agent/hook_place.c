/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hook_place.h"

#include "agent/clock.h"
#include "agent/hook_names.h"
#include "agent/hook_rows.h"
#include "agent/office_audit.h"
#include "base/text.h"

#include <stdio.h>

struct hook_place *hook_place_find(struct hook_desk *desk, const char *migration,
                                   enum hook hook)
{
    for (size_t i = 0; i < HOOK_PLACES; i++)
        if (desk->place[i].hook == hook && text_equal(desk->place[i].migration, migration))
            return &desk->place[i];
    return NULL;
}

struct hook_place *hook_place_find_free(struct hook_desk *desk)
{
    return hook_place_find(desk, "", HOOK_NONE);
}

void hook_place_free(struct hook_place *place)
{
    runner_clear(&place->runner);
    *place = (struct hook_place){0};
}

bool hook_place_runs(const struct hook_place *place)
{
    return place->hook != HOOK_NONE && !place->ended;
}

bool hook_subject(struct office *office, const char *migration, struct handover *handover,
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

    if (!hook_subject(office, place->migration, &handover, &facts, err) ||
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

/* What is not there has nothing to do and counts as done. */
void hook_place_begin(struct office *office, struct hook_place *place)
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
void hook_place_end(struct office *office, struct hook_place *place)
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
