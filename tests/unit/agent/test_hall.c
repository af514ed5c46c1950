/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hall.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define NOW 1000000
#define HELLO_BYTES 300

/* A hall with its listening socket. */
struct stage {
    struct service *service;
    struct hall hall;
    int listening;
    struct sockaddr_in at;
    int64_t now_ms;
};

static void stage_open(struct stage *out)
{
    socklen_t n = sizeof(out->at);

    *out = (struct stage){.service = mem_zeroed(1, sizeof(*out->service)), .now_ms = NOW};
    door_open(&out->service->door);
    CU_ASSERT_FATAL(hall_open(&out->hall, out->service, SILENT_MAX));
    out->listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    out->at = (struct sockaddr_in){.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CU_ASSERT_FATAL(bind(out->listening, (struct sockaddr *)&out->at, n) == 0);
    CU_ASSERT_FATAL(listen(out->listening, 64) == 0);
    CU_ASSERT_FATAL(getsockname(out->listening, (struct sockaddr *)&out->at, &n) == 0);
}

static void stage_close(struct stage *stage)
{
    close(stage->listening);
    hall_close(&stage->hall);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (stage->service->door.seat[i].taken)
            door_leave(&stage->service->door, i, stage->now_ms);
    door_close(&stage->service->door);
    mem_free(stage->service);
}

/* A client from 127.0.0.`host`, accepted. */
static int call_from(struct stage *stage, unsigned host)
{
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(0x7f000000U + host)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CU_ASSERT_FATAL(bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0);
    CU_ASSERT_FATAL(connect(fd, (const struct sockaddr *)&stage->at, sizeof(stage->at)) ==
                    0);
    hall_accept(&stage->hall, stage->listening, stage->now_ms++);
    return fd;
}

/* Bytes of a record that says how long it is, from `from` up to `to`. */
static void say(int fd, size_t from, size_t to)
{
    unsigned char record[HELLO_BYTES] = {22, 3, 1, (HELLO_BYTES - 5) >> 8,
                                         (HELLO_BYTES - 5) & 255};

    CU_ASSERT_EQUAL(send(fd, record + from, to - from, MSG_NOSIGNAL), (ssize_t)(to - from));
}

/* What the acceptor does in a turn; true when some socket was ready. */
static bool turn(struct stage *stage)
{
    struct pollfd wait = {.fd = stage->hall.watch, .events = POLLIN};
    const int ready = poll(&wait, 1, 20);

    hall_look(&stage->hall, stage->now_ms);
    return ready > 0;
}

/* The host of the next one that is let in, or "". Its socket is closed. */
static const char *next(struct stage *stage)
{
    static struct caller_id who;
    size_t seat = 0;

    if (!hall_take(&stage->hall, &who, &seat, stage->now_ms))
        return "";
    close(who.socket);
    return who.host;
}

static bool is_sent_away(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Closed with its ClientHello unread: reset. */
static bool is_gone(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

static void only_a_whole_hello_is_let_in(void)
{
    struct stage stage;
    int fd;

    stage_open(&stage);
    fd = call_from(&stage, 2);
    CU_ASSERT_FALSE(turn(&stage));
    CU_ASSERT_STRING_EQUAL(next(&stage), "");
    say(fd, 0, 3);
    CU_ASSERT_TRUE(turn(&stage));
    CU_ASSERT_FALSE(turn(&stage)); /* nobody is woken by three bytes twice */
    say(fd, 3, 9);
    CU_ASSERT_TRUE(turn(&stage));
    say(fd, 9, HELLO_BYTES - 1);
    CU_ASSERT_FALSE(turn(&stage));
    CU_ASSERT_STRING_EQUAL(next(&stage), "");
    say(fd, HELLO_BYTES - 1, HELLO_BYTES);
    CU_ASSERT_TRUE(turn(&stage));
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.2");
    close(fd);
    stage_close(&stage);
}

static void what_is_no_tls_is_let_in_to_be_told(void)
{
    struct stage stage;
    int fd;

    stage_open(&stage);
    fd = call_from(&stage, 2);
    CU_ASSERT_EQUAL(send(fd, "GET", 3, 0), 3);
    CU_ASSERT_TRUE(turn(&stage));
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.2");
    close(fd);
    stage_close(&stage);
}

static void a_byte_a_second_is_not_enough(void)
{
    struct stage stage;
    int fd;

    stage_open(&stage);
    fd = call_from(&stage, 2);
    for (size_t i = 0; i < SILENT_SECONDS; i++) {
        say(fd, i, i + 1);
        stage.now_ms += 1000;
        (void)turn(&stage);
    }
    CU_ASSERT_FALSE(is_sent_away(fd));
    stage.now_ms += 1000;
    (void)turn(&stage);
    CU_ASSERT_EQUAL(stage.hall.n, 0);
    close(fd);
    stage_close(&stage);
}

static void whoever_hangs_up_is_forgotten(void)
{
    struct stage stage;

    stage_open(&stage);
    close(call_from(&stage, 2));
    CU_ASSERT_TRUE(turn(&stage));
    CU_ASSERT_EQUAL(stage.hall.n, 0);
    stage_close(&stage);
}

static void addresses_take_turns(void)
{
    struct stage stage;
    int fd[3];

    stage_open(&stage);
    for (size_t i = 0; i < 3; i++) {
        fd[i] = call_from(&stage, i < 2 ? 2 : 3);
        say(fd[i], 0, HELLO_BYTES);
        (void)turn(&stage);
    }
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.2");
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.3");
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.2");
    CU_ASSERT_STRING_EQUAL(next(&stage), "");
    for (size_t i = 0; i < 3; i++)
        close(fd[i]);
    stage_close(&stage);
}

static void without_room_the_address_with_most_loses_its_oldest(void)
{
    struct stage stage;
    int fd[5];

    stage_open(&stage);
    stage.hall.most = 4;
    fd[0] = call_from(&stage, 9);
    for (size_t i = 1; i < 4; i++)
        fd[i] = call_from(&stage, 2);
    fd[4] = call_from(&stage, 3);
    CU_ASSERT_EQUAL(stage.hall.n, 4);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(is_sent_away(fd[i]), i == 1);
        close(fd[i]);
    }
    stage_close(&stage);
}

static void of_one_address_so_many_ask_at_once(void)
{
    struct stage stage;
    int fd[WAITING_PER_ADDRESS + 2];

    stage_open(&stage);
    fd[0] = call_from(&stage, 9);
    say(fd[0], 0, HELLO_BYTES);
    (void)turn(&stage);
    for (size_t i = 1; i < COUNT(fd); i++) {
        fd[i] = call_from(&stage, 2);
        say(fd[i], 0, HELLO_BYTES);
        (void)turn(&stage);
    }
    for (size_t i = 0; i < COUNT(fd); i++)
        CU_ASSERT_EQUAL(is_gone(fd[i]), i == 1);
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.9");
    CU_ASSERT_STRING_EQUAL(next(&stage), "127.0.0.2");
    CU_ASSERT_EQUAL(stage.hall.waiter[0].origin->whole, WAITING_PER_ADDRESS - 1);
    for (size_t i = 0; i < COUNT(fd); i++)
        close(fd[i]);
    stage_close(&stage);
}

static void an_ipv6_host_is_counted_by_its_network(void)
{
    static const struct {
        const char *from, *address, *host;
    } cases[] = {
        {"2001:db8:1:2:3:4:5:6", "[2001:db8:1:2:3:4:5:6]:8443", "2001:db8:1:2::/64"},
        {"::1", "[::1]:8443", "::1"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:8443", "::ffff:192.0.2.1"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(8443)};
        struct sockaddr_storage from = {0};
        char address[ADDRESS_TEXT_MAX], host[ORIGIN_HOST_MAX];

        CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, cases[i].from, &six.sin6_addr), 1);
        memcpy(&from, &six, sizeof(six));
        caller_show(address, host, &from, sizeof(six));
        CU_ASSERT_STRING_EQUAL(address, cases[i].address);
        CU_ASSERT_STRING_EQUAL(host, cases[i].host);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(only_a_whole_hello_is_let_in),
        TEST(what_is_no_tls_is_let_in_to_be_told),
        TEST(a_byte_a_second_is_not_enough),
        TEST(whoever_hangs_up_is_forgotten),
        TEST(addresses_take_turns),
        TEST(without_room_the_address_with_most_loses_its_oldest),
        TEST(of_one_address_so_many_ask_at_once),
        TEST(an_ipv6_host_is_counted_by_its_network),
    };

    return run_tests("hall", tests, COUNT(tests));
}
