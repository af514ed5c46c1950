/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/plain.h"
#include "base/mem.h"
#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
    int ours, theirs;
};

static void ends_open(struct ends *out)
{
    int pair[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    *out = (struct ends){pair[0], pair[1]};
}

static void ends_close(struct ends *ends)
{
    close(ends->ours);
    close(ends->theirs);
}

static void what_was_written_is_read_and_then_comes_the_end(void)
{
    scoped(ends_close) struct ends ends;
    struct error err = {0};
    char text[8];
    size_t got = 0;

    ends_open(&ends);
    CU_ASSERT(plain_write(ends.theirs, span_text("abc"), 1, &err));
    shutdown(ends.theirs, SHUT_WR);
    CU_ASSERT(plain_read(ends.ours, text, sizeof(text), &got, 1, &err));
    CU_ASSERT(span_equal(span_of(text, got), span_text("abc")));
    CU_ASSERT(plain_read(ends.ours, text, sizeof(text), &got, 1, &err));
    CU_ASSERT_EQUAL(got, 0);
}

static void silence_ends_with_its_time(void)
{
    scoped(ends_close) struct ends ends;
    struct error err = {0};
    char text[8];
    size_t got = 0;

    ends_open(&ends);
    CU_ASSERT_FALSE(plain_read(ends.ours, text, sizeof(text), &got, 0, &err));
    CU_ASSERT_EQUAL(err.msg, E_TLS_SILENT);
}

#define MUCH (4UL << 20)

static void *read_all(void *at)
{
    const int *socket = at;
    struct error err = {0};
    static char piece[65536];
    size_t all = 0, got = 1;

    while (got > 0 && all < MUCH &&
           plain_read(*socket, piece, sizeof(piece), &got, 5, &err))
        all += got;
    CU_ASSERT_EQUAL(all, MUCH);
    return NULL;
}

static void more_than_the_socket_holds_is_written(void)
{
    scoped(ends_close) struct ends ends;
    struct error err = {0};
    unsigned char *much = mem_zeroed(MUCH, 1);
    pthread_t thread;

    ends_open(&ends);
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, read_all, &ends.ours) == 0);
    CU_ASSERT(plain_write(ends.theirs, span_of(much, MUCH), 5, &err));
    pthread_join(thread, NULL);
    mem_free(much);
}

static void nobody_at_the_other_end_is_a_failure(void)
{
    struct ends ends;
    struct error err = {0};

    ends_open(&ends);
    close(ends.theirs);
    CU_ASSERT_FALSE(plain_write(ends.ours, span_text("abc"), 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_TLS_BROKEN);
    close(ends.ours);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_written_is_read_and_then_comes_the_end),
        TEST(silence_ends_with_its_time),
        TEST(more_than_the_socket_holds_is_written),
        TEST(nobody_at_the_other_end_is_a_failure),
    };

    return run_tests("plain", tests, COUNT(tests));
}
