/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A target of two addresses. What is full answers no SYN, as if it were black-holed. */
#include "pairing/tls.h"
#include "tests/support/run.h"
#include "tests/support/target.h"
#include "transfer/put.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "target.example.com"
#define OTHER "127.0.0.5" /* where nobody serves */

/* One who listens and for whom one connection waits already: as many as may. */
struct full {
    int listening, waiting;
    const struct identity *self;
    size_t got; /* bytes of the request */
};

static bool full_make(struct full *out, const struct sockaddr *at, socklen_t n)
{
    *out = (struct full){.listening = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0),
                         .waiting = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return out->listening >= 0 && bind(out->listening, at, n) == 0 &&
           listen(out->listening, 0) == 0 && connect(out->waiting, at, n) == 0;
}

static void full_clear(struct full *full)
{
    close(full->listening);
    close(full->waiting);
}

/* Later than a second address is tried (0.2 s), and before the SYN comes again (1 s). */
static void *serve_late(void *at)
{
    struct full *full = at;
    scoped(tls_close) struct tls tls = {0};
    struct error err = {0};
    char begun[16];
    int fd;

    usleep(600000);
    close(accept(full->listening, NULL, NULL));
    fd = accept(full->listening, NULL, NULL);
    if (!tls_accept(&tls, fd, full->self, &err)) {
        close(fd);
        return NULL;
    }
    (void)!tls_read(&tls, begun, sizeof(begun), &full->got, 5, &err);
    return NULL;
}

static bool both_full(struct full *six, struct full *four, const char *port)
{
    const in_port_t number = htons((in_port_t)atoi(port));
    const struct sockaddr_in6 at6 = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = number};
    struct sockaddr_in at4 = {.sin_family = AF_INET, .sin_port = number};

    inet_pton(AF_INET, OTHER, &at4.sin_addr);
    return full_make(six, (const struct sockaddr *)&at6, sizeof(at6)) &&
           full_make(four, (const struct sockaddr *)&at4, sizeof(at4));
}

/* The target itself ends the connection: that it got the request is what counts. */
static void ask_by_name(struct target *target)
{
    scoped(put_close) struct put put = {0};
    const struct route route = target_route(target);
    const struct request request = {.method = "GET", .path = "/x", .patience = 5};
    struct reply reply = reply_none();
    struct curl_slist *addresses;
    struct error err = {0};
    char line[128];
    bool again;

    CU_ASSERT_FATAL(put_open(&put, &target->grant, &route, &err));
    snprintf(line, sizeof(line), NAME ":%s:[::1]," OTHER, target->endpoint.port);
    snprintf(target->endpoint.host, sizeof(target->endpoint.host), NAME);
    addresses = curl_slist_append(NULL, line);
    curl_easy_setopt(put.curl, CURLOPT_RESOLVE, addresses);
    CU_ASSERT_FALSE(put_request(&put, &request, &reply, &again, &err));
    CU_ASSERT(again);
    curl_slist_free_all(addresses);
    reply_clear(&reply);
}

static bool has_ipv6(void)
{
    const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;

    close(fd);
    return has;
}

static void the_slower_address_may_be_the_one_that_answers(void)
{
    scoped(full_clear) struct full six = {-1, -1, NULL, 0}, four = {-1, -1, NULL, 0};
    struct target target;
    pthread_t thread;

    if (!has_ipv6())
        return;
    target_begin(&target, NULL);
    CU_ASSERT_FATAL(both_full(&six, &four, target.endpoint.port));
    six.self = &target.self.identity;
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, serve_late, &six) == 0);
    ask_by_name(&target);
    pthread_join(thread, NULL);
    CU_ASSERT(six.got > 0);
    target_end(&target);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_slower_address_may_be_the_one_that_answers),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("put_addresses", tests, COUNT(tests));
}
