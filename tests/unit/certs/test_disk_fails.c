/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call to the disk fails, each in its turn: what is changed is the old or the new, what
 * is read is all of it or an error. FAULTS=all: at every call, else some of each. */
#include "base/fs.h"
#include "certs/identity.h"
#include "tests/support/deeds.h"
#include "tests/support/faulty/faulty.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct whole given;
static struct scratch shelf; /* `base`, and `state`, a copy of it */

/* A fresh copy of `from`. */
static int copy(const char *from, const char *to)
{
    char line[PATH_MAX * 2];
    int fd;

    snprintf(line, sizeof(line), "rm -rf %s && cp -a '%s' %s", to, from, to);
    CU_ASSERT_FATAL(scratch_shell(&shelf, line));
    fd = openat(shelf.fd, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static bool says(char out[WHOLE_SAYS_MAX], int state)
{
    struct error err = {0};

    if (whole_says(out, state, &err))
        return true;
    snprintf(out, WHOLE_SAYS_MAX, "%s: %s", message_of(err.msg)->text, err.about);
    return false;
}

/* False, and told, when this does not hold at the call that failed. */
static bool holds(bool good, const struct deed *deed, const char *what, const char *look)
{
    if (!good)
        fprintf(stderr, "%s, call %lu, %s: %s:\n  %s\n", deed->name, fault_calls(),
                fault_name(), what, look);
    CU_ASSERT(good);
    return good;
}

/* What a failed call must not be taken for. */
static bool says_not_there(enum msg msg)
{
    static const enum msg not_there[] = {
        E_SERIAL_UNKNOWN, E_REQUEST_UNKNOWN, E_IDENTITY_UNKNOWN, E_IDENTITY_MISSING,
        E_ANCHOR_UNKNOWN, E_STORE_UNKNOWN,   E_CA_MISSING};

    for (size_t i = 0; i < COUNT(not_there); i++)
        if (not_there[i] == msg)
            return true;
    return false;
}

/* What can be read of a state: before the deed, after it, and after it was done again,
 * which it may refuse. */
struct course {
    char before[WHOLE_SAYS_MAX], after[WHOLE_SAYS_MAX], twice[WHOLE_SAYS_MAX];
    bool repeats; /* not refused */
};

/* Done again after it failed: as the first time, or the second when only its end failed. */
static void fails_no_more(const struct deed *deed, const struct course *course, int state,
                          bool was_done)
{
    char look[WHOLE_SAYS_MAX];
    struct error err = {0};
    const bool done = deed->deed(state, &err);

    if (!says(look, state))
        (void)holds(false, deed, "what is there can be read", look);
    else if (was_done)
        (void)holds(done == course->repeats && strcmp(look, course->twice) == 0, deed,
                    "done again it is as done twice", look);
    else
        (void)holds(done && strcmp(look, course->after) == 0, deed,
                    "done again it is whole", look);
}

/* The nth call fails; what there is then, and after the deed was done again. */
static void fails_at(const struct deed *deed, unsigned long n, const struct course *course)
{
    scoped(fd_close) int state = copy("base", "state");
    char look[WHOLE_SAYS_MAX];
    struct error err = {0};
    bool done, failed, was_done;

    fault_at(n);
    done = deed->deed(state, &err);
    failed = fault_over();
    if (!holds(says(look, state), deed, "what is there can be read", look) || !failed)
        return;
    was_done = strcmp(look, course->after) == 0;
    if (done) {
        (void)holds(was_done, deed, "it is done", look);
        return;
    }
    (void)holds(err.msg != E_NONE && !says_not_there(err.msg), deed, "it says why",
                message_of(err.msg)->text);
    if (!deed->steps)
        (void)holds(was_done || strcmp(look, course->before) == 0, deed,
                    "the old or the new", look);
    fails_no_more(deed, course, state, was_done);
}

/* Without a failure; returns how many calls the deed makes. */
static unsigned long walk(struct course *out, const struct deed *deed)
{
    scoped(fd_close) int state = copy("base", "state");
    struct error err = {0};
    unsigned long calls;

    CU_ASSERT_FATAL(says(out->before, state));
    fault_at(0);
    CU_ASSERT_FATAL(deed->deed(state, &err));
    (void)fault_over();
    calls = fault_calls();
    CU_ASSERT_FATAL(says(out->after, state));
    out->repeats = deed->deed(state, &err);
    CU_ASSERT_FATAL(says(out->twice, state));
    return calls;
}

static void what_is_changed_is_the_old_or_the_new(void)
{
    const char *faults = getenv("FAULTS");
    const bool all = faults != NULL && strcmp(faults, "all") == 0;

    for (const struct deed *deed = deeds; deed->name != NULL; deed++) {
        scoped(fd_close) int base = copy(given.root.scratch.path, "base");
        struct course course;
        struct error err = {0};
        unsigned long calls;

        CU_ASSERT_FATAL(deed->first == NULL || deed->first(base, &err));
        calls = walk(&course, deed);
        printf("  %s: %lu calls\n", deed->name, calls);
        for (unsigned long n = 1; n <= calls; n += all ? 1 : deed->slow ? 73 : 3)
            fails_at(deed, n, &course);
    }
}

/* What is refused because of what is there is refused as well when it cannot be looked at.
 */
static void what_is_refused_changes_nothing(void)
{
    for (const struct deed *deed = refused_deeds; deed->name != NULL; deed++) {
        scoped(fd_close) int state = copy(given.root.scratch.path, "state");
        char before[WHOLE_SAYS_MAX], look[WHOLE_SAYS_MAX];
        struct error err = {0};
        unsigned long calls;

        CU_ASSERT_FATAL(says(before, state));
        fault_at(0);
        CU_ASSERT_FALSE(deed->deed(state, &err));
        (void)fault_over();
        calls = fault_calls();
        CU_ASSERT_FATAL(calls > 0);
        for (unsigned long n = 1; n <= calls; n++) {
            bool done;

            err = (struct error){0};
            fault_at(n);
            done = deed->deed(state, &err);
            (void)fault_over();
            (void)holds(!done && err.msg != E_NONE && !says_not_there(err.msg), deed,
                        "it is refused", err.about);
            (void)holds(says(look, state) && strcmp(look, before) == 0, deed,
                        "nothing is changed", look);
        }
    }
}

static void what_is_read_is_all_or_an_error(void)
{
    scoped(fd_close) int state = copy(given.root.scratch.path, "state");
    char all[WHOLE_SAYS_MAX], look[WHOLE_SAYS_MAX];
    const struct deed reads = {.name = "reads"};
    unsigned long calls;
    size_t n_all;
    struct error err = {0};

    CU_ASSERT_FATAL(identity_mark_seen(state, 2, AT_NOON, &err));
    fault_at(0);
    CU_ASSERT_FATAL(says(all, state));
    (void)fault_over();
    calls = fault_calls();
    /* A tombstone that cannot be read is in nobody's way: certs/tomb.c. */
    n_all = (size_t)(strstr(all, WHOLE_REMOVED) - all);
    for (unsigned long n = 1; n <= calls; n++) {
        bool read;

        fault_at(n);
        read = says(look, state);
        CU_ASSERT(fault_over());
        (void)holds(!read || strncmp(look, all, n_all) == 0, &reads, "all of it", look);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_read_is_all_or_an_error),
        TEST(what_is_changed_is_the_old_or_the_new),
        TEST(what_is_refused_changes_nothing),
    };
    char passphrase[PATH_MAX + 16];
    int status;

    scratch_make(&shelf);
    scratch_write(&shelf, "passphrase", "correct horse\n");
    snprintf(passphrase, sizeof(passphrase), "%s/passphrase", shelf.path);
    whole_make(&given);
    deeds_give(&given, passphrase);
    status = run_tests("disk_fails", tests, COUNT(tests));
    whole_clear(&given);
    scratch_clear(&shelf);
    return status;
}
