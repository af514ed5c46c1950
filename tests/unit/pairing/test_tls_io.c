/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "base/scope.h"
#include "pairing/tls_io.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Our end, non-blocking, and the other one. */
struct line {
    struct tls_io *io;
    int other;
};

static struct line line_open(void)
{
    struct line line = {.io = mem_zeroed(1, sizeof(*line.io))};
    int ends[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    line.io->fd = ends[0];
    line.other = ends[1];
    return line;
}

static void line_close(struct line *line)
{
    if (line->io != NULL)
        close(line->io->fd);
    close(line->other);
    tls_io_free(line->io);
}

static void one_receive_serves_many_reads(void)
{
    scoped(line_close) struct line line = line_open();
    char out[8] = "";

    CU_ASSERT(write(line.other, "headbody", 8) == 8);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, 4), 4);
    CU_ASSERT_EQUAL(line.io->in_n, 4);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out + 4, 4), 4);
    CU_ASSERT_EQUAL(memcmp(out, "headbody", 8), 0);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, 4), TLS_IO_AGAIN);
}

static void a_read_gives_what_there_is(void)
{
    scoped(line_close) struct line line = line_open();
    char out[64];

    CU_ASSERT(write(line.other, "abc", 3) == 3);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, sizeof(out)), 3);
}

static void the_end_comes_after_the_last_byte(void)
{
    scoped(line_close) struct line line = line_open();
    char out[4];

    CU_ASSERT(write(line.other, "xy", 2) == 2);
    shutdown(line.other, SHUT_WR);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, 1), 1);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, 1), 1);
    CU_ASSERT_EQUAL(tls_io_read(line.io, out, 1), TLS_IO_END);
}

/* libcurl polls the socket: nothing may lie in between. */
static void a_receive_takes_no_more_than_was_asked_for(void)
{
    scoped(line_close) struct line line = line_open();
    char out[8];

    CU_ASSERT(write(line.other, "headbody", 8) == 8);
    CU_ASSERT_EQUAL(tls_io_receive(line.io, out, 4), 4);
    CU_ASSERT_EQUAL(line.io->in_n, 0);
    CU_ASSERT_EQUAL(recv(line.io->fd, out, sizeof(out), MSG_PEEK), 4);
    CU_ASSERT_EQUAL(tls_io_receive(line.io, out, 8), 4);
    CU_ASSERT_EQUAL(tls_io_receive(line.io, out, 8), TLS_IO_AGAIN);
    CU_ASSERT_EQUAL(line.io->broken, 0);
    shutdown(line.other, SHUT_WR);
    CU_ASSERT_EQUAL(tls_io_receive(line.io, out, 8), TLS_IO_END);
    CU_ASSERT_EQUAL(line.io->broken, ECONNRESET);
}

/* The head of a record (RFC 8446 5.1) that is n bytes with it. */
static void record_head(char *out, size_t n)
{
    const size_t body = n - 5;

    out[0] = 23, out[1] = out[2] = 3;
    out[3] = (char)(body >> 8), out[4] = (char)body;
}

static void what_carries_nothing_is_received_up_to_a_bound(void)
{
    static char waste[16384];
    scoped(line_close) struct line line = line_open();
    size_t n = 0;
    ssize_t got = 0;

    line.io->watched = true;
    record_head(waste, sizeof(waste));
    for (; n <= 2 * TLS_IO_IDLE_MAX && got >= 0; n += sizeof(waste)) {
        CU_ASSERT_FATAL(write(line.other, waste, sizeof(waste)) == sizeof(waste));
        got = tls_io_receive(line.io, waste, sizeof(waste));
    }
    CU_ASSERT_EQUAL(got, TLS_IO_BROKEN);
    CU_ASSERT_EQUAL(line.io->broken, EPROTO);
    tls_io_delivered(line.io, sizeof(waste));
    CU_ASSERT(tls_io_receive(line.io, waste, sizeof(waste)) > 0);
}

/* The kernel's count of what lies at the other end. */
static size_t arrived(const struct line *line)
{
    static char out[4 * TLS_IO_BYTES];
    ssize_t n = recv(line->other, out, sizeof(out), MSG_DONTWAIT);

    return n > 0 ? (size_t)n : 0;
}

static void without_a_body_every_record_goes_at_once(void)
{
    scoped(line_close) struct line line = line_open();

    CU_ASSERT_EQUAL(tls_io_write(line.io, "record", 6), 6);
    CU_ASSERT_EQUAL(arrived(&line), 6);
    CU_ASSERT_PTR_NULL(line.io->out);
}

static void records_of_a_body_gather_until_one_is_short(void)
{
    static const char full[16384 + 22];
    scoped(line_close) struct line line = line_open();

    line.io->gather = true;
    CU_ASSERT_EQUAL(tls_io_write(line.io, full, sizeof(full)), sizeof(full));
    CU_ASSERT_EQUAL(tls_io_write(line.io, full, sizeof(full)), sizeof(full));
    CU_ASSERT_EQUAL(arrived(&line), 0);
    CU_ASSERT_EQUAL(tls_io_write(line.io, full, 100), 100);
    CU_ASSERT_EQUAL(arrived(&line), 2 * sizeof(full) + 100);
    CU_ASSERT_EQUAL(line.io->out_n, 0);
}

static void the_last_piece_takes_the_gathered_ones_along(void)
{
    static const char full[16384 + 22];
    scoped(line_close) struct line line = line_open();

    line.io->gather = true;
    CU_ASSERT_EQUAL(tls_io_write(line.io, full, sizeof(full)), sizeof(full));
    line.io->gather = false;
    CU_ASSERT_EQUAL(tls_io_write(line.io, full, sizeof(full)), sizeof(full));
    CU_ASSERT_EQUAL(arrived(&line), 2 * sizeof(full));
}

/* A peer that reads nothing: a record is taken whole or not at all. */
static void a_full_socket_takes_all_of_a_record_or_none(void)
{
    static char full[16384];
    scoped(line_close) struct line line = line_open();
    size_t taken = 0, read_n = 0, n;
    ssize_t result = 1;

    line.io->gather = true;
    while (result > 0 && taken < (64U << 20)) {
        memset(full, (int)(taken / sizeof(full)) & 0xff, sizeof(full));
        result = tls_io_write(line.io, full, sizeof(full));
        taken += result > 0 ? (size_t)result : 0;
    }
    CU_ASSERT_EQUAL(result, TLS_IO_AGAIN);
    CU_ASSERT_EQUAL(taken % sizeof(full), 0);
    while ((n = arrived(&line)) > 0 || line.io->out_n > 0) {
        read_n += n;
        (void)!tls_io_drain(line.io, 0);
    }
    CU_ASSERT_EQUAL(read_n, taken);
}

static void a_drain_gives_up_in_its_time(void)
{
    static const char full[16384];
    scoped(line_close) struct line line = line_open();

    line.io->gather = true;
    while (tls_io_write(line.io, full, sizeof(full)) > 0)
        continue;
    CU_ASSERT_FALSE(tls_io_drain(line.io, 1));
}

static void a_broken_socket_is_told(void)
{
    scoped(line_close) struct line line = line_open();

    close(line.other);
    line.other = -1;
    CU_ASSERT_EQUAL(tls_io_write(line.io, "x", 1), TLS_IO_BROKEN); /* and no SIGPIPE */
    CU_ASSERT_EQUAL(line.io->broken, EPIPE);
    CU_ASSERT(tls_io_wait(line.io, POLLIN, 0));
}

static void a_wait_ends_with_its_time(void)
{
    scoped(line_close) struct line line = line_open();

    CU_ASSERT_FALSE(tls_io_wait(line.io, POLLIN, 10));
    CU_ASSERT(tls_io_wait(line.io, POLLOUT, 10));
    tls_io_free(NULL);
}

/* Records of `each` bytes, taken in pieces of `piece`, until it is enough; each of them
 * carries `carried` bytes, as the rest of TLS says. */
static size_t records_before_it_breaks(struct line *line, size_t each, size_t piece,
                                       size_t carried)
{
    char record[4096] = "", out[4096];
    size_t taken = 0;

    record_head(record, each);
    for (; taken < 1000; taken++) {
        CU_ASSERT_EQUAL_FATAL(write(line->other, record, each), (ssize_t)each);
        for (size_t at = 0; at < each; at += piece)
            if (tls_io_read(line->io, out, piece) != (ssize_t)piece)
                return taken;
        if (carried > 0)
            tls_io_delivered(line->io, carried);
    }
    return taken;
}

static void records_that_carry_nothing_have_an_end(void)
{
    scoped(line_close) struct line line = line_open();

    line.io->watched = true;
    CU_ASSERT_EQUAL(records_before_it_breaks(&line, 4096, 4096, 0),
                    TLS_IO_IDLE_MAX / 4096 + 1);
    CU_ASSERT_EQUAL(tls_io_read(line.io, (char[1]){0}, 1), TLS_IO_BROKEN);
}

/* Key updates: a flood of them is few bytes and much work. */
static void short_ones_have_an_end_by_their_number(void)
{
    static const size_t pieces[] = {27, 9, 3, 1};

    for (size_t i = 0; i < COUNT(pieces); i++) {
        scoped(line_close) struct line line = line_open();

        line.io->watched = true;
        CU_ASSERT_EQUAL(records_before_it_breaks(&line, 27, pieces[i], 0),
                        TLS_IO_EMPTY_MAX + 1);
        CU_ASSERT_EQUAL(line.io->broken, EPROTO);
    }
}

/* What comes after as many as there may be is still asked what it carries. */
static void one_that_carries_something_begins_anew(void)
{
    scoped(line_close) struct line line = line_open();
    char record[27] = "";

    line.io->watched = true;
    record_head(record, sizeof(record));
    for (size_t i = 0; i < 4 * (TLS_IO_EMPTY_MAX + 1); i++) {
        CU_ASSERT_EQUAL_FATAL(write(line.other, record, sizeof(record)), sizeof(record));
        CU_ASSERT_EQUAL(tls_io_read(line.io, record, 5), 5);
        CU_ASSERT_EQUAL(tls_io_read(line.io, record + 5, 22), 22);
        if (i % (TLS_IO_EMPTY_MAX + 1) == TLS_IO_EMPTY_MAX)
            tls_io_delivered(line.io, 1);
    }
}

static void short_ones_that_carry_something_have_none(void)
{
    scoped(line_close) struct line line = line_open();

    line.io->watched = true;
    CU_ASSERT_EQUAL(records_before_it_breaks(&line, 27, 9, 1), 1000);
}

static void those_that_carry_enough_have_none(void)
{
    scoped(line_close) struct line line = line_open();

    line.io->watched = true;
    CU_ASSERT_EQUAL(records_before_it_breaks(&line, 1024, 1024, 1024 - TLS_IO_OVERHEAD),
                    1000);
}

static void a_handshake_is_not_watched(void)
{
    scoped(line_close) struct line line = line_open();

    CU_ASSERT_EQUAL(records_before_it_breaks(&line, 27, 27, 0), 1000);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_receive_serves_many_reads),
        TEST(a_read_gives_what_there_is),
        TEST(the_end_comes_after_the_last_byte),
        TEST(a_receive_takes_no_more_than_was_asked_for),
        TEST(what_carries_nothing_is_received_up_to_a_bound),
        TEST(without_a_body_every_record_goes_at_once),
        TEST(records_of_a_body_gather_until_one_is_short),
        TEST(the_last_piece_takes_the_gathered_ones_along),
        TEST(a_full_socket_takes_all_of_a_record_or_none),
        TEST(a_drain_gives_up_in_its_time),
        TEST(a_broken_socket_is_told),
        TEST(a_wait_ends_with_its_time),
        TEST(records_that_carry_nothing_have_an_end),
        TEST(short_ones_have_an_end_by_their_number),
        TEST(one_that_carries_something_begins_anew),
        TEST(short_ones_that_carry_something_have_none),
        TEST(those_that_carry_enough_have_none),
        TEST(a_handshake_is_not_watched),
    };

    return run_tests("tls_io", tests, COUNT(tests));
}
