/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/door.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

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

int main(void)
{
    static const struct test tests[] = {
        TEST(one_address_has_so_many_handshakes_at_once),
        TEST(all_addresses_together_have_their_limit),
        TEST(a_full_room_takes_nobody_until_one_leaves),
        TEST(an_address_that_guesses_is_shut_out_for_its_minute),
    };

    return run_tests("door", tests, COUNT(tests));
}
