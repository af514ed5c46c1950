/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/services.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <string.h>

static bool is_step(const struct service_step *step, const char *verb, const char *name)
{
    return strcmp(step->verb, verb) == 0 && strcmp(step->name, name) == 0;
}

static void the_default_is_there_without_a_file_and_with_one(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct services services = {0};
    struct error err = {0};

    scratch_make(&scratch);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_FATAL(services_load(&services, scratch.fd, "tomcat", &err));
        CU_ASSERT_EQUAL_FATAL(services.n, 3);
        CU_ASSERT(is_step(&services.step[0], "restart", "Tomcat"));
        CU_ASSERT(is_step(&services.step[1], "disable", "TFTP"));
        CU_ASSERT(is_step(&services.step[2], "enable", "TFTP"));
        CU_ASSERT(services_write_default(scratch.fd, &err));
    }
    CU_ASSERT(scratch_has(&scratch, SERVICES_FILE));
}

static void what_the_integrator_wrote_counts(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct services services = {0};
    struct error err = {0};

    scratch_make(&scratch);
    scratch_write(
        &scratch, SERVICES_FILE,
        "# server: stop it\r\n  server :  stop A b ,restart\tC\r\nserver: stop D");
    CU_ASSERT(services_write_default(scratch.fd, &err)); /* leaves it alone */
    CU_ASSERT_FALSE(services_load(&services, scratch.fd, "server", &err));
    CU_ASSERT_EQUAL(err.msg, E_SERVICES_TABLE);
    err = (struct error){0};
    scratch_write(&scratch, SERVICES_FILE,
                  " server :  stop  A b ,restart C\r\nserver: stop D");
    CU_ASSERT_FATAL(services_load(&services, scratch.fd, "server", &err));
    CU_ASSERT_EQUAL_FATAL(services.n, 2);
    CU_ASSERT(is_step(&services.step[0], "stop", "A b"));
    CU_ASSERT(is_step(&services.step[1], "restart", "C"));
    CU_ASSERT(services_load(&services, scratch.fd, "migration", &err));
    CU_ASSERT_EQUAL(services.n, 0);
}

static void what_is_no_step_is_refused(void)
{
    static const char *const tables[] = {"a: bounce B", "a: stop", "a: stop B, , stop C",
                                         "a: B"};
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct services services = {0};
        struct error err = {0};

        scratch_write(&scratch, SERVICES_FILE, tables[i]);
        CU_ASSERT_FALSE(services_load(&services, scratch.fd, "a", &err));
        CU_ASSERT_EQUAL(err.msg, E_SERVICES_TABLE);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_default_is_there_without_a_file_and_with_one),
        TEST(what_the_integrator_wrote_counts),
        TEST(what_is_no_step_is_refused),
    };

    return run_tests("services", tests, COUNT(tests));
}
