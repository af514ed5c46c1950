/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pipe.h"
#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct pipe {
    int ours, theirs;
};

static struct pipe pipe_open(void)
{
    int ends[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return (struct pipe){.ours = ends[0], .theirs = ends[1]};
}

static void pipe_close(struct pipe *pipe)
{
    close(pipe->ours);
    close(pipe->theirs);
}

static void what_was_sent_in_pieces_is_received_in_others(void)
{
    scoped(pipe_close) struct pipe pipe = pipe_open();
    scoped(buf_clear) struct buf rest = buf_upto(16);
    struct error err = {0};
    char head[3] = "";
    bool end = true;

    CU_ASSERT(
        pipe_send(pipe.theirs, span_text("he"), span_text("ad"), span_text("tail"), &err));
    CU_ASSERT(pipe_receive(pipe.ours, head, sizeof(head), &end, &err));
    CU_ASSERT_FALSE(end);
    CU_ASSERT(pipe_receive_bytes(pipe.ours, &rest, 5, &err));
    CU_ASSERT(span_equal(buf_span(&rest), span_text("dtail")));
}

static void more_than_was_expected_is_not_received(void)
{
    scoped(pipe_close) struct pipe pipe = pipe_open();
    scoped(buf_clear) struct buf rest = buf_upto(4);
    struct error err = {0};

    CU_ASSERT_FALSE(pipe_receive_bytes(pipe.ours, &rest, 5, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

static void an_end_is_one_between_messages_only(void)
{
    scoped(pipe_close) struct pipe pipe = pipe_open();
    struct error err = {0};
    char word[4];
    bool end = false;

    CU_ASSERT(
        pipe_send(pipe.theirs, span_text("half"), span_text("ha"), (struct span){0}, &err));
    CU_ASSERT(shutdown(pipe.theirs, SHUT_WR) == 0);
    CU_ASSERT(pipe_receive(pipe.ours, word, sizeof(word), &end, &err) && !end);
    CU_ASSERT_FALSE(pipe_receive(pipe.ours, word, sizeof(word), &end, &err));
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
    err = (struct error){0};
    CU_ASSERT(pipe_receive(pipe.ours, word, sizeof(word), &end, &err) && end);
}

/* Without it this test would not end. */
static void who_lost_patience_waits_for_no_other_half(void)
{
    static const unsigned char much[1 << 20];
    scoped(pipe_close) struct pipe pipe = pipe_open();
    struct error err = {0};
    char word[4];
    bool end = false;

    pipe_lose_patience(pipe.ours, 1);
    CU_ASSERT(
        pipe_send(pipe.theirs, span_text("ha"), (struct span){0}, (struct span){0}, &err));
    CU_ASSERT_FALSE(pipe_receive(pipe.ours, word, sizeof(word), &end, &err));
    CU_ASSERT_FALSE(end);
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
    err = (struct error){0};
    CU_ASSERT_FALSE(pipe_send(pipe.ours, span_of(much, sizeof(much)), (struct span){0},
                              (struct span){0}, &err));
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
}

#define PIECES 40
#define PIECE 32768

/* In a process of its own, at their end: a little, every so often; with all of it it would
 * be done in ten seconds. */
static pid_t dawdle(struct pipe *pipe, bool sends)
{
    const struct timespec pause = {.tv_nsec = 250 * 1000000L};
    static unsigned char piece[PIECE];
    const pid_t pid = fork();
    ssize_t n = 1;

    CU_ASSERT_FATAL(pid >= 0);
    if (pid > 0) {
        close(pipe->theirs);
        pipe->theirs = -1;
        return pid;
    }
    close(pipe->ours);
    while (n > 0) {
        n = sends ? send(pipe->theirs, piece, 1, MSG_NOSIGNAL)
                  : recv(pipe->theirs, piece, sizeof(piece), 0);
        nanosleep(&pause, NULL);
    }
    _exit(0);
}

static void a_little_every_so_often_prolongs_nothing(void)
{
    static const unsigned char much[PIECES * PIECE];

    for (int sends = 0; sends < 2; sends++) {
        scoped(pipe_close) struct pipe pipe = pipe_open();
        struct error err = {0};
        char word[PIECES];
        bool end = false;
        pid_t pid;

        pipe_lose_patience(pipe.ours, 1);
        pid = dawdle(&pipe, sends);
        CU_ASSERT_FALSE(sends ? pipe_receive(pipe.ours, word, sizeof(word), &end, &err)
                              : pipe_send(pipe.ours, span_of(much, sizeof(much)),
                                          (struct span){0}, (struct span){0}, &err));
        CU_ASSERT_FALSE(end);
        CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
        CU_ASSERT(kill(pid, SIGKILL) == 0);
        CU_ASSERT(waitpid(pid, NULL, 0) == pid);
    }
}

/* Bytes that no bool of this process can have. */
static void only_two_bytes_are_a_bool(void)
{
    for (unsigned i = 0; i <= UCHAR_MAX; i++) {
        const unsigned char byte = (unsigned char)i;
        bool received = false;

        memcpy(&received, &byte, sizeof(byte));
        CU_ASSERT_EQUAL(pipe_is_bool(&received), i < 2);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_sent_in_pieces_is_received_in_others),
        TEST(more_than_was_expected_is_not_received),
        TEST(an_end_is_one_between_messages_only),
        TEST(who_lost_patience_waits_for_no_other_half),
        TEST(a_little_every_so_often_prolongs_nothing),
        TEST(only_two_bytes_are_a_bool),
    };

    return run_tests("pipe", tests, COUNT(tests));
}
