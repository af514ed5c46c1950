/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call to the disk fails, each in its turn, where leftovers are swept and a tree is
 * listed: what stays is told, and no listing has anything of another one. */
#include "agent/finish.h"
#include "agent/listing.h"
#include "base/fs.h"
#include "tests/support/faulty/faulty.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scratch shelf;

/* ---- a listing ---- */

/* Where a run with this number was killed: of its listing nothing is left. */
static bool lists(struct error *err)
{
    scoped(report_clear) struct report findings = {0};
    struct move_plan plan = {0};
    int64_t seconds = 0;

    if (snprintf(plan.tree, sizeof(plan.tree), "%s/tree", shelf.path) >=
        (int)sizeof(plan.tree))
        return false;
    return listing_make(shelf.fd, &plan, DIGEST_BLAKE3, &findings, &seconds, err);
}

static void lists_at(unsigned long n)
{
    struct error err = {0};
    bool listed;

    CU_ASSERT_FATAL(scratch_shell(&shelf,
                                  "rm -rf migrations; mkdir -p tree migrations/new-$PPID;"
                                  "touch tree/a migrations/new-$PPID/stale"));
    fault_at(n);
    listed = lists(&err);
    CU_ASSERT_EQUAL(fault_over(), n > 0);
    CU_ASSERT(!listed || scratch_shell(&shelf, "test ! -e migrations/new-$PPID/stale"));
    CU_ASSERT(listed || (n > 0 && err.msg != E_NONE));
}

static void a_listing_has_nothing_of_another(void)
{
    unsigned long calls;

    lists_at(0);
    calls = fault_calls();
    CU_ASSERT_FATAL(calls > 0);
    printf("  lists: %lu calls\n", calls);
    for (unsigned long n = 1; n <= calls; n++)
        lists_at(n);
}

/* ---- sweeps ---- */

static void sweeps_staging(int at)
{
    struct migrations migrations = {.into = at, .directory = "/srv"};

    finish_sweep(&migrations);
}

static const struct sweep {
    const char *folder;
    void (*sweep)(int at);
    const char *tells;
} sweeps[] = {
    {".pairgate", sweeps_staging, "pairgate: /srv: PGB1003"},
    {MIGRATIONS_DIR, listing_sweep, "pairgate: PGB1003"},
};

/* What is told while the nth call fails; true when one did. */
static bool sweep_at(char out[256], const struct sweep *sweep, int at, unsigned long n)
{
    scoped(fd_close) int told =
        openat(shelf.fd, "told", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    scoped(fd_close) int before = dup(STDERR_FILENO);
    bool failed;

    memset(out, 0, 256);
    CU_ASSERT_FATAL(told >= 0 && before >= 0 && dup2(told, STDERR_FILENO) >= 0);
    fault_at(n);
    sweep->sweep(at);
    failed = fault_over();
    CU_ASSERT_FATAL(dup2(before, STDERR_FILENO) >= 0);
    CU_ASSERT(pread(told, out, 255, 0) >= 0);
    return failed;
}

static void a_sweep_tells_what_it_cannot_read(void)
{
    for (size_t i = 0; i < COUNT(sweeps); i++) {
        scoped(fd_close) int at = -1;
        unsigned long calls;
        char told[256];

        CU_ASSERT_FATAL(scratch_shell(&shelf, "rm -rf at && mkdir at"));
        at = openat(shelf.fd, "at", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CU_ASSERT_FATAL(at >= 0);
        CU_ASSERT_FALSE(sweep_at(told, &sweeps[i], at, 0));
        CU_ASSERT_STRING_EQUAL(told, ""); /* there is nothing */
        CU_ASSERT_FATAL(mkdirat(at, sweeps[i].folder, 0700) == 0);
        CU_ASSERT_FALSE(sweep_at(told, &sweeps[i], at, 0));
        CU_ASSERT_STRING_EQUAL(told, "");
        calls = fault_calls();
        CU_ASSERT_FATAL(calls > 2);
        for (unsigned long n = 1; n <= calls; n++) {
            CU_ASSERT(sweep_at(told, &sweeps[i], at, n));
            CU_ASSERT_PTR_NOT_NULL(strstr(told, sweeps[i].tells));
        }
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_listing_has_nothing_of_another),
        TEST(a_sweep_tells_what_it_cannot_read),
    };
    int status;

    scratch_make(&shelf);
    status = run_tests("moves_disk_fails", tests, COUNT(tests));
    scratch_clear(&shelf);
    return status;
}
