/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that can happen to both sides, walked to the last world: every order of their
 * steps, every message lost, late, or told again, a crash between any two steps (what is
 * not on disk is forgotten, and nothing of the model is anywhere else), both typed
 * overrides, and either machine restored from a snapshot. Each step is judged by the tables
 * of transfer/handover.c themselves.
 */
#include "base/mem.h"
#include "tests/support/run.h"
#include "transfer/handover.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#define GENERATIONS 3
#define EPOCHS 4
#define WORLDS_MAX (1U << 22)
#define SIDE_BITS 13      /* of side_key */
#define PLACES (1U << 23) /* of the table that finds a world again; a power of two */

/* What was ever told: it may arrive any number of times from then on, or never. */
enum told {
    TOLD_ABORT,
    TOLD_FREEZE,                             /* of generation 1, 2, 3 */
    TOLD_FROZEN = TOLD_FREEZE + GENERATIONS, /* the same; its answer */
    TOLD_SEAL = TOLD_FROZEN + GENERATIONS,
    TOLD_SEALED = TOLD_SEAL + GENERATIONS,
    TOLD_COMMIT = TOLD_SEALED + GENERATIONS,
    TOLD_RECEIPT = TOLD_COMMIT + GENERATIONS,
    TOLD_ABORTED = TOLD_RECEIPT + GENERATIONS,
    TOLD_N = TOLD_ABORTED + GENERATIONS
};

/* Why the two sides may disagree. */
enum excuse { TYPED_TAKEOVER = 1, TYPED_RECLAIM = 2, RESTORED = 4 };

struct party {
    unsigned char state; /* enum handover_state */
    unsigned char generation;
    unsigned char epoch;
    unsigned char sealed; /* generation of its terms; 0: none */
    bool has_freeze;
    unsigned char typed; /* enum handover_typed */
};

struct world {
    struct party source, target;
    bool published;        /* the tree lies at the target's destination */
    unsigned char excuses; /* bits of enum excuse */
    unsigned told;         /* bits of enum told */
};

static const struct world first = {.source = {SOURCE_SENDING, 1, 1, 0, false, NOT_TYPED},
                                   .target = {TARGET_RECEIVING, 1, 1, 0, false, NOT_TYPED}};

/* ---- the worlds that were reached ---- */

struct walk {
    struct world *world; /* n of them, in the order they were reached */
    size_t n;
    uint32_t *place; /* PLACES: number of a world plus one, or 0 */
    bool *ends;      /* of each world: it can still end */
    unsigned faults; /* enum excuse: what may happen */
};

static uint64_t side_key(const struct party *side)
{
    uint64_t key = side->state;

    key = key * (GENERATIONS + 1) + side->generation;
    key = key * (EPOCHS + 1) + side->epoch;
    key = key * (GENERATIONS + 1) + side->sealed;
    return (key * 2 + side->has_freeze) * 3 + side->typed;
}

static uint64_t world_key(const struct world *w)
{
    uint64_t key = side_key(&w->source) << SIDE_BITS | side_key(&w->target);

    return ((key << TOLD_N | w->told) << 3 | w->excuses) << 1 | w->published;
}

static uint32_t *find(const struct walk *walk, const struct world *world)
{
    const uint64_t key = world_key(world);
    size_t at = (size_t)(key * 0x9E3779B97F4A7C15U >> 20) % PLACES;

    while (walk->place[at] != 0 && world_key(&walk->world[walk->place[at] - 1]) != key)
        at = (at + 1) % PLACES;
    return &walk->place[at];
}

static void reach(struct walk *walk, const struct world *world)
{
    uint32_t *place = find(walk, world);

    if (*place != 0)
        return;
    CU_ASSERT_FATAL(walk->n < WORLDS_MAX);
    walk->world[walk->n++] = *world;
    *place = (uint32_t)walk->n;
}

/* ---- one step ---- */

static struct handover_terms terms_of(unsigned generation, unsigned epoch)
{
    return (struct handover_terms){.generation = generation,
                                   .epoch = epoch,
                                   .manifest_root = {{(unsigned char)generation}}};
}

static bool judge(struct party *side, enum handover_event event, unsigned generation,
                  unsigned epoch)
{
    static const struct signed_text statement;
    const struct handover_terms terms = terms_of(generation, epoch);
    const struct handover_act act = {
        .event = event, .terms = &terms, .statement = &statement};
    const struct handover before = {.state = side->state,
                                    .epoch = side->epoch,
                                    .generation = side->generation,
                                    .has_terms = side->sealed != 0,
                                    .terms = terms_of(side->sealed, 1),
                                    .has_freeze = side->has_freeze,
                                    .typed = side->typed};
    struct handover after = {0};
    struct error err = {0};

    if (!handover_judge(&before, &act, &after, &err))
        return false;
    *side = (struct party){.state = (unsigned char)after.state,
                           .generation = (unsigned char)after.generation,
                           .epoch = (unsigned char)after.epoch,
                           .sealed =
                               after.has_terms ? (unsigned char)after.terms.generation : 0,
                           .has_freeze = after.has_freeze,
                           .typed = (unsigned char)after.typed};
    return true;
}

static bool was_told(const struct world *w, enum told what, unsigned generation)
{
    return (w->told >> ((unsigned)what + generation - 1) & 1) != 0;
}

static void tell(struct world *w, enum told what, unsigned generation)
{
    w->told |= 1U << ((unsigned)what + generation - 1);
}

/* What is done with a world that a step leads to. */
typedef void step_taken(struct walk *walk, const struct world *world);

/* The source's own moves; a crash may come before what they tell. */
static void step_source(struct walk *walk, const struct world *from, bool with_people,
                        step_taken *taken)
{
    const struct party *s = &from->source;
    struct world w = *from;

    if (judge(&w.source, WILL_FREEZE, s->generation, s->epoch))
        taken(walk, &w);
    w = *from;
    if (s->generation < GENERATIONS && was_told(from, TOLD_FROZEN, s->generation) &&
        judge(&w.source, WILL_NEXT, s->generation + 1, s->epoch))
        taken(walk, &w);
    w = *from;
    if (was_told(from, TOLD_SEALED, s->generation) &&
        judge(&w.source, WILL_ASK, s->generation, s->epoch))
        taken(walk, &w);
    w = *from;
    if (with_people && judge(&w.source, WILL_GIVE_UP, 0, 0))
        taken(walk, &w);
    /* What is on disk is told, again and again. */
    w = *from;
    if (s->state == SOURCE_FROZEN) {
        tell(&w, TOLD_FREEZE, s->generation);
        tell(&w, TOLD_SEAL, s->generation);
    }
    if (s->state == SOURCE_COMMIT_ASKED)
        tell(&w, TOLD_COMMIT, s->sealed);
    taken(walk, &w);
    if (with_people)
        tell(&w, TOLD_ABORT, 1);
    taken(walk, &w);
}

/* The source hears. A target that has not heard of the newest generation ends an older one,
 * which is the end of the migration all the same. */
static void step_heard(struct walk *walk, const struct world *from, step_taken *taken)
{
    for (unsigned g = 1; g <= GENERATIONS; g++) {
        struct world w = *from;
        const bool for_us = w.source.sealed == 0 || w.source.sealed == g;

        if (was_told(from, TOLD_RECEIPT, g) && for_us &&
            judge(&w.source, GOT_RECEIPT, g, 2))
            taken(walk, &w);
        w = *from;
        if (was_told(from, TOLD_ABORTED, g) && g <= w.source.generation &&
            judge(&w.source, GOT_ABORTED, g, 1))
            taken(walk, &w);
    }
}

/* The target hears a request of the source, new or kept by the network, and may answer. */
static void hear(struct walk *walk, const struct world *from, enum handover_event event,
                 unsigned generation, int answer, step_taken *taken)
{
    struct world w = *from;

    if (!judge(&w.target, event, generation, 1))
        return;
    taken(walk, &w);
    if (answer < 0)
        return;
    tell(&w, (enum told)answer, generation);
    taken(walk, &w);
}

static void step_asked(struct walk *walk, const struct world *from, step_taken *taken)
{
    const unsigned ours = from->target.generation;

    for (unsigned g = 1; g <= GENERATIONS; g++) {
        if (was_told(from, TOLD_FREEZE, g) && (g == ours || g == ours + 1))
            hear(walk, from, g == ours ? ASKED_FREEZE : ASKED_NEXT, g, TOLD_FROZEN, taken);
        if (was_told(from, TOLD_SEAL, g))
            hear(walk, from, ASKED_SEAL, g, TOLD_SEALED, taken);
        if (was_told(from, TOLD_COMMIT, g))
            hear(walk, from, ASKED_COMMIT, g, -1, taken);
    }
    if (was_told(from, TOLD_ABORT, 1))
        hear(walk, from, ASKED_ABORT, 0, -1, taken);
}

/* Publishing and its undoing are steps of their own, between two moves on disk. */
static void step_target(struct walk *walk, const struct world *from, bool with_people,
                        step_taken *taken)
{
    struct world w = *from;

    if (from->target.state == TARGET_COMMITTING) {
        w.published = !from->published && from->target.typed != TYPED_HELD;
        taken(walk, &w);
        w = *from;
        if (judge(&w.target, from->published ? DID_PUBLISH : DID_ROLL_BACK, 0, 0))
            taken(walk, &w);
        w = *from;
        if (!from->published && judge(&w.target, DID_HOLD, 0, 0))
            taken(walk, &w);
        w = *from; /* who has typed it has to go on */
        if (from->target.typed == TYPED_HELD && judge(&w.target, TAKEOVER, 0, 0))
            taken(walk, &w);
    }
    w = *from;
    if (w.target.state == TARGET_COMMITTED)
        tell(&w, TOLD_RECEIPT, w.target.sealed);
    if (w.target.state == TARGET_ABORTED)
        tell(&w, TOLD_ABORTED, w.target.generation);
    taken(walk, &w);
    w = *from;
    if (with_people && judge(&w.target, ASKED_ABORT, 0, 0))
        taken(walk, &w);
}

static void step_typed(struct walk *walk, const struct world *from, step_taken *taken)
{
    const unsigned epoch = from->source.epoch;
    struct world w = *from;

    w.excuses |= TYPED_TAKEOVER;
    if ((walk->faults & TYPED_TAKEOVER) != 0) {
        if (judge(&w.target, TAKEOVER, 0, 0))
            taken(walk, &w);
        w = *from;
        w.excuses |= TYPED_TAKEOVER;
        if (judge(&w.target, TAKEOVER_ALIVE, w.target.generation, w.target.epoch))
            taken(walk, &w);
    }
    w = *from;
    w.excuses |= TYPED_RECLAIM;
    if ((walk->faults & TYPED_RECLAIM) != 0 && epoch < EPOCHS - 1 &&
        judge(&w.source, RECLAIM, 0, 0))
        taken(walk, &w);
}

/* A machine as it was in the beginning; what the network has, it still has. */
static void step_restored(struct walk *walk, const struct world *from, step_taken *taken)
{
    struct world w = *from;

    if ((walk->faults & RESTORED) == 0)
        return;
    w.excuses |= RESTORED;
    w.source = first.source;
    taken(walk, &w);
    w.source = from->source;
    w.target = first.target;
    w.published = false;
    taken(walk, &w);
}

static void step(struct walk *walk, const struct world *from, bool with_people,
                 step_taken *taken)
{
    step_source(walk, from, with_people, taken);
    step_heard(walk, from, taken);
    step_asked(walk, from, taken);
    step_target(walk, from, with_people, taken);
    if (with_people) {
        step_typed(walk, from, taken);
        step_restored(walk, from, taken);
    }
}

static void walk_clear(struct walk *walk)
{
    mem_free(walk->world);
    mem_free(walk->place);
    mem_free(walk->ends);
}

static void walk_everything(struct walk *out, unsigned faults)
{
    out->faults = faults;
    out->world = mem_zeroed(WORLDS_MAX, sizeof(*out->world));
    out->place = mem_zeroed(PLACES, sizeof(*out->place));
    reach(out, &first);
    for (size_t i = 0; i < out->n; i++) {
        const struct world w = out->world[i];

        step(out, &w, true, reach);
    }
}

/* ---- what must hold ---- */

static bool has_two_owners(const struct world *w)
{
    return handover_owns(w->source.state) && handover_owns(w->target.state);
}

static void without_a_person_there_are_never_two_owners(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, 0);
    CU_ASSERT(walk.n > 1000);
    for (size_t i = 0; i < walk.n; i++)
        CU_ASSERT_FALSE(has_two_owners(&walk.world[i]));
    printf("%zu worlds ", walk.n);
}

/* The two exceptions, and the walk does see them. */
static void two_owners_have_one_of_two_excuses(void)
{
    static const unsigned faults[] = {TYPED_TAKEOVER | TYPED_RECLAIM, RESTORED};
    size_t found[8] = {0}, worlds = 0;

    for (size_t f = 0; f < COUNT(faults); f++) {
        scoped(walk_clear) struct walk walk = {0};

        walk_everything(&walk, faults[f]);
        worlds += walk.n;
        for (size_t i = 0; i < walk.n; i++)
            if (has_two_owners(&walk.world[i]))
                found[walk.world[i].excuses]++;
    }
    CU_ASSERT_EQUAL(found[0], 0);
    CU_ASSERT(found[TYPED_TAKEOVER] > 0);
    CU_ASSERT(found[TYPED_RECLAIM] > 0);
    CU_ASSERT(found[RESTORED] > 0);
    printf("%zu worlds ", worlds);
}

static void of_two_owners_one_has_the_higher_epoch(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, TYPED_TAKEOVER | TYPED_RECLAIM);
    for (size_t i = 0; i < walk.n; i++)
        CU_ASSERT(!has_two_owners(&walk.world[i]) ||
                  walk.world[i].source.epoch != walk.world[i].target.epoch);
}

static void what_is_published_is_decided(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, TYPED_TAKEOVER | TYPED_RECLAIM);
    for (size_t i = 0; i < walk.n; i++) {
        const struct world *w = &walk.world[i];

        CU_ASSERT(w->target.state != TARGET_COMMITTED || w->published);
        CU_ASSERT(w->target.state == TARGET_COMMITTED ||
                  w->target.state == TARGET_COMMITTING || !w->published);
    }
}

/* What the source has frozen last is what the target owns: no byte is lost. */
static void what_is_committed_is_what_was_frozen_last(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, 0);
    for (size_t i = 0; i < walk.n; i++) {
        const struct world *w = &walk.world[i];

        CU_ASSERT(w->target.state != TARGET_COMMITTED ||
                  (w->target.sealed == w->source.generation &&
                   w->target.sealed == w->source.sealed));
    }
}

/* Set by the steps out of one world. */
static struct {
    bool target_decided_otherwise;
    enum handover_state decided;
    bool ends;
} seen;

static void see_decided(struct walk *walk, const struct world *world)
{
    (void)walk;
    seen.target_decided_otherwise |= world->target.state != seen.decided;
}

static void committed_and_aborted_are_for_ever(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, TYPED_TAKEOVER | TYPED_RECLAIM);
    for (size_t i = 0; i < walk.n; i++) {
        const struct world w = walk.world[i];

        if (w.target.state != TARGET_COMMITTED && w.target.state != TARGET_ABORTED)
            continue;
        seen.decided = w.target.state;
        seen.target_decided_otherwise = false;
        step(&walk, &w, true, see_decided);
        CU_ASSERT_FALSE(seen.target_decided_otherwise);
    }
}

static void see_end(struct walk *walk, const struct world *world)
{
    const uint32_t at = *find(walk, world);

    seen.ends |= at != 0 && walk->ends[at - 1];
}

/* Worlds from which `holds` is reached by retries alone: the fixed point, from behind. */
static void find_ends(struct walk *walk, bool (*holds)(const struct world *))
{
    bool changed = true;

    walk->ends = mem_zeroed(walk->n, sizeof(*walk->ends));
    for (size_t i = 0; i < walk->n; i++)
        walk->ends[i] = holds(&walk->world[i]);
    while (changed) {
        changed = false;
        for (size_t i = walk->n; i-- > 0;) {
            const struct world w = walk->world[i];

            if (walk->ends[i])
                continue;
            seen.ends = false;
            step(walk, &w, false, see_end);
            walk->ends[i] = seen.ends;
            changed |= seen.ends;
        }
    }
}

static bool has_one_owner(const struct world *w)
{
    return handover_owns(w->source.state) != handover_owns(w->target.state);
}

/* No give-up, no abort, no override: resume and a listener that runs are enough. */
static void never_nobody_for_ever(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, 0);
    find_ends(&walk, has_one_owner);
    for (size_t i = 0; i < walk.n; i++)
        CU_ASSERT(walk.ends[i]);
}

/* A source that wakes up after a takeover hears of it, and is the owner no more. */
static void two_owners_of_a_takeover_are_one_once_they_speak(void)
{
    scoped(walk_clear) struct walk walk = {0};

    walk_everything(&walk, TYPED_TAKEOVER);
    find_ends(&walk, has_one_owner);
    for (size_t i = 0; i < walk.n; i++)
        CU_ASSERT(walk.ends[i]);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(without_a_person_there_are_never_two_owners),
        TEST(two_owners_have_one_of_two_excuses),
        TEST(of_two_owners_one_has_the_higher_epoch),
        TEST(what_is_published_is_decided),
        TEST(what_is_committed_is_what_was_frozen_last),
        TEST(committed_and_aborted_are_for_ever),
        TEST(never_nobody_for_ever),
        TEST(two_owners_of_a_takeover_are_one_once_they_speak),
    };

    return run_tests("handover_walk", tests, COUNT(tests));
}
