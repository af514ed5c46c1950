/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/door.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOW 1000000
#define EARLIER                                                                            \
    (NOW - BUSY_SECONDS * 1000) /* strangers are let in at their own rate again */

/* Somebody from there waits and is let in now, or stays outside and goes away. */
static bool enters(struct door *door, const char *host, int64_t now_ms, size_t *seat)
{
    struct origin *origin = door_wait(door, host, now_ms);
    struct error err = {0};

    if (door_enter(door, origin, now_ms, seat, &err))
        return true;
    CU_ASSERT_EQUAL(err.msg, E_BUSY);
    door_turn_away(door, origin);
    return false;
}

static const char *host_number(unsigned i)
{
    static char host[ORIGIN_HOST_MAX];

    snprintf(host, sizeof(host), "10.1.%u.%u", i >> 8, i & 255);
    return host;
}

static void leave_all(struct door *door)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (door->seat[i].taken)
            door_leave(door, i, NOW);
    door_close(door);
}

static void one_address_has_so_many_handshakes_at_once(void)
{
    struct door door;
    size_t seat[HANDSHAKES_PER_ADDRESS + 1];

    door_open(&door);
    for (size_t i = 0; i < HANDSHAKES_PER_ADDRESS; i++)
        CU_ASSERT(enters(&door, "127.0.0.2", NOW, &seat[i]));
    CU_ASSERT_FALSE(enters(&door, "127.0.0.2", NOW, &seat[HANDSHAKES_PER_ADDRESS]));
    door_shaken(&door, seat[0], NOW);
    CU_ASSERT(enters(&door, "127.0.0.2", NOW, &seat[HANDSHAKES_PER_ADDRESS]));
    leave_all(&door);
}

static void and_so_many_connections_without_a_grant(void)
{
    struct door door;
    size_t seat = 0;

    door_open(&door);
    for (size_t i = 0; i < STRANGERS_PER_ADDRESS; i++) {
        CU_ASSERT(enters(&door, "127.0.0.2", NOW, &seat));
        door_shaken(&door, seat, NOW);
    }
    CU_ASSERT_FALSE(enters(&door, "127.0.0.2", NOW, &seat));
    door_granted(&door, 0, NOW);
    CU_ASSERT(enters(&door, "127.0.0.2", NOW, &seat));
    leave_all(&door);
}

static void all_addresses_together_have_their_limit(void)
{
    struct door door;
    size_t seat = 0;

    door_open(&door);
    for (unsigned i = 0; i < HANDSHAKES_MAX; i++)
        CU_ASSERT(enters(&door, host_number(i), NOW, &seat));
    CU_ASSERT_FALSE(enters(&door, "127.0.0.9", NOW, &seat));
    leave_all(&door);
}

static void fill_with_strangers(struct door *door)
{
    size_t seat = 0;

    for (unsigned i = 0; i < STRANGERS_MAX; i++) {
        CU_ASSERT_FATAL(enters(door, host_number(i / 4), NOW, &seat));
        door_shaken(door, seat, NOW);
    }
}

static void an_address_that_is_known_has_a_seat_kept(void)
{
    struct door door;
    size_t seat = 0, other = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.7", EARLIER, &seat));
    door_granted(&door, seat, EARLIER);
    door_leave(&door, seat, EARLIER);
    fill_with_strangers(&door);
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW, &other));
    CU_ASSERT(enters(&door, "192.0.2.7", EARLIER + KNOWN_SECONDS * 1000 - 1, &seat));
    leave_all(&door);
}

static void nor_does_it_wait_for_the_handshakes_of_others(void)
{
    struct door door;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.7", NOW, &seat));
    door_granted(&door, seat, NOW);
    door_shaken(&door, seat, NOW);
    for (unsigned i = 0; i < HANDSHAKES_MAX; i++)
        CU_ASSERT_FATAL(enters(&door, host_number(i), NOW + i * 1000, &seat));
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW + 60000, &seat));
    CU_ASSERT(enters(&door, "192.0.2.7", NOW + 60000, &seat));
    leave_all(&door);
}

/* One of a migration's many connections comes, shows its grant and goes. */
static bool visits(struct door *door, const char *host, int64_t now_ms)
{
    size_t seat = 0;

    if (!enters(door, host, now_ms, &seat))
        return false;
    door_shaken(door, seat, now_ms);
    door_granted(door, seat, now_ms);
    door_leave(door, seat, now_ms);
    return true;
}

static void however_often_its_migrations_come(void)
{
    struct door door;

    door_open(&door);
    CU_ASSERT_FATAL(visits(&door, "192.0.2.7", EARLIER));
    fill_with_strangers(&door);
    for (size_t i = 0; i < 4 * KNOWN_LATELY_MAX; i++)
        CU_ASSERT_FATAL(visits(&door, "192.0.2.7", NOW));
    leave_all(&door);
}

static void but_those_without_a_grant_count_where_it_is_known_too(void)
{
    struct door door;
    size_t seat = 0;
    unsigned in = 0;

    door_open(&door);
    CU_ASSERT_FATAL(visits(&door, "192.0.2.7", EARLIER));
    fill_with_strangers(&door);
    while (in <= KNOWN_LATELY_MAX && enters(&door, "192.0.2.7", NOW, &seat)) {
        door_leave(&door, seat, NOW);
        in++;
    }
    CU_ASSERT_EQUAL(in, KNOWN_LATELY_MAX);
    leave_all(&door);
}

static void a_full_room_takes_nobody_until_one_leaves(void)
{
    struct door door;
    size_t seat = 0, spare = 0;

    door_open(&door);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        CU_ASSERT_FATAL(enters(&door, "::1", NOW + (int64_t)i * 1000, &seat));
        door_granted(&door, seat, NOW);
        door_shaken(&door, seat, NOW);
    }
    CU_ASSERT_FALSE(enters(&door, "::1", NOW + 200000, &spare));
    door_leave(&door, seat, NOW + 200000);
    CU_ASSERT(enters(&door, "::1", NOW + 200000, &spare));
    leave_all(&door);
}

/* Strangers come and go, each from its own address, until one is kept waiting. */
static unsigned let_in_at_once(struct door *door)
{
    unsigned in = 0;
    size_t seat = 0;

    while (enters(door, host_number(in), NOW, &seat)) {
        door_leave(door, seat, NOW);
        in++;
    }
    return in;
}

static void strangers_have_a_rate(void)
{
    struct door door;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_EQUAL(let_in_at_once(&door), STRANGERS_PER_SECOND);
    CU_ASSERT(enters(&door, "10.9.9.9", NOW + 1000 / STRANGERS_PER_SECOND, &seat));
    CU_ASSERT_FALSE(enters(&door, "10.9.9.8", NOW + 1000 / STRANGERS_PER_SECOND, &seat));
    leave_all(&door);
}

static void a_slower_one_while_a_granted_peer_is_inside(void)
{
    const int64_t later = NOW + 2000, next = later + 1000 / STRANGERS_PER_BUSY_SECOND;
    struct door door;
    size_t seat = 0, granted = 0;
    unsigned in = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.7", NOW, &granted));
    door_granted(&door, granted, NOW);
    for (; enters(&door, host_number(in), later, &seat); in++)
        door_leave(&door, seat, later);
    CU_ASSERT(in >= STRANGERS_PER_BUSY_SECOND && in <= STRANGERS_PER_BUSY_SECOND + 1);
    CU_ASSERT(enters(&door, "192.0.2.7", later, &seat)); /* known: no stranger's turn */
    CU_ASSERT(enters(&door, "10.9.9.9", next, &seat));
    CU_ASSERT_FALSE(enters(&door, "10.9.9.8", next, &seat));
    leave_all(&door);
}

static unsigned let_in_a_second(int64_t after_ms)
{
    struct door door;
    unsigned in = 0;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(visits(&door, "192.0.2.7", NOW));
    for (; enters(&door, host_number(in), NOW + after_ms, &seat); in++)
        door_leave(&door, seat, NOW + after_ms);
    leave_all(&door);
    return in;
}

static void and_for_a_while_after_it(void)
{
    CU_ASSERT(let_in_a_second(BUSY_SECONDS * 1000 - 1) <= STRANGERS_PER_BUSY_SECOND + 1);
    CU_ASSERT_EQUAL(let_in_a_second(BUSY_SECONDS * 1000), STRANGERS_PER_SECOND);
}

static void whoever_came_least_is_next(void)
{
    struct door door;
    struct origin *often, *seldom, *known;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.1", NOW, &seat));
    CU_ASSERT_FATAL(enters(&door, "192.0.2.3", NOW, &seat));
    door_granted(&door, seat, NOW);
    often = door_wait(&door, "192.0.2.1", NOW);
    seldom = door_wait(&door, "192.0.2.2", NOW);
    known = door_wait(&door, "192.0.2.3", NOW);
    CU_ASSERT(door_rank(&door, known, NOW) < door_rank(&door, seldom, NOW));
    CU_ASSERT(door_rank(&door, seldom, NOW) < door_rank(&door, often, NOW));
    leave_all(&door);
}

/* So many conversations from there, one after the other, that end well or come to nothing.
 */
static void converses(struct door *door, const char *host, unsigned times, bool well)
{
    for (unsigned i = 0; i < times; i++) {
        size_t seat = 0;

        CU_ASSERT_FATAL(enters(door, host, NOW, &seat));
        door_shaken(door, seat, NOW);
        if (well)
            door_paired(door, seat);
        door_leave(door, seat, NOW);
    }
}

static unsigned rank_from(struct door *door, const char *host)
{
    struct origin *origin = door_wait(door, host, NOW);
    const unsigned rank = door_rank(door, origin, NOW);

    door_turn_away(door, origin);
    return rank;
}

static void whoever_ended_well_is_before_who_came_in_vain_once(void)
{
    struct door door;

    door_open(&door);
    converses(&door, "192.0.2.1", 30, true);
    converses(&door, "192.0.2.2", 1, false);
    CU_ASSERT(rank_from(&door, "192.0.2.1") < rank_from(&door, "192.0.2.2"));
    leave_all(&door);
}

static void but_not_before_who_was_never_here(void)
{
    struct door door;

    door_open(&door);
    converses(&door, "192.0.2.1", 2, true);
    converses(&door, "192.0.2.2", 4, true);
    CU_ASSERT(rank_from(&door, "192.0.2.3") < rank_from(&door, "192.0.2.1"));
    CU_ASSERT(rank_from(&door, "192.0.2.1") < rank_from(&door, "192.0.2.2"));
    leave_all(&door);
}

static void a_handshake_alone_proves_nothing(void)
{
    struct door door;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.1", NOW, &seat));
    door_shaken(&door, seat, NOW);
    CU_ASSERT(rank_from(&door, "192.0.2.1") >= VAIN_WEIGHT); /* inside: in vain so far */
    door_leave(&door, seat, NOW);
    CU_ASSERT(rank_from(&door, "192.0.2.1") >= VAIN_WEIGHT);
    CU_ASSERT(rank_from(&door, "192.0.2.2") < VAIN_WEIGHT);
    leave_all(&door);
}

/* One end of a connection that has a seat, and what it reads there. */
struct guest {
    struct door *door;
    size_t seat;
    int ends[2];
    ssize_t read;
};

static void guest_sits(struct guest *guest, struct door *door, size_t seat)
{
    *guest = (struct guest){.door = door, .seat = seat, .read = -1};
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, guest->ends) == 0);
    door_seat_socket(door, seat, guest->ends[0]);
}

static bool is_cut(const struct guest *guest)
{
    char word;

    return recv(guest->ends[0], &word, 1, MSG_DONTWAIT) == 0;
}

/* The room is full; the first and the last seat are looked at. */
static void full_room(struct door *door, struct guest guest[2])
{
    door_open(door);
    fill_with_strangers(door);
    guest_sits(&guest[0], door, 0);
    guest_sits(&guest[1], door, STRANGERS_MAX - 1);
}

static void guests_end(struct guest guest[2])
{
    for (size_t i = 0; i < 4; i++)
        close(guest[i / 2].ends[i % 2]);
}

static void an_address_with_many_seats_makes_room_for_one_with_none(void)
{
    struct door door;
    struct guest guest[2];
    size_t seat = 0;

    full_room(&door, guest);
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW + STRANGER_GRACE_MS - 1, &seat));
    CU_ASSERT_FALSE(is_cut(&guest[0]));
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW + STRANGER_GRACE_MS, &seat));
    CU_ASSERT(is_cut(&guest[0]));
    CU_ASSERT_FALSE(is_cut(&guest[1]));
    door_leave(&door, 0, NOW);
    CU_ASSERT(enters(&door, "192.0.2.8", NOW + STRANGER_GRACE_MS, &seat));
    leave_all(&door);
    guests_end(guest);
}

static void an_address_that_is_known_has_its_time_for_several(void)
{
    struct door door;
    struct guest guest;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(visits(&door, "192.0.2.7", EARLIER));
    for (unsigned i = 1; i < HANDSHAKES_MAX; i++)
        CU_ASSERT_FATAL(enters(
            &door, i < HANDSHAKES_PER_ADDRESS ? "192.0.2.7" : host_number(i), NOW, &seat));
    CU_ASSERT_FATAL(enters(&door, "192.0.2.7", NOW - 1, &seat));
    guest_sits(&guest, &door, seat);
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW + STRANGER_GRACE_MS, &seat));
    CU_ASSERT_FALSE(is_cut(&guest));
    CU_ASSERT_FALSE(enters(&door, "192.0.2.8", NOW + STRANGER_SECONDS * 1000, &seat));
    CU_ASSERT_TRUE(is_cut(&guest));
    leave_all(&door);
    close(guest.ends[0]);
    close(guest.ends[1]);
}

static void but_not_for_one_of_its_own_before_its_time(void)
{
    struct door door;
    struct guest guest[2];
    size_t seat = 0;

    full_room(&door, guest);
    CU_ASSERT_FALSE(enters(&door, host_number(0), NOW + STRANGER_SECONDS * 1000, &seat));
    CU_ASSERT_FALSE(is_cut(&guest[0]));
    CU_ASSERT_FALSE(
        enters(&door, host_number(0), NOW + STRANGER_SECONDS * 1000 + 1, &seat));
    CU_ASSERT(is_cut(&guest[0]));
    leave_all(&door);
    guests_end(guest);
}

/* Eight of a known address hand-shake, the last of them for not as long as the others. */
static void known_and_full(struct door *door, struct guest guest[2])
{
    size_t seat = 0;

    door_open(door);
    CU_ASSERT_FATAL(visits(door, "192.0.2.7", EARLIER));
    for (unsigned i = 0; i < HANDSHAKES_PER_ADDRESS; i++) {
        CU_ASSERT_FATAL(enters(door, "192.0.2.7", NOW + (i > 0), &seat));
        if (i < 2)
            guest_sits(&guest[i], door, seat);
    }
}

static void who_takes_too_long_makes_room_for_its_own(void)
{
    const int64_t late = NOW + STRANGER_SECONDS * 1000 + 1;
    struct door door;
    struct guest guest[2];
    struct origin *origin;

    known_and_full(&door, guest);
    door_look(&door, late);
    CU_ASSERT_FALSE(is_cut(&guest[0])); /* nobody waits */
    origin = door_wait(&door, "192.0.2.7", NOW);
    CU_ASSERT_EQUAL(door_rank(&door, origin, NOW), DOOR_NOT_NOW);
    door_look(&door, late);
    CU_ASSERT_FALSE(is_cut(&guest[0])); /* who waits says nothing */
    origin->whole = 1;
    door_look(&door, late - 1);
    CU_ASSERT_FALSE(is_cut(&guest[0]));
    door_look(&door, late);
    CU_ASSERT_TRUE(is_cut(&guest[0]));
    CU_ASSERT_FALSE(is_cut(&guest[1]));
    door_leave(&door, guest[0].seat, late);
    CU_ASSERT_EQUAL(door_rank(&door, origin, late), 0);
    door_turn_away(&door, origin);
    leave_all(&door);
    guests_end(guest);
}

static void but_no_grant_is_cut_for_strangers_of_its_address(void)
{
    const int64_t late = NOW + 10 * STRANGER_SECONDS * 1000;
    struct door door;
    struct guest guest[2];
    struct origin *origin;
    size_t seat = 0;

    known_and_full(&door, guest);
    door_granted(&door, guest[0].seat, NOW);
    door_shaken(&door, guest[0].seat, NOW);
    CU_ASSERT_FATAL(enters(&door, "192.0.2.7", NOW, &seat));
    origin = door_wait(&door, "192.0.2.7", NOW);
    origin->whole = 1;
    CU_ASSERT_FALSE(enters(&door, "192.0.2.7", late, &seat));
    door_look(&door, late);
    CU_ASSERT_FALSE(is_cut(&guest[0]));
    CU_ASSERT_TRUE(is_cut(&guest[1]));
    door_turn_away(&door, origin);
    leave_all(&door);
    guests_end(guest);
}

static void whoever_has_a_grant_makes_no_room(void)
{
    struct door door;
    struct guest guest[2];
    size_t seat = 0;

    full_room(&door, guest);
    door_granted(&door, 0, NOW);
    CU_ASSERT(enters(&door, "192.0.2.8", NOW + 60000, &seat));
    CU_ASSERT_FALSE(enters(&door, "192.0.2.9", NOW + 60000, &seat));
    CU_ASSERT_FALSE(is_cut(&guest[0]));
    leave_all(&door);
    guests_end(guest);
}

static void an_address_that_guesses_is_shut_out_for_its_minute(void)
{
    struct door door;

    door_open(&door);
    for (unsigned i = 0; i < CODE_FAILURES_PER_ADDRESS; i++) {
        CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.9", 600000));
        door_count_failure(&door, "127.0.0.9", 600000);
    }
    CU_ASSERT(door_is_shut_for(&door, "127.0.0.9", 659999));
    CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.8", 659999));
    CU_ASSERT_FALSE(door_is_shut_for(&door, "127.0.0.9", 660000));
    door_close(&door);
}

static void *wait_for_a_word(void *at)
{
    struct guest *guest = at;
    char word;

    guest->read = read(guest->ends[0], &word, 1);
    door_leave(guest->door, guest->seat, NOW);
    return NULL;
}

static void whoever_is_silent_leaves_when_the_door_is_closed(void)
{
    struct door door;
    struct guest guest;
    pthread_t thread;
    size_t seat = 0;

    door_open(&door);
    CU_ASSERT_FATAL(enters(&door, "::1", NOW, &seat));
    guest_sits(&guest, &door, seat);
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, wait_for_a_word, &guest) == 0);
    door_close(&door);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(guest.read, 0);
    CU_ASSERT_EQUAL(write(guest.ends[0], "answer", 6), 6);
    close(guest.ends[0]);
    close(guest.ends[1]);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_address_has_so_many_handshakes_at_once),
        TEST(and_so_many_connections_without_a_grant),
        TEST(all_addresses_together_have_their_limit),
        TEST(an_address_that_is_known_has_a_seat_kept),
        TEST(nor_does_it_wait_for_the_handshakes_of_others),
        TEST(however_often_its_migrations_come),
        TEST(but_those_without_a_grant_count_where_it_is_known_too),
        TEST(a_full_room_takes_nobody_until_one_leaves),
        TEST(strangers_have_a_rate),
        TEST(a_slower_one_while_a_granted_peer_is_inside),
        TEST(and_for_a_while_after_it),
        TEST(whoever_came_least_is_next),
        TEST(whoever_ended_well_is_before_who_came_in_vain_once),
        TEST(but_not_before_who_was_never_here),
        TEST(a_handshake_alone_proves_nothing),
        TEST(an_address_with_many_seats_makes_room_for_one_with_none),
        TEST(an_address_that_is_known_has_its_time_for_several),
        TEST(but_not_for_one_of_its_own_before_its_time),
        TEST(who_takes_too_long_makes_room_for_its_own),
        TEST(but_no_grant_is_cut_for_strangers_of_its_address),
        TEST(whoever_has_a_grant_makes_no_room),
        TEST(whoever_is_silent_leaves_when_the_door_is_closed),
        TEST(an_address_that_guesses_is_shut_out_for_its_minute),
    };

    return run_tests("door", tests, COUNT(tests));
}
