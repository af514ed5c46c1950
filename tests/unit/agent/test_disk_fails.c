/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call to the disk fails, each in its turn: what cannot be looked at is told, and not
 * taken for something that is not there. */
#include "agent/doctor.h"
#include "agent/services.h"
#include "tests/support/faulty/faulty.h"
#include "tests/support/run.h"
#include "tests/support/whole.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

static struct whole given;

/* ---- doctor ---- */

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

/* ---- what commands find ---- */

static struct scratch shelf;

static bool opens(struct error *err)
{
    scoped(state_close) struct state state = {0};

    return state_open(&state, given.root.scratch.path, err);
}

/* There is an identity, and a database that was emptied beside it. */
static bool opens_an_emptied_db(struct error *err)
{
    scoped(state_close) struct state state = {0};

    return state_open(&state, given.root.scratch.path, err) && state_open_db(&state, err);
}

static bool writes_the_default(struct error *err)
{
    return services_write_default(shelf.fd, err);
}

static bool reads_the_services(struct error *err)
{
    struct services services;

    return services_load(&services, shelf.fd, "web", err) &&
           (services.n == 1 || fail(err, E_SERVICES_TABLE, "the default"));
}

static const struct command {
    const char *name;
    bool (*run)(struct error *err);
    bool refused;       /* also when no call fails */
    const char *always; /* holds after that; shell, on the shelf */
} commands[] = {
    {"opens", opens, false, "true"},
    {"opens an emptied database", opens_an_emptied_db, true, "test ! -s $STATE/state.db"},
    {"writes the default", writes_the_default, false, "grep -q 'web: start web' services"},
    {"reads the services", reads_the_services, false, "true"},
};

static void make_shelf(void)
{
    CU_ASSERT_FATAL(
        scratch_shell(&shelf, "echo 'web: start web' >services; : >$STATE/state.db"));
}

static void run_at(const struct command *command, unsigned long n)
{
    struct error err = {0};
    bool done, good;

    make_shelf();
    fault_at(n);
    done = command->run(&err);
    (void)fault_over();
    good = done ? !command->refused
                : err.msg != E_NONE && err.msg != E_STATE_MISSING &&
                      err.msg != E_SERVICES_TABLE;
    good = scratch_shell(&shelf, command->always) && good;
    if (!good)
        fprintf(stderr, "%s, call %lu, %s: %s\n", command->name, n, fault_name(),
                err.msg != E_NONE ? message_of(err.msg)->text : "done");
    CU_ASSERT(good);
}

static void what_is_there_is_not_taken_for_missing(void)
{
    for (const struct command *command = commands; command < commands + COUNT(commands);
         command++) {
        unsigned long calls;
        struct error err = {0};

        make_shelf();
        fault_at(0);
        CU_ASSERT_EQUAL(command->run(&err), !command->refused);
        (void)fault_over();
        calls = fault_calls();
        CU_ASSERT_FATAL(calls > 0);
        printf("  %s: %lu calls\n", command->name, calls);
        for (unsigned long n = 1; n <= calls; n++)
            run_at(command, n);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_cannot_be_looked_at_is_told),
        TEST(what_is_there_is_not_taken_for_missing),
    };
    int status;

    whole_make(&given);
    scratch_make(&shelf);
    if (setenv("STATE", given.root.scratch.path, true) != 0)
        return 2;
    status = run_tests("disk_fails", tests, COUNT(tests));
    scratch_clear(&shelf);
    whole_clear(&given);
    return status;
}
