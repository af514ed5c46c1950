/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/services.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

/* A state directory whose hook notes its words, and fails at the service "bad". */
struct place {
    struct scratch scratch;
    struct state state;
};

static void place_make(struct place *out)
{
    static const char hook[] = "mkdir -m 700 hooks && printf '%s\\n' '#!/bin/sh'"
                               " 'echo \"$1 $2 $PAIRGATE_PURPOSE\" >> '$PWD/done"
                               " '[ \"$2\" != bad ]' > hooks/services &&"
                               " chmod 700 hooks/services";
    struct error err = {0};

    *out = (struct place){0};
    scratch_make(&out->scratch);
    CU_ASSERT_FATAL(scratch_shell(&out->scratch, hook));
    CU_ASSERT_FATAL(state_make(&out->state, out->scratch.path, &err));
}

static void place_clear(struct place *place)
{
    state_close(&place->state);
    scratch_clear(&place->scratch);
}

static enum msg apply(struct place *place, const struct services *services)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(services_apply(services, &place->state, &err), err.msg == E_NONE);
    return err.msg;
}

static const struct services three = {
    .purpose = "tomcat",
    .step = {{"stop", "A b"}, {"start", "bad"}, {"restart", "C"}},
    .n = 3};

static void steps_are_taken_up_to_the_first_that_fails(void)
{
    scoped(place_clear) struct place place = {0};
    char log[256];

    place_make(&place);
    CU_ASSERT_EQUAL(apply(&place, &three), E_HOOK_FAILED);
    scratch_read(log, sizeof(log), &place.scratch, "done");
    CU_ASSERT_STRING_EQUAL(log, "stop A b tomcat\nstart bad tomcat\n");
}

static void without_steps_no_hook_is_needed(void)
{
    scoped(place_clear) struct place place = {0};
    const struct services none = {.purpose = "cup"};
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "rm -r hooks"));
    CU_ASSERT_EQUAL(apply(&place, &none), E_NONE);
    CU_ASSERT_EQUAL(apply(&place, &three), E_HOOK_ABSENT);
    CU_ASSERT_FALSE(services_hook_is_good(&place.state, &err));
}

static void a_hook_of_others_is_not_run(void)
{
    static const char *const ways[] = {"chmod 720 hooks/services",
                                       "chmod 702 hooks/services",
                                       "chmod 600 hooks/services", "chmod 770 hooks"};

    for (size_t i = 0; i < COUNT(ways); i++) {
        scoped(place_clear) struct place place = {0};
        struct error err = {0};

        place_make(&place);
        CU_ASSERT(services_hook_is_good(&place.state, &err));
        CU_ASSERT_FATAL(scratch_shell(&place.scratch, ways[i]));
        CU_ASSERT_FALSE(services_hook_is_good(&place.state, &err));
        CU_ASSERT_NOT_EQUAL(apply(&place, &three), E_NONE);
        CU_ASSERT_FALSE(scratch_has(&place.scratch, "done"));
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(steps_are_taken_up_to_the_first_that_fails),
        TEST(without_steps_no_hook_is_needed),
        TEST(a_hook_of_others_is_not_run),
    };

    return run_tests("services_hook", tests, COUNT(tests));
}
