/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections that wait for a person: who may, who is taken up again, who is ended. */
#include "agent/parked.h"
#include "agent/peer.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND 1000
#define PEERS (PARKED_MAX + 1)

/* Peers that have a socket and nothing else; what the other end writes makes them speak. */
struct fixture {
    struct parked parked;
    struct peer *peer; /* PEERS of them */
    int other[PEERS];
    struct pollfd wait[PARKED_MAX + 1];
};

static struct fixture *fixture_make(void)
{
    struct fixture *f = mem_zeroed(1, sizeof(*f));

    f->peer = mem_zeroed(PEERS, sizeof(*f->peer));
    for (size_t i = 0; i < PEERS; i++) {
        int ends[2];

        CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        f->peer[i].tls.fd = ends[0];
        f->other[i] = ends[1];
        snprintf(f->peer[i].host, sizeof(f->peer[i].host), "192.0.2.%zu", i);
    }
    CU_ASSERT_FATAL(parked_open(&f->parked));
    return f;
}

static void fixture_free(struct fixture **at)
{
    struct fixture *f = *at;

    parked_close(&f->parked);
    for (size_t i = 0; i < PEERS; i++) {
        fd_close(&f->peer[i].tls.fd);
        fd_close(&f->other[i]);
    }
    mem_free(f->peer);
    mem_free(f);
}

static size_t look(struct fixture *f)
{
    const size_t n = parked_wait(&f->parked, f->wait);

    CU_ASSERT(poll(f->wait, n, 0) >= 0);
    return n;
}

static void the_one_that_speaks_is_taken_up(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    bool over = true;
    size_t n;

    for (size_t i = 0; i < 3; i++)
        CU_ASSERT(parked_leave(&f->parked, &f->peer[i], 0));
    CU_ASSERT(write(f->other[1], "x", 1) == 1);
    n = look(f);
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT(f->wait[0].revents != 0); /* the bell */
    parked_hush(&f->parked);
    CU_ASSERT_PTR_EQUAL(parked_take(&f->parked, f->wait, &n, 0, &over), &f->peer[1]);
    CU_ASSERT_FALSE(over);
    CU_ASSERT_PTR_NULL(parked_take(&f->parked, f->wait, &n, 0, &over));
    CU_ASSERT_EQUAL(look(f), 3);
    CU_ASSERT_EQUAL(f->wait[0].revents, 0);
}

/* Somebody who types a password has more time than a program that asks again. */
static void silence_ends_a_connection(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    bool over = false;
    size_t n;

    f->peer[0].waits = true;
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT(parked_leave(&f->parked, &f->peer[i], 0));
    n = look(f);
    CU_ASSERT_PTR_NULL(
        parked_take(&f->parked, f->wait, &n, PARKED_SECONDS * SECOND, &over));
    n = look(f);
    CU_ASSERT_PTR_EQUAL(
        parked_take(&f->parked, f->wait, &n, PARKED_SECONDS * SECOND + 1, &over),
        &f->peer[0]);
    CU_ASSERT(over);
    n = look(f);
    CU_ASSERT_PTR_EQUAL(
        parked_take(&f->parked, f->wait, &n, TYPING_SECONDS * SECOND + 1, &over),
        &f->peer[1]);
}

/* What arrives between the poll and the look is left for the next turn. */
static void a_late_arrival_is_not_mistaken_for_another(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    bool over;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT(parked_leave(&f->parked, &f->peer[i], 0));
        CU_ASSERT(write(f->other[i], "x", 1) == 1);
    }
    n = look(f);
    CU_ASSERT(parked_leave(&f->parked, &f->peer[3], 0));
    for (size_t i = 3; i-- > 0;)
        CU_ASSERT_PTR_EQUAL(parked_take(&f->parked, f->wait, &n, 0, &over), &f->peer[i]);
    CU_ASSERT_PTR_NULL(parked_take(&f->parked, f->wait, &n, 0, &over));
    CU_ASSERT_PTR_EQUAL(parked_any(&f->parked), &f->peer[3]);
    CU_ASSERT_PTR_NULL(parked_any(&f->parked));
}

static void there_is_room_for_so_many(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();

    for (size_t i = 0; i < PARKED_MAX; i++)
        CU_ASSERT(parked_leave(&f->parked, &f->peer[i], 0));
    CU_ASSERT_FALSE(parked_leave(&f->parked, &f->peer[PARKED_MAX], 0));
}

static void one_address_does_not_take_it_all(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();

    for (size_t i = 0; i <= PARKED_PER_ADDRESS; i++) {
        (void)text_fits(f->peer[i].host, "192.0.2.1");
        CU_ASSERT_EQUAL(parked_leave(&f->parked, &f->peer[i], 0), i < PARKED_PER_ADDRESS);
    }
    CU_ASSERT(parked_leave(&f->parked, &f->peer[PARKED_MAX], 0));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_one_that_speaks_is_taken_up),
        TEST(silence_ends_a_connection),
        TEST(a_late_arrival_is_not_mistaken_for_another),
        TEST(there_is_room_for_so_many),
        TEST(one_address_does_not_take_it_all),
    };

    return run_tests("parked", tests, COUNT(tests));
}
