/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/http.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/family.h"
#include "tests/support/loopback.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "Host: x\r\n"
#define GET "GET /a HTTP/1.1\r\n" HOST
#define POST "POST /a HTTP/1.1\r\n" HOST
#define ZSTD "Content-Encoding: zstd\r\n"

enum outcome { DONE, MORE, TURNED_DOWN };

static enum outcome parse(struct http_message *out, size_t *used, struct span bytes,
                          bool is_request)
{
    struct error err = {0};
    bool done = false;

    *out = (struct http_message){.is_request = is_request};
    *used = 0;
    if (!http_parse_head(out, &done, used, bytes, &err)) {
        CU_ASSERT_EQUAL(err.msg, E_HTTP);
        return TURNED_DOWN;
    }
    return done ? DONE : MORE;
}

static void a_head_is_taken_or_refused(void)
{
    static const struct {
        const char *head;
        enum outcome outcome;
    } cases[] = {
        {GET "\r\n", DONE},
        {POST "Content-Length: 0\r\n\r\n", DONE},
        {POST "content-LENGTH: 12\r\n\r\n", DONE},
        {"PUT /a?b=c HTTP/1.1\r\n" HOST "Pairgate-Digest: sha256=0\r\n\r\n", DONE},
        {"G", MORE},
        {GET, MORE},
        {GET "\r", MORE},
        {"GET /a HTTP/1.1\r\n\r\n", TURNED_DOWN}, /* no Host */
        {GET HOST "\r\n", TURNED_DOWN},           /* two */
        {"GET /a HTTP/1.0\r\n" HOST "\r\n", TURNED_DOWN},
        {"GET /a HTTP/2.0\r\n" HOST "\r\n", TURNED_DOWN},
        {"GET /a\r\n\r\n", TURNED_DOWN}, /* HTTP/0.9 */
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", TURNED_DOWN},
        {"BREW /a HTTP/1.1\r\n" HOST "\r\n", TURNED_DOWN},
        {"GET /a b HTTP/1.1\r\n" HOST "\r\n", TURNED_DOWN},
        {"GET /a\x01 HTTP/1.1\r\n" HOST "\r\n", TURNED_DOWN},
        {POST "Transfer-Encoding: chunked\r\n\r\n", TURNED_DOWN},
        {POST "Transfer-Encoding: gzip\r\n\r\n", TURNED_DOWN},
        {POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 3, 3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: +3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: -3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 0x3\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length: 99999999999999999999\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length:\r\n\r\n", TURNED_DOWN},
        {POST "Content-Length : 3\r\n\r\n", TURNED_DOWN},
        {POST "X: a\r\n b\r\n\r\n", TURNED_DOWN}, /* obs-fold */
        {POST "X: a\r\n\tContent-Length: 3\r\n\r\n", TURNED_DOWN},
        {POST "X:\r\r\n\r\n", TURNED_DOWN}, /* a bare CR: CVE-2023-30589 */
        {POST "X: a\nY: b\r\n\r\n", TURNED_DOWN},
        {"POST /a HTTP/1.1\n" HOST "\r\n", TURNED_DOWN},
        {POST "X: a\rb\r\n\r\n", TURNED_DOWN},
        {POST "X Y: a\r\n\r\n", TURNED_DOWN},
        {POST ": a\r\n\r\n", TURNED_DOWN},
        {POST "Pairgate-Digest: a\r\nPairgate-Digest: b\r\n\r\n", TURNED_DOWN},
        {POST "Authorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n\r\n",
         TURNED_DOWN},
        {POST "X-Auth-Token: a\r\nx-auth-token: a\r\n\r\n", TURNED_DOWN},
        {"GET /a HTTP/1.1\r\nHost: x:1 \r\nContent-Length: 4 \r\n\r\n", DONE},
        {POST ZSTD "Pairgate-Length: 4194304\r\n\r\n", DONE},
        {POST ZSTD "Pairgate-Length: 4194305\r\n\r\n", TURNED_DOWN},
        {POST ZSTD "Pairgate-Length: 0\r\n\r\n", TURNED_DOWN},
        {POST ZSTD "Pairgate-Length: 1\r\nPairgate-Length: 1\r\n\r\n", TURNED_DOWN},
        {POST ZSTD ZSTD "Pairgate-Length: 1\r\n\r\n", TURNED_DOWN},
        {POST ZSTD "\r\n", TURNED_DOWN},
        {POST "Pairgate-Length: 1\r\n\r\n", TURNED_DOWN},
        {POST "Content-Encoding: gzip\r\nPairgate-Length: 1\r\n\r\n", TURNED_DOWN},
        {"\x16\x03\x01\x02", TURNED_DOWN},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_message message;
        size_t used;
        enum outcome got = parse(&message, &used, span_text(cases[i].head), true);

        if (got != cases[i].outcome)
            printf("\n    %zu: %s", i, cases[i].head);
        CU_ASSERT_EQUAL(got, cases[i].outcome);
        if (got == DONE)
            CU_ASSERT_EQUAL(used, strlen(cases[i].head));
    }
}

static void a_nul_in_a_header_is_refused(void)
{
    static const char head[] = POST "X: a\0b\r\n\r\n";
    struct http_message message;
    size_t used;

    CU_ASSERT_EQUAL(parse(&message, &used, span_of(head, sizeof(head) - 1), true),
                    TURNED_DOWN);
}

static void what_a_request_says_is_kept(void)
{
    const char *const head = "PUT /a/b?c=d&e HTTP/1.1\r\nhost: target.example.com:8443\r\n"
                             "PAIRGATE-DIGEST: sha256=00ff\r\nConnection: close\r\n"
                             "Content-Length: 4194304\r\n\r\n";
    struct http_message message;
    size_t used;

    CU_ASSERT_EQUAL_FATAL(parse(&message, &used, span_text(head), true), DONE);
    CU_ASSERT_STRING_EQUAL(message.method, "PUT");
    CU_ASSERT_STRING_EQUAL(message.path, "/a/b");
    CU_ASSERT_STRING_EQUAL(message.query, "c=d&e");
    CU_ASSERT_STRING_EQUAL(message.digest, "sha256=00ff");
    CU_ASSERT(message.has_length);
    CU_ASSERT_EQUAL(message.length, 4194304);
    CU_ASSERT_FALSE(message.keep_alive);
}

static void responses_are_read_too(void)
{
    struct http_message message;
    size_t used;

    CU_ASSERT_EQUAL(parse(&message, &used,
                          span_text("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}"),
                          false),
                    DONE);
    CU_ASSERT_EQUAL(message.status, 409);
    CU_ASSERT_EQUAL(message.length, 2);
    CU_ASSERT(message.keep_alive);
    CU_ASSERT_EQUAL(
        parse(&message, &used, span_text("HTTP/1.1 204 No Content\r\n\r\n"), false), DONE);
    CU_ASSERT_EQUAL(message.length, 0);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text("HTTP/1.1 999999 X\r\n\r\n"), false),
                    TURNED_DOWN);
    CU_ASSERT_EQUAL(
        parse(&message, &used,
              span_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false),
        TURNED_DOWN);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text(GET "\r\n"), false), TURNED_DOWN);
}

static void what_the_management_api_asks_for_is_kept_without_blanks(void)
{
    struct http_message message;
    size_t used;

    CU_ASSERT_EQUAL(parse(&message, &used,
                          span_text("GET /a?%24top=1 HTTP/1.1\r\nHost: x \r\n"
                                    "AUTHORIZATION:  Basic YTpi \t \r\n"
                                    "x-auth-token:t\r\nContent-Type: application/json \r\n"
                                    "Last-Event-ID: 7\r\nExpect: 100-continue\r\n"
                                    "Origin: null\r\nContent-Length: 4 \r\n\r\nnull"),
                          true),
                    DONE);
    CU_ASSERT_STRING_EQUAL(message.query, "%24top=1");
    CU_ASSERT_STRING_EQUAL(message.authorization, "Basic YTpi");
    CU_ASSERT_STRING_EQUAL(message.token, "t");
    CU_ASSERT_STRING_EQUAL(message.content_type, "application/json");
    CU_ASSERT_STRING_EQUAL(message.last_event, "7");
    CU_ASSERT(message.waits_for_100 && message.of_a_page);
    CU_ASSERT_EQUAL(message.length, 4);
}

/* llhttp pauses in on_headers_complete: exactly the head is used, whatever follows. */
static void the_head_ends_where_the_body_begins(void)
{
    static const struct {
        const char *head, *after;
    } cases[] = {
        {GET "\r\n", ""},
        {GET "\r\n", "GET /b HTTP/1.1\r\n"},
        {POST "Content-Length: 0\r\n\r\n", "POST"},
        {POST "Content-Length: 5\r\n\r\n", "12345"},
        {POST "Content-Length: 5\r\n\r\n", "1"},
        {POST "Content-Length: 5\r\n\r\n", "12345POST /c"},
        {POST "Content-Length: 5\r\n\r\n", "\r\n\r\n\r\n"},
        {"CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n", "tunnel"},
        {GET "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "frames"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char bytes[256];
        struct http_message message;
        size_t used;

        snprintf(bytes, sizeof(bytes), "%s%s", cases[i].head, cases[i].after);
        CU_ASSERT_EQUAL(parse(&message, &used, span_text(bytes), true), DONE);
        CU_ASSERT_EQUAL(used, strlen(cases[i].head));
    }
}

static void long_paths_and_digests_are_refused_long_headers_are_not(void)
{
    char long_text[HTTP_PATH_MAX + 64], head[4 * HTTP_PATH_MAX];
    struct http_message message;
    size_t used;

    memset(long_text, 'a', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    snprintf(head, sizeof(head), "GET /%s HTTP/1.1\r\n" HOST "\r\n", long_text);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text(head), true), TURNED_DOWN);
    snprintf(head, sizeof(head), "GET /?%s HTTP/1.1\r\n" HOST "\r\n", long_text);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text(head), true), TURNED_DOWN);
    snprintf(head, sizeof(head), GET "Pairgate-Digest: %s\r\n\r\n", long_text);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text(head), true), TURNED_DOWN);
    snprintf(head, sizeof(head), GET "X-Long: %s\r\n%s: y\r\n\r\n", long_text, long_text);
    CU_ASSERT_EQUAL(parse(&message, &used, span_text(head), true), DONE);
}

/* A connection: what the source writes, the target reads as HTTP. */
struct line {
    struct family family;
    struct appliance source, target;
    struct loopback loopback;
    struct http http;
};

static struct line *line_open(void)
{
    struct line *line = mem_zeroed(1, sizeof(*line));

    family_make(&line->family, KEY_CHOICE_EC, 2);
    appliance_make(&line->source, &line->family, KEY_CHOICE_EC, "source.example.com");
    appliance_make(&line->target, &line->family, KEY_CHOICE_EC, "target.example.com");
    loopback_open(&line->loopback, &line->source.identity, &line->target.identity);
    CU_ASSERT_FATAL(loopback_is_good(&line->loopback));
    http_open(&line->http, &line->loopback.target);
    return line;
}

static void line_free(struct line **line)
{
    http_close(&(*line)->http);
    loopback_close(&(*line)->loopback);
    appliance_clear(&(*line)->source);
    appliance_clear(&(*line)->target);
    family_clear(&(*line)->family);
    mem_free(*line);
}

static void write_text(struct line *line, const char *text)
{
    struct error err = {0};

    CU_ASSERT_FATAL(tls_write(&line->loopback.source, span_text(text), &err));
}

/* The next request and its body; the message when it fails. */
static enum msg read_next(struct line *line, struct http_message *out, bool *end)
{
    struct error err = {0};

    if (http_read_head(&line->http, true, out, end, 1, &err) && !*end)
        (void)!http_read_body(&line->http, out, 1000, &err);
    return err.msg;
}

static bool body_is(const struct http_message *message, const char *text)
{
    return span_equal(message->body, span_text(text));
}

static void messages_may_follow_each_other_at_once(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    bool end;

    write_text(line, POST "Content-Length: 5\r\n\r\n12345" GET "\r\n" POST
                          "Content-Length: 3\r\n\r\nabc");
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT(body_is(&message, "12345"));
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT_STRING_EQUAL(message.method, "GET");
    CU_ASSERT_EQUAL(message.body.n, 0);
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT(body_is(&message, "abc"));
}

static void a_message_may_come_byte_by_byte(void)
{
    static const char text[] =
        POST "Pairgate-Digest: abc\r\nContent-Length: 5\r\n\r\n12345";
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    struct error err = {0};
    bool end;

    for (size_t i = 0; i < sizeof(text) - 1; i++)
        CU_ASSERT_FATAL(tls_write(&line->loopback.source, span_of(text + i, 1), &err));
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT(body_is(&message, "12345"));
    CU_ASSERT_STRING_EQUAL(message.digest, "abc");
}

/* Bytes, each a record of its own, as many as are too many. */
static void write_crumbs(struct line *line)
{
    for (size_t i = 0; i < HTTP_PIECES_MIN + 2 * HTTP_PIECES_MIN / HTTP_PIECE_BYTES; i++)
        write_text(line, "x");
}

static void but_not_a_long_one(void)
{
    scoped(line_free) struct line *head = line_open();
    scoped(line_free) struct line *body = line_open();
    struct http_message message;
    bool end;

    write_text(head, GET "X-Long: ");
    write_crumbs(head);
    CU_ASSERT_EQUAL(read_next(head, &message, &end), E_HTTP);
    write_text(body, POST "Content-Length: 500\r\n\r\n");
    write_crumbs(body);
    CU_ASSERT_EQUAL(read_next(body, &message, &end), E_HTTP);
}

static void a_close_between_messages_is_the_end_within_one_a_failure(void)
{
    scoped(line_free) struct line *clean = line_open();
    scoped(line_free) struct line *in_head = line_open();
    scoped(line_free) struct line *in_body = line_open();
    struct http_message message;
    bool end;

    tls_close(&clean->loopback.source);
    CU_ASSERT_EQUAL(read_next(clean, &message, &end), E_NONE);
    CU_ASSERT(end);
    write_text(in_head, GET);
    tls_close(&in_head->loopback.source);
    CU_ASSERT_EQUAL(read_next(in_head, &message, &end), E_HTTP);
    write_text(in_body, POST "Content-Length: 5\r\n\r\n1234");
    tls_close(&in_body->loopback.source);
    CU_ASSERT_EQUAL(read_next(in_body, &message, &end), E_HTTP);
}

static void a_body_too_large_is_refused_before_it_is_read(void)
{
    scoped(line_free) struct line *line = line_open();
    scoped(line_free) struct line *huge = line_open();
    struct http_message message;
    bool end;

    write_text(line, POST "Content-Length: 1001\r\n\r\n");
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_TOO_LARGE);
    CU_ASSERT_PTR_NULL(line->http.body);
    write_text(huge, POST "Content-Length: 18446744073709551615\r\n\r\n");
    CU_ASSERT_EQUAL(read_next(huge, &message, &end), E_TOO_LARGE);
}

/* Memory of this process, as RLIMIT_AS counts it. */
static rlim_t mapped_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long pages = 0;

    CU_ASSERT_FATAL(file != NULL && fscanf(file, "%lld", &pages) == 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* The peer's length is good: what is wanting is ours. */
static void without_memory_for_a_body_nobody_is_blamed(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    struct rlimit all, little;
    enum msg failure;
    bool end;

    write_text(line, POST "Content-Length: 5\r\n\r\n12345");
    CU_ASSERT_FATAL(getrlimit(RLIMIT_AS, &all) == 0);
    little = (struct rlimit){.rlim_cur = mapped_bytes() + HTTP_BODY_MAX / 2,
                             .rlim_max = all.rlim_max};
    CU_ASSERT_FATAL(setrlimit(RLIMIT_AS, &little) == 0);
    failure = read_next(line, &message, &end);
    CU_ASSERT_FATAL(setrlimit(RLIMIT_AS, &all) == 0);
    CU_ASSERT_EQUAL(failure, E_BODY_MEMORY);
    CU_ASSERT_EQUAL(message_of(failure)->kind, COULD_NOT);
}

static void a_body_that_nobody_wants_is_dropped_whole(void)
{
    scoped(line_free) struct line *line = line_open();
    scoped(buf_clear) struct buf body = buf_upto(20000);
    struct http_message message;
    struct error err = {0};
    bool end;

    for (int i = 0; i < 2000; i++)
        CU_ASSERT_FATAL(buf_print(&body, &err, "12345678\r\n"));
    write_text(line, POST "Content-Length: 20000\r\n\r\n");
    CU_ASSERT_FATAL(tls_write(&line->loopback.source, buf_span(&body), &err));
    write_text(line, GET "\r\n");
    CU_ASSERT_FATAL(http_read_head(&line->http, true, &message, &end, 1, &err));
    CU_ASSERT(http_drain_body(&line->http, &message, 20000, &err));
    CU_ASSERT_PTR_NULL(line->http.body);
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT_STRING_EQUAL(message.method, "GET");
    write_text(line, POST "Content-Length: 101\r\n\r\n");
    CU_ASSERT_FATAL(http_read_head(&line->http, true, &message, &end, 1, &err));
    CU_ASSERT_FALSE(http_drain_body(&line->http, &message, 100, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

static void a_head_has_a_ceiling(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    char piece[512];
    bool end;

    memset(piece, 'a', sizeof(piece) - 1);
    memcpy(piece, "X: ", 3);
    memcpy(piece + sizeof(piece) - 3, "\r\n", 3);
    write_text(line, GET);
    for (size_t i = 0; i < 1 + HTTP_HEAD_MAX / sizeof(piece); i++)
        write_text(line, piece);
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_TOO_LARGE);
}

/* A body larger than what arrives with the head, page-aligned. */
static void a_body_lies_aligned(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    bool end;

    write_text(line, POST "Content-Length: 10\r\n\r\n01");
    write_text(line, "23456789");
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT(body_is(&message, "0123456789"));
    CU_ASSERT_EQUAL((uintptr_t)message.body.at % 4096, 0);
}

static void *drip(void *at)
{
    static const char text[] = GET "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct line *line = at;
    struct error err = {0};
    const struct timespec pause = {.tv_nsec = 200000000};

    for (size_t i = 0; i < 20; i++) {
        if (!tls_write(&line->loopback.source, span_of(text + i, 1), &err))
            break;
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* One byte at a time does not hold a thread for ever. */
static void a_head_that_drips_ends_with_its_time(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http_message message;
    struct timespec from, to;
    pthread_t thread;
    bool end;

    CU_ASSERT_FATAL(pthread_create(&thread, NULL, drip, line) == 0);
    clock_gettime(CLOCK_MONOTONIC, &from);
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_TLS_SILENT);
    clock_gettime(CLOCK_MONOTONIC, &to);
    CU_ASSERT(to.tv_sec - from.tv_sec <= 3);
    pthread_join(thread, NULL);
}

static void what_one_end_sends_the_other_reads(void)
{
    scoped(line_free) struct line *line = line_open();
    struct http at_source;
    struct http_message message;
    struct error err = {0};
    bool end;

    http_open(&at_source, &line->loopback.source);
    CU_ASSERT_FATAL(
        http_send_request(&at_source, "POST", "[::1]:8443", "/p", span_text("{}"), &err));
    CU_ASSERT_EQUAL(read_next(line, &message, &end), E_NONE);
    CU_ASSERT_STRING_EQUAL(message.path, "/p");
    CU_ASSERT(body_is(&message, "{}"));
    CU_ASSERT_FATAL(http_send_response(&line->http, 204, (struct span){0}, false, &err));
    CU_ASSERT_FATAL(
        http_send_response(&line->http, 418, span_text("{\"a\":1}"), true, &err));
    CU_ASSERT_FATAL(http_read_head(&at_source, false, &message, &end, 1, &err));
    CU_ASSERT_EQUAL(message.status, 204);
    CU_ASSERT_FATAL(http_read_body(&at_source, &message, 100, &err));
    CU_ASSERT(message.keep_alive);
    CU_ASSERT_FATAL(http_read_head(&at_source, false, &message, &end, 1, &err));
    CU_ASSERT_EQUAL(message.status, 418);
    CU_ASSERT_FALSE(message.keep_alive);
    CU_ASSERT_FATAL(http_read_body(&at_source, &message, 100, &err));
    CU_ASSERT(body_is(&message, "{\"a\":1}"));
    http_close(&at_source);
}

static unsigned char long_body[300000]; /* more than a socket holds */

static void *answer_at_length(void *at)
{
    struct line *line = at;
    struct error err = {0};

    (void)!http_send_response(&line->http, 200, span_of(long_body, sizeof(long_body)), true,
                              &err);
    return NULL;
}

/* In parts, from the first byte to the last. */
static void a_body_is_seen_as_it_arrives(void)
{
    scoped(line_free) struct line *line = line_open();
    pthread_t thread;
    struct http at_source;
    struct http_message message;
    struct digest_run run;
    struct digest whole, seen;
    struct error err = {0};
    bool end;

    memset(long_body, 'x', sizeof(long_body));
    long_body[0] = long_body[sizeof(long_body) - 1] = 'y';
    digest_of(&whole, DIGEST_BLAKE3, span_of(long_body, sizeof(long_body)));
    http_open(&at_source, &line->loopback.source);
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, answer_at_length, line) == 0);
    CU_ASSERT_FATAL(http_read_head(&at_source, false, &message, &end, 1, &err));
    digest_begin(&run, DIGEST_BLAKE3);
    at_source.sees = &run;
    CU_ASSERT_FATAL(http_read_body(&at_source, &message, sizeof(long_body), &err));
    pthread_join(thread, NULL);
    digest_end(&run, &seen);
    CU_ASSERT(digest_equal(&whole, &seen));
    http_close(&at_source);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_body_is_seen_as_it_arrives),
        TEST(a_head_is_taken_or_refused),
        TEST(a_nul_in_a_header_is_refused),
        TEST(what_a_request_says_is_kept),
        TEST(responses_are_read_too),
        TEST(what_the_management_api_asks_for_is_kept_without_blanks),
        TEST(the_head_ends_where_the_body_begins),
        TEST(long_paths_and_digests_are_refused_long_headers_are_not),
        TEST(messages_may_follow_each_other_at_once),
        TEST(a_message_may_come_byte_by_byte),
        TEST(but_not_a_long_one),
        TEST(a_close_between_messages_is_the_end_within_one_a_failure),
        TEST(a_body_too_large_is_refused_before_it_is_read),
        TEST(without_memory_for_a_body_nobody_is_blamed),
        TEST(a_body_that_nobody_wants_is_dropped_whole),
        TEST(a_head_has_a_ceiling),
        TEST(a_body_lies_aligned),
        TEST(a_head_that_drips_ends_with_its_time),
        TEST(what_one_end_sends_the_other_reads),
    };

    return run_tests("http", tests, COUNT(tests));
}
