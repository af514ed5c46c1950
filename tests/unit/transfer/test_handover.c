/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables, move by move; test_handover_walk.c walks over all that can happen. */
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

/* Of two owners the higher epoch is right, whoever speaks first. */
static void epochs_tell_who_is_right(void)
{
    struct handover h = at(SOURCE_SENDING);

    CU_ASSERT_EQUAL(act_on(&h, GOT_RECEIPT, NULL), E_NONE); /* a takeover's */
    CU_ASSERT_EQUAL(h.state, SOURCE_HANDED_OVER);
    CU_ASSERT_EQUAL(h.epoch, 2);
    CU_ASSERT_EQUAL(act_on(&h, RECLAIM, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, SOURCE_THAWED);
    CU_ASSERT_EQUAL(h.epoch, 3);
    CU_ASSERT_EQUAL(act_on(&h, GOT_RECEIPT, NULL), E_HANDOVER_OLDER);
    h = at(SOURCE_COMMIT_ASKED);
    CU_ASSERT_EQUAL(act_on(&h, RECLAIM, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.epoch, 3);
}

static void a_copy_is_taken_by_its_own_override_alone(void)
{
    struct handover h = at(TARGET_RECEIVING);

    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER, &terms), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER_ALIVE, &terms), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTING);
    h = at(TARGET_SEALED);
    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER_ALIVE, &terms), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER, NULL), E_NONE);
}

/* Nobody was told of it, and the source may be lost. */
static void a_takeover_that_fails_waits_for_its_person(void)
{
    struct handover h = at(TARGET_SEALED), other;

    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER, NULL), E_NONE);
    other = h;
    CU_ASSERT_EQUAL(act_on(&other, ASKED_ABORT, NULL), E_HANDOVER_IN_DOUBT);
    other = h;
    CU_ASSERT_EQUAL(act_on(&other, TAKEOVER, NULL), E_HANDOVER_IN_DOUBT);
    CU_ASSERT_EQUAL(act_on(&h, DID_HOLD, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTING);
    CU_ASSERT_EQUAL(h.typed, TYPED_HELD);
    other = h;
    CU_ASSERT_EQUAL(act_on(&other, ASKED_NEXT, NULL), E_HANDOVER_IN_DOUBT);
    other = h;
    CU_ASSERT_EQUAL(act_on(&other, ASKED_ABORT, NULL), E_NONE);
    CU_ASSERT_EQUAL(other.state, TARGET_ABORTED);
    CU_ASSERT_EQUAL(act_on(&h, TAKEOVER, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.typed, TYPED);
    CU_ASSERT_EQUAL(act_on(&h, DID_PUBLISH, NULL), E_NONE);
    CU_ASSERT_EQUAL(h.state, TARGET_COMMITTED);
}

/* The source waits for an answer: a failure ends it, and it is told so. */
static void what_the_source_asked_for_is_not_held(void)
{
    static const enum handover_typed typed[] = {NOT_TYPED, TYPED, TYPED_HELD};

    for (size_t i = 0; i < COUNT(typed); i++) {
        struct handover h = at(TARGET_COMMITTING), other;

        h.typed = typed[i];
        CU_ASSERT_EQUAL(act_on(&h, ASKED_COMMIT, &terms), E_NONE);
        CU_ASSERT_EQUAL(h.typed, NOT_TYPED);
        other = h;
        CU_ASSERT_EQUAL(act_on(&other, DID_HOLD, NULL), E_HANDOVER_IN_DOUBT);
        other = h;
        CU_ASSERT_EQUAL(act_on(&other, ASKED_ABORT, NULL), E_HANDOVER_IN_DOUBT);
        CU_ASSERT_EQUAL(act_on(&h, DID_ROLL_BACK, NULL), E_NONE);
        CU_ASSERT_EQUAL(h.state, TARGET_ABORTED);
    }
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
        TEST(epochs_tell_who_is_right),
        TEST(a_copy_is_taken_by_its_own_override_alone),
        TEST(a_takeover_that_fails_waits_for_its_person),
        TEST(what_the_source_asked_for_is_not_held),
        TEST(names_go_both_ways),
    };

    return run_tests("handover", tests, COUNT(tests));
}
