/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/door.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void one_address_has_so_many_handshakes_at_once(void)
{
    struct door door;
    struct error err = {0};
    size_t seat[HANDSHAKES_PER_ADDRESS + 1];

    door_open(&door);
    for (size_t i = 0; i < HANDSHAKES_PER_ADDRESS; i++)
        CU_ASSERT(door_enter(&door, "127.0.0.2", &seat[i], &err));
    CU_ASSERT_FALSE(door_enter(&door, "127.0.0.2", &seat[HANDSHAKES_PER_ADDRESS], &err));
    CU_ASSERT_EQUAL(err.msg, E_BUSY);
    door_shaken(&door, seat[0]);
    err = (struct error){0};
    CU_ASSERT(door_enter(&door, "127.0.0.2", &seat[HANDSHAKES_PER_ADDRESS], &err));
    for (size_t i = 0; i <= HANDSHAKES_PER_ADDRESS; i++)
        door_leave(&door, seat[i]);
    door_close(&door);
}

static void all_addresses_together_have_their_limit(void)
{
    struct door door;
    struct error err = {0};
    size_t seat[HANDSHAKES_MAX + 1];
    char host[32];

    door_open(&door);
    for (size_t i = 0; i < HANDSHAKES_MAX; i++) {
        snprintf(host, sizeof(host), "127.0.1.%zu", i);
        CU_ASSERT(door_enter(&door, host, &seat[i], &err));
    }
    CU_ASSERT_FALSE(door_enter(&door, "127.0.2.1", &seat[HANDSHAKES_MAX], &err));
    for (size_t i = 0; i < HANDSHAKES_MAX; i++)
        door_leave(&door, seat[i]);
    door_close(&door);
}

static void a_full_room_takes_nobody_until_one_leaves(void)
{
    struct door door;
    struct error err = {0};
    size_t seat = 0, spare = 0;

    door_open(&door);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        CU_ASSERT_FATAL(door_enter(&door, "::1", &seat, &err));
        door_shaken(&door, seat);
    }
    CU_ASSERT_FALSE(door_enter(&door, "::1", &spare, &err));
    door_leave(&door, seat);
    err = (struct error){0};
    CU_ASSERT(door_enter(&door, "::1", &spare, &err));
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        door_leave(&door, i);
    door_close(&door);
}

static void an_address_that_guesses_is_shut_out_for_its_minute(void)
{
    struct door door;

    door_open(&door);
    for (unsigned i = 0; i < CODE_FAILURES_PER_ADDRESS; i++) {
        CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.9", 600));
        door_count_failure(&door, "127.0.0.9", 600);
    }
    CU_ASSERT(door_is_shut_for(&door, "127.0.0.9", 659));
    CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.8", 659));
    CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.9", 660));
    door_close(&door);
}

struct guest {
    struct door *door;
    size_t seat;
    int socket;
    ssize_t read;
};

static void *wait_for_a_word(void *at)
{
    struct guest *guest = at;
    char word;

    guest->read = read(guest->socket, &word, 1);
    door_leave(guest->door, guest->seat);
    return NULL;
}

static void whoever_is_silent_leaves_when_the_door_is_closed(void)
{
    struct door door;
    struct guest guest = {.door = &door, .read = -1};
    struct error err = {0};
    pthread_t thread;
    int ends[2];

    door_open(&door);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CU_ASSERT_FATAL(door_enter(&door, "::1", &guest.seat, &err));
    guest.socket = ends[0];
    door_seat_socket(&door, guest.seat, ends[0]);
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, wait_for_a_word, &guest) == 0);
    door_close(&door);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(guest.read, 0);
    CU_ASSERT_EQUAL(write(ends[0], "answer", 6), 6);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_address_has_so_many_handshakes_at_once),
        TEST(all_addresses_together_have_their_limit),
        TEST(a_full_room_takes_nobody_until_one_leaves),
        TEST(whoever_is_silent_leaves_when_the_door_is_closed),
        TEST(an_address_that_guesses_is_shut_out_for_its_minute),
    };

    return run_tests("door", tests, COUNT(tests));
}
