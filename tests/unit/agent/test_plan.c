/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/move.h"
#include "base/fs.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

#define ID "m-0123456789"

static void plan_fill(struct move_plan *plan)
{
    *plan = (struct move_plan){
        .streams = 3, .limit = 5000, .patience = 77, .policy = POLICY_STRICT};
    (void)text_fits(plan->migration, ID);
    (void)text_fits(plan->peer.host, "::1");
    (void)text_fits(plan->peer.port, "8443");
    (void)text_fits(plan->peer_name, "new.example");
    (void)text_fits(plan->tree, "/srv/with a\nnew line");
    (void)text_fits(plan->name, "estate");
    plan->wish.skip_unreadable = true;
    CU_ASSERT(owner_map_add(&plan->wish.owners, "user:a:b", &(struct error){0}));
}

static void a_plan_comes_back_as_it_was_saved(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(fd_close) int work = -1;
    struct error err = {0};
    struct move_plan plan, back;

    scratch_make(&dir);
    plan_fill(&plan);
    CU_ASSERT_FATAL(plan_open_work(&work, dir.fd, ID, &err) &&
                    plan_save(&plan, work, &err));
    CU_ASSERT_FATAL(plan_load(&back, dir.fd, ID, &err));
    CU_ASSERT_STRING_EQUAL(back.tree, plan.tree);
    CU_ASSERT_STRING_EQUAL(back.peer.host, "::1");
    CU_ASSERT_STRING_EQUAL(back.peer_name, "new.example");
    CU_ASSERT_STRING_EQUAL(back.migration, ID);
    CU_ASSERT(back.wish.skip_unreadable && back.wish.owners.n == 1);
    CU_ASSERT_STRING_EQUAL(back.wish.owners.rule[0].to, "b");
    CU_ASSERT(back.streams == 3 && back.limit == 5000 && back.patience == 77 &&
              back.policy == POLICY_STRICT);
}

static void a_plan_without_a_line_is_refused_by_its_name(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};
    struct move_plan back;

    scratch_make(&dir);
    CU_ASSERT(scratch_shell(&dir, "mkdir -p migrations/" ID));
    scratch_write(&dir, "migrations/" ID "/plan", "host OjoxCg==\n");
    CU_ASSERT_FALSE(plan_load(&back, dir.fd, ID, &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
    CU_ASSERT_STRING_EQUAL(err.about, "the plan of the migration lacks 'port'");
}

static void a_plan_is_run_while_its_lock_is_held(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(fd_close) int work = -1;
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FALSE(plan_is_run(dir.fd, ID));
    CU_ASSERT_FATAL(plan_lock_work(&work, dir.fd, ID, &err));
    CU_ASSERT(plan_is_run(dir.fd, ID));
    fd_close(&work);
    CU_ASSERT_FALSE(plan_is_run(dir.fd, ID));
    CU_ASSERT(plan_lock_work(&work, dir.fd, ID, &err));
}

static bool endpoint_is(const char *text, const char *host, const char *port)
{
    struct endpoint endpoint;
    struct error err = {0};

    return endpoint_read(&endpoint, text, &err) && text_equal(endpoint.host, host) &&
           text_equal(endpoint.port, port);
}

static void an_endpoint_is_a_host_and_perhaps_a_port(void)
{
    struct endpoint endpoint;
    struct error err = {0};

    CU_ASSERT(endpoint_is("new.example", "new.example", TLS_PORT_DEFAULT));
    CU_ASSERT(endpoint_is("new.example:99", "new.example", "99"));
    CU_ASSERT(endpoint_is("[::1]:99", "::1", "99"));
    CU_ASSERT(endpoint_is("[::1]", "::1", TLS_PORT_DEFAULT));
    CU_ASSERT(endpoint_is("fe80::2", "fe80::2", TLS_PORT_DEFAULT));
    CU_ASSERT_FALSE(endpoint_read(&endpoint, ":99", &err));
    CU_ASSERT_FALSE(endpoint_read(&endpoint, "host:", &err));
    CU_ASSERT_FALSE(endpoint_read(&endpoint, "[::1", &err));
    CU_ASSERT_FALSE(endpoint_read(&endpoint, "", &err));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_plan_comes_back_as_it_was_saved),
        TEST(a_plan_without_a_line_is_refused_by_its_name),
        TEST(a_plan_is_run_while_its_lock_is_held),
        TEST(an_endpoint_is_a_host_and_perhaps_a_port),
    };

    return run_tests("plan", tests, COUNT(tests));
}
