/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/events.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MIB 1048576ULL

/* What is said of it to somebody who reads standard error in a file. */
static void said(char *out, size_t room, uint64_t bytes, uint64_t accepted, double rate)
{
    const struct events events = {.json = false};
    struct scratch scratch;
    int before, file;

    scratch_make(&scratch);
    before = dup(STDERR_FILENO);
    file = openat(scratch.fd, "said", O_WRONLY | O_CREAT, 0600);
    CU_ASSERT_FATAL(before >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    event_progress(&events, bytes, accepted, 200 * MIB, rate);
    CU_ASSERT_FATAL(dup2(before, STDERR_FILENO) >= 0);
    close(file);
    close(before);
    scratch_read(out, room, &scratch, "said");
    scratch_clear(&scratch);
}

static void progress_is_at_its_end_when_all_is_accepted(void)
{
    static const struct {
        uint64_t bytes, accepted;
        double rate;
        const char *said;
    } cases[] = {
        {0, 0, 0, "  0 %  0.0 of 200.0 MiB  0.0 MiB/s\n"},
        {50 * MIB, 4 * MIB, 10 * MIB, " 25 %  50.0 of 200.0 MiB  10.0 MiB/s  15 s left\n"},
        {200 * MIB - 9, 4 * MIB, MIB, " 99 %  200.0 of 200.0 MiB  1.0 MiB/s  1 s left\n"},
        {200 * MIB, 4 * MIB, MIB,
         " 99 %  200.0 of 200.0 MiB  1.0 MiB/s  waiting for the target\n"},
        {200 * MIB, 200 * MIB - 1, MIB,
         " 99 %  200.0 of 200.0 MiB  1.0 MiB/s  waiting for the target\n"},
        {200 * MIB, 200 * MIB, MIB, "100 %  200.0 of 200.0 MiB  1.0 MiB/s\n"},
    };
    char line[128];

    for (size_t i = 0; i < COUNT(cases); i++) {
        said(line, sizeof(line), cases[i].bytes, cases[i].accepted, cases[i].rate);
        CU_ASSERT_STRING_EQUAL(line, cases[i].said);
    }
}

int main(void)
{
    const struct test tests[] = {
        TEST(progress_is_at_its_end_when_all_is_accepted),
    };

    return run_tests("events_source_json", tests, COUNT(tests));
}
