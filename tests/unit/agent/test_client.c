/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against a server of its own that answers each request with the next of some texts. */
#include "agent/client.h"
#include "base/fs.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const char *const *answer; /* up to NULL */
    int socket;
    char url[64];
    pthread_t thread;
};

static void *serve(void *at)
{
    struct server *server = at;
    char request[4096];

    for (size_t i = 0; server->answer[i] != NULL; i++) {
        scoped(fd_close) int peer = accept(server->socket, NULL, NULL);
        const size_t n = strlen(server->answer[i]);

        if (peer < 0 || read(peer, request, sizeof(request)) <= 0 ||
            send(peer, server->answer[i], n, MSG_NOSIGNAL) != (ssize_t)n)
            break;
    }
    shutdown(server->socket, SHUT_RDWR); /* who comes now is turned away */
    return NULL;
}

static void server_start(struct server *out, const char *const *answer)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(at);

    *out = (struct server){.answer = answer, .socket = socket(AF_INET, SOCK_STREAM, 0)};
    CU_ASSERT_FATAL(bind(out->socket, (struct sockaddr *)&at, n) == 0 &&
                    listen(out->socket, 4) == 0 &&
                    getsockname(out->socket, (struct sockaddr *)&at, &n) == 0);
    snprintf(out->url, sizeof(out->url), "http://127.0.0.1:%u/list",
             (unsigned)ntohs(at.sin_port));
    CU_ASSERT_FATAL(pthread_create(&out->thread, NULL, serve, out) == 0);
}

static void server_end(struct server *server)
{
    shutdown(server->socket, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    fd_close(&server->socket);
}

/* Fetch with a ceiling of 16 bytes; what came is in `out`. */
static enum msg fetched(const char *const *answers, char out[32])
{
    scoped(buf_clear) struct buf body = buf_upto(16);
    scoped(server_end) struct server server;
    struct error err = {0};

    server_start(&server, answers);
    CU_ASSERT_EQUAL(client_fetch(&body, server.url, &err), err.msg == E_NONE);
    (void)text_copy_span(out, 32, buf_span(&body));
    return err.msg;
}

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

static void a_file_is_fetched(void)
{
    static const char *const answers[] = {OK("0123456789abcdef"), NULL};
    char body[32];

    CU_ASSERT_EQUAL(fetched(answers, body), E_NONE);
    CU_ASSERT_STRING_EQUAL(body, "0123456789abcdef");
}

static void more_than_the_ceiling_is_refused(void)
{
    static const char *const answers[] = {OK("0123456789abcdefg"), NULL};
    char body[32];

    CU_ASSERT_EQUAL(fetched(answers, body), E_FETCH);
}

static void an_answer_that_is_none_is_told(void)
{
    static const char *const missing[] = {"HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx",
                                          NULL};
    static const char *const nonsense[] = {"\x16\x03\x01 nonsense", NULL};
    static const char *const nothing[] = {NULL};
    static const char *const cut[] = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
                                      NULL};
    char body[32];

    CU_ASSERT_EQUAL(fetched(missing, body), E_FETCH);
    CU_ASSERT_EQUAL(fetched(nonsense, body), E_FETCH);
    CU_ASSERT_EQUAL(fetched(nothing, body), E_FETCH);
    CU_ASSERT_EQUAL(fetched(cut, body), E_FETCH);
}

#define MOVED(to) "HTTP/1.1 302 Found\r\nLocation: " to "\r\nConnection: close\r\n\r\n"

static void a_redirect_leads_to_http_only_and_not_for_ever(void)
{
    static const char *const good[] = {MOVED("/other"), OK("other"), NULL};
    static const char *const file[] = {MOVED("file:///etc/passwd"), NULL};
    static const char *const tls[] = {MOVED("https://127.0.0.1/"), NULL};
    static const char *const endless[] = {MOVED("/1"), MOVED("/2"), MOVED("/3"),
                                          MOVED("/4"), MOVED("/5"), NULL};
    char body[32];

    CU_ASSERT_EQUAL(fetched(good, body), E_NONE);
    CU_ASSERT_STRING_EQUAL(body, "other");
    CU_ASSERT_EQUAL(fetched(file, body), E_FETCH);
    CU_ASSERT_EQUAL(fetched(tls, body), E_FETCH);
    CU_ASSERT_EQUAL(fetched(endless, body), E_FETCH);
}

static void only_http_is_dialled(void)
{
    static const char *const urls[] = {"https://127.0.0.1/", "file:///etc/passwd",
                                       "ldap://x", "127.0.0.1", ""};

    for (size_t i = 0; i < COUNT(urls); i++) {
        scoped(buf_clear) struct buf body = buf_upto(16);
        struct error err = {0};

        CU_ASSERT_FALSE(client_fetch(&body, urls[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_FETCH);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_file_is_fetched),
        TEST(more_than_the_ceiling_is_refused),
        TEST(an_answer_that_is_none_is_told),
        TEST(a_redirect_leads_to_http_only_and_not_for_ever),
        TEST(only_http_is_dialled),
    };

    return run_tests("client", tests, COUNT(tests));
}
