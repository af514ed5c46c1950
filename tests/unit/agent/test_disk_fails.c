/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call to the disk fails, each in its turn, while doctor looks: it is told, and not
 * taken for something that is not there. */
#include "agent/doctor.h"
#include "tests/support/faulty/faulty.h"
#include "tests/support/run.h"
#include "tests/support/whole.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static struct whole given;

static void looks_at_permissions(struct doctor *out, struct state *state)
{
    doctor_permissions(&out->report, state);
}

static void looks_for_damage(struct doctor *out, struct state *state)
{
    doctor_damage(&out->report, state);
}

static void looks_at_trust(struct doctor *out, struct state *state)
{
    const struct doctor_wish wish = {.now = AT_NOON, .within = DOCTOR_WITHIN_SECONDS};

    doctor_trust(out, state->fd, &wish);
}

static const struct look {
    const char *name;
    void (*look)(struct doctor *out, struct state *state);
} looks[] = {
    {"permissions", looks_at_permissions},
    {"damage", looks_for_damage},
    {"trust", looks_at_trust},
};

static void look_at(const struct look *look, struct state *state, unsigned long n)
{
    scoped(doctor_clear) struct doctor doctor = {0};

    fault_at(n);
    look->look(&doctor, state);
    CU_ASSERT(fault_over());
    if (doctor.report.n == 0)
        fprintf(stderr, "%s, call %lu, %s: nothing is told\n", look->name, n, fault_name());
    CU_ASSERT(doctor.report.n > 0);
}

static void what_cannot_be_looked_at_is_told(void)
{
    scoped(state_close) struct state state = {0};
    struct error err = {0};

    /* No plan: that is told also where another call fails, which a second look may mend. */
    CU_ASSERT_FATAL(scratch_shell(&given.root.scratch, "mkdir -p migrations/m-1"));
    CU_ASSERT_FATAL(scratch_shell(&given.root.scratch, "chmod -R go= ."));
    CU_ASSERT_FATAL(state_open(&state, given.root.scratch.path, &err));
    for (size_t i = 0; i < COUNT(looks); i++) {
        scoped(doctor_clear) struct doctor well = {0};
        unsigned long calls;

        fault_at(0);
        looks[i].look(&well, &state);
        (void)fault_over();
        calls = fault_calls();
        CU_ASSERT_FATAL(calls > 0);
        printf("  %s: %lu calls, %zu findings\n", looks[i].name, calls, well.report.n);
        for (unsigned long n = 1; n <= calls; n++)
            look_at(&looks[i], &state, n);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_cannot_be_looked_at_is_told),
    };
    int status;

    whole_make(&given);
    status = run_tests("disk_fails", tests, COUNT(tests));
    whole_clear(&given);
    return status;
}
