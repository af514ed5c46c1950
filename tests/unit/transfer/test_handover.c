/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables, move by move, and a walk over everything that can happen to both sides:
 * every order of their steps, every message lost, late or told twice, every crash (what is
 * not on disk is forgotten, and nothing of the model is anywhere else).
 */
#include "transfer/handover.h"

#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static const struct handover_terms terms = {
    .generation = 1, .epoch = 1, .manifest_root = {{1}}, .contents_root = {{2}}};
static const struct handover_terms received = {
    .generation = 1, .epoch = 2, .manifest_root = {{1}}, .contents_root = {{2}}};
static const struct signed_text statement;

static struct handover at(enum handover_state state)
{
    const bool sealed = state == TARGET_SEALED || state == TARGET_COMMITTING ||
                        state == TARGET_COMMITTED || state == SOURCE_COMMIT_ASKED ||
                        state == SOURCE_HANDED_OVER;

    return (struct handover){.migration = "m-1",
                             .state = state,
                             .epoch = state == TARGET_COMMITTED ? 2 : 1,
                             .generation = 1,
                             .has_terms = sealed,
                             .terms = terms,
                             .has_freeze = sealed};
}

static enum msg act_on(struct handover *handover, enum handover_event event,
                       const struct handover_terms *named)
{
    const struct handover_act act = {.event = event,
                                     .terms = event == GOT_RECEIPT ? &received : named,
                                     .statement = &statement};
    const struct handover before = *handover;
    struct error err = {0};

    return handover_judge(&before, &act, handover, &err) ? E_NONE : err.msg;
}

static void the_good_path_of_the_target(void)
{
    struct handover h = at(TARGET_RECEIVING);

    CU_ASSERT_EQUAL(act_on(&h, ASKED_FREEZE, NULL), E_NONE);
    CU_ASSERT_EQUAL(act_on(&h, ASKED_SEAL, &terms), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_SEALED);
    CU_ASSERT_EQUAL(act_on(&h, ASKED_COMMIT, &terms), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTING);
    CU_ASSERT_EQUAL(act_on(&h, DID_PUBLISH, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTED);
    CU_ASSERT_EQUAL(h.epoch, 2);
    CU_ASSERT_EQUAL(act_on(&h, ASKED_COMMIT, &terms), E_NONE);
    CU_ASSERT_EQUAL(act_on(&h, ASKED_COUNTERSIGN, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTED);
    CU_ASSERT_EQUAL(h.epoch, 2);
}

static void the_good_path_of_the_source(void)
{
    struct handover h = at(SOURCE_SENDING);

    CU_ASSERT_EQUAL(act_on(&h, WILL_FREEZE, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, SOURCE_FROZEN);
    CU_ASSERT_EQUAL(act_on(&h, WILL_ASK, &terms), E_NONE);
    CU_ASSERT_EQUAL(h.state, SOURCE_COMMIT_ASKED);
    CU_ASSERT_EQUAL(act_on(&h, WILL_ASK, &terms), E_NONE);
    CU_ASSERT_EQUAL(act_on(&h, GOT_RECEIPT, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, SOURCE_HANDED_OVER);
}

static void nothing_is_sealed_before_the_source_is_frozen(void)
{
    struct handover h = at(TARGET_RECEIVING);

    CU_ASSERT_EQUAL(act_on(&h, ASKED_SEAL, &terms), E_HANDOVER_MOVE);
}

static void only_what_is_sealed_can_be_committed(void)
{
    struct handover_terms other[5] = {terms, terms, terms, terms, terms};

    other[0].generation = 2;
    other[1].epoch = 2;
    other[2].manifest_root.byte[0] = 9;
    other[3].contents_root.byte[0] = 9;
    other[4].epoch = 0;
    for (size_t i = 0; i < COUNT(other); i++) {
        struct handover sealed = at(TARGET_SEALED);
        struct handover committed = at(TARGET_COMMITTED);

        CU_ASSERT_EQUAL(act_on(&sealed, ASKED_COMMIT, &other[i]), E_HANDOVER_TERMS);
        CU_ASSERT_EQUAL(act_on(&committed, ASKED_COMMIT, &other[i]), E_HANDOVER_TERMS);
    }
}

/* What changed while the source lived comes as the next generation, and only that can be
 * sealed from then on. */
static void a_next_generation_replaces_the_one_before(void)
{
    struct handover_terms second = terms;
    struct handover target = at(TARGET_RECEIVING), source = at(SOURCE_FROZEN);

    second.generation = 2;
    CU_ASSERT_EQUAL(act_on(&target, ASKED_NEXT, NULL), E_NONE);
    CU_ASSERT_EQUAL(target.generation, 2);
    CU_ASSERT(target.has_freeze);
    CU_ASSERT_EQUAL(act_on(&target, ASKED_SEAL, &terms), E_HANDOVER_TERMS);
    target.state = TARGET_RECEIVING;
    CU_ASSERT_EQUAL(act_on(&target, ASKED_SEAL, &second), E_NONE);
    CU_ASSERT_EQUAL(act_on(&target, ASKED_NEXT, NULL), E_NONE);
    CU_ASSERT_EQUAL(target.state, TARGET_RECEIVING);
    CU_ASSERT_FALSE(target.has_terms);
    CU_ASSERT_EQUAL(act_on(&source, WILL_NEXT, NULL), E_NONE);
    CU_ASSERT_EQUAL(source.state, SOURCE_FROZEN);
    CU_ASSERT_EQUAL(source.generation, 2);
    CU_ASSERT_EQUAL(act_on(&source, WILL_ASK, &second), E_NONE);
    CU_ASSERT_EQUAL(act_on(&source, WILL_NEXT, NULL), E_HANDOVER_IN_DOUBT);
}

static void nothing_more_is_sent_once_commit_was_asked_for(void)
{
    static const enum handover_state late[] = {TARGET_COMMITTING, TARGET_COMMITTED,
                                               TARGET_ABORTED};

    for (size_t i = 0; i < COUNT(late); i++) {
        struct handover h = at(late[i]);

        CU_ASSERT_NOT_EQUAL(act_on(&h, ASKED_NEXT, NULL), E_NONE);
    }
}

static void aborted_is_for_ever(void)
{
    for (enum handover_event event = 0; event < HANDOVER_EVENTS; event++) {
        struct handover h = at(TARGET_ABORTED);

        (void)act_on(&h, event, &terms);
        CU_ASSERT_EQUAL(h.state, TARGET_ABORTED);
    }
}

static void a_source_in_doubt_is_freed_by_the_target_alone(void)
{
    struct handover h = at(SOURCE_COMMIT_ASKED);

    CU_ASSERT_EQUAL(act_on(&h, WILL_GIVE_UP, NULL), E_HANDOVER_IN_DOUBT);
    CU_ASSERT_EQUAL(h.state, SOURCE_COMMIT_ASKED);
    CU_ASSERT_EQUAL(act_on(&h, GOT_ABORTED, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, SOURCE_THAWED);
}

static void a_target_in_doubt_is_not_aborted(void)
{
    struct handover h = at(TARGET_COMMITTING);

    CU_ASSERT_EQUAL(act_on(&h, ASKED_ABORT, NULL), E_HANDOVER_IN_DOUBT);
    h = at(TARGET_COMMITTED);
    CU_ASSERT_EQUAL(act_on(&h, ASKED_ABORT, NULL), E_HANDOVER_COMMITTED);
}

static void names_go_both_ways(void)
{
    for (enum handover_state state = 0; state < HANDOVER_STATES; state++) {
        enum handover_state again = HANDOVER_STATES;

        CU_ASSERT(handover_state_named(&again, handover_state_name(state),
                                       handover_is_target(state)));
        CU_ASSERT_EQUAL(again, state);
        CU_ASSERT_FALSE(handover_state_named(&again, handover_state_name(state),
                                             !handover_is_target(state)));
    }
    for (enum handover_event event = 0; event < HANDOVER_EVENTS; event++)
        CU_ASSERT(strlen(handover_event_name(event)) > 0);
}

/* The model. A message that was sent once may arrive any number of times, ever after. */
enum message_sent {
    SENT_FREEZE = 1,
    SENT_SEAL = 2,
    SENT_COMMIT = 4,
    SENT_ABORT = 8,
    SENT_RECEIPT = 16,
    SENT_ABORTED = 32,
    SENT_NEXT = 64
};
#define SENT_ALL 128

struct world {
    enum handover_state source;
    enum handover_state target;
    unsigned sent;
    bool published; /* the tree lies at the target's destination */
    bool has_freeze;
    bool overridden;
};
#define WORLDS (HANDOVER_STATES * HANDOVER_STATES * SENT_ALL * 8)

struct walk_over {
    bool seen[WORLDS];
    struct world queue[WORLDS];
    size_t n;
    bool overrides; /* takeover and reclaim may happen */
};

static size_t place_of(const struct world *w)
{
    size_t at_place = (size_t)w->source * HANDOVER_STATES + w->target;

    at_place = at_place * SENT_ALL + w->sent;
    return at_place * 8 + w->published * 4U + w->has_freeze * 2U + w->overridden;
}

static void reach(struct walk_over *walk, const struct world *world)
{
    const size_t place = place_of(world);

    if (walk->seen[place])
        return;
    walk->seen[place] = true;
    walk->queue[walk->n++] = *world;
}

/* One side makes a move if its table has it; then `tell` may be sent. */
static bool source_does(struct world *w, enum handover_event event)
{
    struct handover h = at(w->source);
    const bool done = act_on(&h, event, &terms) == E_NONE;

    w->source = h.state;
    return done;
}

static bool target_does(struct world *w, enum handover_event event)
{
    struct handover h = at(w->target);
    bool done;

    h.has_freeze = w->has_freeze;
    done = act_on(&h, event, &terms) == E_NONE;
    w->target = done ? h.state : w->target;
    w->has_freeze = done ? h.has_freeze : w->has_freeze;
    return done;
}

/* What the source may do or have done to it, with what it tells afterwards. */
static const struct {
    enum handover_event event;
    unsigned needs; /* a message that must have been sent */
    unsigned tells; /* what is told, if at all, once the move is on disk */
} source_moves[] = {
    {WILL_FREEZE, 0, SENT_FREEZE},  {WILL_NEXT, 0, SENT_NEXT},
    {WILL_ASK, 0, SENT_COMMIT},     {GOT_RECEIPT, SENT_RECEIPT, 0},
    {GOT_ABORTED, SENT_ABORTED, 0}, {WILL_GIVE_UP, 0, SENT_ABORT},
};

static const struct {
    enum handover_event event;
    unsigned needs;
} target_moves[] = {
    {ASKED_FREEZE, SENT_FREEZE}, {ASKED_NEXT, SENT_NEXT},
    {ASKED_SEAL, SENT_SEAL},     {ASKED_COMMIT, SENT_COMMIT},
    {ASKED_ABORT, SENT_ABORT},   {ASKED_ABORT, 0 /* the operator */},
};

static void step_source(struct walk_over *walk, const struct world *from)
{
    for (size_t i = 0; i < COUNT(source_moves); i++) {
        struct world w = *from;

        if ((w.sent & source_moves[i].needs) != source_moves[i].needs ||
            !source_does(&w, source_moves[i].event))
            continue;
        reach(walk, &w); /* crashed before telling */
        w.sent |= source_moves[i].tells;
        reach(walk, &w);
    }
    if (from->source == SOURCE_FROZEN || from->source == SOURCE_COMMIT_ASKED) {
        struct world w = *from;

        w.sent |= from->source == SOURCE_FROZEN ? SENT_SEAL : SENT_ABORT;
        reach(walk, &w);
    }
}

static void step_target(struct walk_over *walk, const struct world *from)
{
    for (size_t i = 0; i < COUNT(target_moves); i++) {
        struct world w = *from;

        if ((w.sent & target_moves[i].needs) != target_moves[i].needs ||
            !target_does(&w, target_moves[i].event))
            continue;
        reach(walk, &w);
    }
}

/* Publishing and its undoing are steps of their own, between two moves on disk. */
static void step_commit(struct walk_over *walk, const struct world *from)
{
    struct world w = *from;

    if (from->target != TARGET_COMMITTING)
        return;
    w.published = !from->published;
    reach(walk, &w);
    w = *from;
    if (target_does(&w, from->published ? DID_PUBLISH : DID_ROLL_BACK))
        reach(walk, &w);
}

static void step_answers(struct walk_over *walk, const struct world *from)
{
    struct world w = *from;

    if (from->target == TARGET_COMMITTED)
        w.sent |= SENT_RECEIPT;
    if (from->target == TARGET_ABORTED)
        w.sent |= SENT_ABORTED;
    reach(walk, &w);
}

static void step_overrides(struct walk_over *walk, const struct world *from)
{
    struct world w = *from;

    if (!walk->overrides)
        return;
    w.overridden = true;
    if (target_does(&w, TAKEOVER))
        reach(walk, &w);
    w = *from;
    w.overridden = true;
    if (source_does(&w, RECLAIM))
        reach(walk, &w);
}

static bool has_two_owners(const struct world *w)
{
    return handover_owns(w->source) && handover_owns(w->target);
}

/* From here a receipt or a signed abort can still end it, without an override. */
static bool can_end(const struct world *from)
{
    static struct walk_over walk;

    memset(&walk, 0, sizeof(walk));
    reach(&walk, from);
    for (size_t i = 0; i < walk.n; i++) {
        const struct world w = walk.queue[i];

        if (handover_owns(w.source) || handover_owns(w.target))
            return true;
        step_source(&walk, &w);
        step_target(&walk, &w);
        step_commit(&walk, &w);
        step_answers(&walk, &w);
    }
    return false;
}

static struct walk_over *walk_everything(bool overrides)
{
    static struct walk_over walk;
    const struct world first = {.source = SOURCE_SENDING, .target = TARGET_RECEIVING};

    memset(&walk, 0, sizeof(walk));
    walk.overrides = overrides;
    reach(&walk, &first);
    for (size_t i = 0; i < walk.n; i++) {
        const struct world w = walk.queue[i];

        step_source(&walk, &w);
        step_target(&walk, &w);
        step_commit(&walk, &w);
        step_answers(&walk, &w);
        step_overrides(&walk, &w);
    }
    return &walk;
}

static void never_two_owners(void)
{
    const struct walk_over *walk = walk_everything(false);

    CU_ASSERT(walk->n > 100);
    for (size_t i = 0; i < walk->n; i++)
        CU_ASSERT_FALSE(has_two_owners(&walk->queue[i]));
}

static void what_is_published_is_decided(void)
{
    const struct walk_over *walk = walk_everything(false);

    for (size_t i = 0; i < walk->n; i++) {
        CU_ASSERT(walk->queue[i].target != TARGET_COMMITTED || walk->queue[i].published);
        CU_ASSERT(walk->queue[i].target != TARGET_ABORTED || !walk->queue[i].published);
    }
}

static void never_nobody_for_ever(void)
{
    const struct walk_over *walk = walk_everything(false);

    for (size_t i = 0; i < walk->n; i++)
        CU_ASSERT(can_end(&walk->queue[i]));
}

static void two_owners_only_after_a_typed_override(void)
{
    const struct walk_over *walk = walk_everything(true);
    size_t found = 0;

    for (size_t i = 0; i < walk->n; i++) {
        found += has_two_owners(&walk->queue[i]);
        CU_ASSERT(!has_two_owners(&walk->queue[i]) || walk->queue[i].overridden);
    }
    CU_ASSERT(found > 0); /* the walk does see them */
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_good_path_of_the_target),
        TEST(the_good_path_of_the_source),
        TEST(nothing_is_sealed_before_the_source_is_frozen),
        TEST(only_what_is_sealed_can_be_committed),
        TEST(a_next_generation_replaces_the_one_before),
        TEST(nothing_more_is_sent_once_commit_was_asked_for),
        TEST(aborted_is_for_ever),
        TEST(a_source_in_doubt_is_freed_by_the_target_alone),
        TEST(a_target_in_doubt_is_not_aborted),
        TEST(names_go_both_ways),
        TEST(never_two_owners),
        TEST(what_is_published_is_decided),
        TEST(never_nobody_for_ever),
        TEST(two_owners_only_after_a_typed_override),
    };

    return run_tests("handover", tests, COUNT(tests));
}
