/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/http.h"

#include "agent/plain.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define SHOWN_BYTES (128U << 10)

void http_open(struct http *http, struct tls *tls)
{
    *http = (struct http){.tls = tls, .head = mem_zeroed(HTTP_HEAD_MAX, 1)};
}

void http_open_plain(struct http *http, int socket)
{
    *http = (struct http){.plain = socket, .head = mem_zeroed(HTTP_HEAD_MAX, 1)};
}

/* What comes in crumbs costs more than it says. */
static bool wire_read(struct http *http, void *out, size_t room, size_t *got, int seconds,
                      struct error *err)
{
    const bool good = http->tls != NULL
                          ? tls_read(http->tls, out, room, got, seconds, err)
                          : plain_read(http->plain, out, room, got, seconds, err);

    http->arrived += good ? *got : 0;
    return good &&
           (++http->pieces <= HTTP_PIECES_MIN + http->arrived / HTTP_PIECE_BYTES ||
            fail(err, E_HTTP, "%zu bytes in %zu pieces", http->arrived, http->pieces));
}

bool http_send_bytes(struct http *http, struct span bytes, struct error *err)
{
    return http->tls != NULL ? tls_write(http->tls, bytes, err)
                             : plain_write(http->plain, bytes, TLS_IDLE_SECONDS, err);
}

void http_close(struct http *http)
{
    if (http->body != NULL)
        munmap(http->body, HTTP_BODY_MAX);
    mem_free(http->head);
    *http = (struct http){0};
}

static int64_t seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* How long to wait for more, at most `idle`: a peer that sends one byte at a time ends too.
 */
static bool seconds_left(int *out, int64_t deadline, int idle, struct error *err)
{
    int64_t left = deadline - seconds_now();

    *out = left < idle ? (int)left : idle;
    return left > 0 || fail(err, E_TLS_SILENT, "a message that does not end");
}

/* A head that comes byte by byte is parsed when it has doubled, and with its end. */
static bool head_is_worth_parsing(const struct http *http, size_t parsed)
{
    static const char end[] = "\n\r\n";
    const size_t from = parsed < sizeof(end) ? 0 : parsed - sizeof(end);

    return http->head_n > 0 &&
           (http->head_n >= 2 * parsed ||
            memmem(http->head + from, http->head_n - from, end, sizeof(end) - 1) != NULL);
}

bool http_read_head(struct http *http, bool is_request, struct http_message *out, bool *end,
                    int idle_seconds, struct error *err)
{
    int64_t deadline = seconds_now() + idle_seconds;
    size_t parsed = 0;

    *end = false;
    http->arrived = http->pieces = 0;
    for (;;) {
        bool first = http->head_n == 0;
        size_t got = 0, used = 0;
        bool done = false;
        int left = 0;

        *out = (struct http_message){.is_request = is_request};
        if (head_is_worth_parsing(http, parsed)) {
            parsed = http->head_n;
            if (!http_parse_head(out, &done, &used, span_of(http->head, parsed), err))
                return false;
        }
        if (done) {
            http->head_n -= used;
            memmove(http->head, http->head + used, http->head_n);
            return true;
        }
        if (http->head_n == HTTP_HEAD_MAX)
            return fail(err, E_TOO_LARGE, "a header block of more than %d bytes",
                        HTTP_HEAD_MAX);
        if (!seconds_left(&left, deadline, idle_seconds, err) ||
            !wire_read(http, http->head + http->head_n, HTTP_HEAD_MAX - http->head_n, &got,
                       left, err))
            return false;
        if (first)
            deadline = seconds_now() + idle_seconds;
        if (got == 0) {
            *end = http->head_n == 0;
            return *end || fail(err, E_HTTP, "closed in the middle of a message");
        }
        http->head_n += got;
    }
}

static bool body_map(struct http *http, struct error *err)
{
    void *at;

    if (http->body != NULL)
        return true;
    at = mmap(NULL, HTTP_BODY_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
              0);
    if (at == MAP_FAILED)
        return fail_errno(err, E_BODY_MEMORY, "a body");
    http->body = at;
    return true;
}

/* What came since, while the cache has it; BLAKE3 is fast on long parts only. */
static void show(struct http *http, size_t *shown, size_t have, size_t least)
{
    if (http->sees == NULL || have - *shown < least)
        return;
    digest_add(http->sees, span_of(http->body + *shown, have - *shown));
    *shown = have;
}

bool http_read_body(struct http *http, struct http_message *message, size_t body_max,
                    struct error *err)
{
    size_t have = message->length < http->head_n ? message->length : http->head_n;
    size_t shown = 0;
    int64_t deadline =
        seconds_now() + TLS_IDLE_SECONDS + (int64_t)(message->length / HTTP_RATE_MIN);

    message->body = (struct span){0};
    if (message->length > body_max || message->length > HTTP_BODY_MAX)
        return fail(err, E_TOO_LARGE, "a body of %zu bytes, at most %zu are taken",
                    message->length, body_max);
    if (message->length == 0)
        return true;
    if (!body_map(http, err))
        return false;
    memcpy(http->body, http->head, have);
    http->head_n -= have;
    memmove(http->head, http->head + have, http->head_n);
    while (have < message->length) {
        size_t got = 0;
        int left = 0;

        if (!seconds_left(&left, deadline, TLS_IDLE_SECONDS, err) ||
            !wire_read(http, http->body + have, message->length - have, &got, left, err))
            return false;
        if (got == 0)
            return fail(err, E_HTTP, "closed in the middle of a body");
        have += got;
        show(http, &shown, have, SHOWN_BYTES);
    }
    show(http, &shown, have, 1);
    message->body = span_of(http->body, have);
    return true;
}

bool http_drain_body(struct http *http, struct http_message *message, size_t most,
                     struct error *err)
{
    size_t left_n = message->length, have = left_n < http->head_n ? left_n : http->head_n;
    int64_t deadline =
        seconds_now() + TLS_IDLE_SECONDS + (int64_t)(message->length / HTTP_RATE_MIN);
    unsigned char waste[16 * 1024];

    if (message->length > most)
        return fail(err, E_TOO_LARGE, "a body of %zu bytes", message->length);
    http->head_n -= have;
    memmove(http->head, http->head + have, http->head_n);
    for (left_n -= have; left_n > 0; left_n -= have) {
        int left = 0;

        if (!seconds_left(&left, deadline, TLS_IDLE_SECONDS, err) ||
            !wire_read(http, waste, left_n < sizeof(waste) ? left_n : sizeof(waste), &have,
                       left, err))
            return false;
        if (have == 0)
            return fail(err, E_HTTP, "closed in the middle of a body");
    }
    return true;
}

static bool send_message(struct http *http, struct buf *head, struct span json,
                         struct error *err)
{
    /* One write, one record or few: head and body leave together. */
    return buf_add(head, json, err) && http_send_bytes(http, buf_span(head), err);
}

bool http_send_request(struct http *http, const char *method, const char *host,
                       const char *path, struct span json, struct error *err)
{
    scoped(buf_clear) struct buf head = buf_upto(HTTP_HEAD_MAX + HTTP_BODY_MAX);

    return buf_print(&head, err,
                     "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     method, path, host, json.n) &&
           send_message(http, &head, json, err);
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < COUNT(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

static bool print_head(struct buf *out, const struct http_reply *reply, struct error *err)
{
    if (reply->only_number) {
        if (!buf_print(out, err, "HTTP/1.1 %d %d\r\n", reply->status, reply->status))
            return false;
    } else if (!buf_print(out, err, "HTTP/1.1 %d %s\r\n", reply->status,
                          reason(reply->status))) {
        return false;
    }
    if (reply->status != 204 && !buf_print(out, err, "Content-Type: %s\r\n", reply->type))
        return false;
    if (reply->status != 204 && !reply->goes_on &&
        !buf_print(out, err, "Content-Length: %zu\r\n", reply->body.n))
        return false;
    return buf_print(out, err, "%s%s\r\n", reply->headers != NULL ? reply->headers : "",
                     reply->last ? "Connection: close\r\n" : "");
}

bool http_send_reply(struct http *http, const struct http_reply *reply, struct error *err)
{
    scoped(buf_clear) struct buf head = buf_upto(HTTP_HEAD_MAX + HTTP_ANSWER_MAX);
    const bool bodiless = reply->status == 204 || reply->only_head;

    return print_head(&head, reply, err) &&
           send_message(http, &head, bodiless ? (struct span){0} : reply->body, err);
}

bool http_send_response(struct http *http, int status, struct span json, bool last,
                        struct error *err)
{
    const struct http_reply reply = {
        .status = status, .type = "application/json", .body = json, .last = last};

    return http_send_reply(http, &reply, err);
}
