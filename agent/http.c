/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/http.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <llhttp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>

#define NAME_MAX_BYTES 64 /* of a header we look at */

void http_open(struct http *http, struct tls *tls)
{
    *http = (struct http){.tls = tls, .head = mem_zeroed(HTTP_HEAD_MAX, 1)};
}

void http_close(struct http *http)
{
    if (http->body != NULL)
        munmap(http->body, HTTP_BODY_MAX);
    mem_free(http->head);
    *http = (struct http){0};
}

/* What llhttp's callbacks fill. */
struct reading {
    struct http_message *message;
    char name[NAME_MAX_BYTES];
    size_t name_n;
    char value[HTTP_PATH_MAX];
    size_t value_n;
    size_t url_n;
    char url[2 * HTTP_PATH_MAX];
    bool overflow; /* something does not fit: refused */
    unsigned hosts;
    unsigned digests;
    unsigned encodings, lengths; /* Content-Encoding and Pairgate-Length */
    bool done;
};

static void append(char *out, size_t room, size_t *n, const char *at, size_t length,
                   bool *overflow)
{
    if (length >= room - *n) {
        *overflow = true;
        return;
    }
    memcpy(out + *n, at, length);
    *n += length;
    out[*n] = '\0';
}

static struct reading *reading_of(llhttp_t *parser)
{
    return parser->data;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);

    append(r->url, sizeof(r->url), &r->url_n, at, n, &r->overflow);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);
    bool unknown = false; /* a longer name is none of ours */

    append(r->name, sizeof(r->name), &r->name_n, at, n, &unknown);
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);
    bool unknown = false;

    append(r->value, sizeof(r->value), &r->value_n, at, n, &unknown);
    if (unknown && strcasecmp(r->name, "Pairgate-Digest") == 0)
        r->overflow = true;
    return 0;
}

static bool take_plain(struct reading *r)
{
    struct error err = {0};
    uint64_t n = 0;
    const bool fits = text_number(&n, r->value, 1, HTTP_BODY_MAX, &err);

    r->message->plain = (size_t)n;
    return fits;
}

static int on_header(llhttp_t *parser)
{
    struct reading *r = reading_of(parser);

    if (strcasecmp(r->name, "Host") == 0)
        r->hosts++;
    if (strcasecmp(r->name, "Pairgate-Digest") == 0)
        r->overflow |= !text_fits(r->message->digest, r->value) || r->digests++ > 0;
    if (strcasecmp(r->name, "Content-Length") == 0)
        r->message->has_length = true;
    if (strcasecmp(r->name, "Content-Encoding") == 0)
        r->overflow |= strcasecmp(r->value, "zstd") != 0 || r->encodings++ > 0;
    if (strcasecmp(r->name, "Pairgate-Length") == 0)
        r->overflow |= !take_plain(r) || r->lengths++ > 0;
    r->name_n = r->value_n = 0;
    r->name[0] = r->value[0] = '\0';
    return 0;
}

static int on_head_done(llhttp_t *parser)
{
    struct reading *r = reading_of(parser);

    r->message->length = r->message->has_length ? (size_t)parser->content_length : 0;
    r->message->keep_alive = llhttp_should_keep_alive(parser) != 0;
    r->done = true;
    return HPE_PAUSED; /* the body is read straight into its place */
}

static void take_start_line(const llhttp_t *parser, struct reading *r)
{
    struct http_message *message = r->message;
    char *query = strchr(r->url, '?');

    if (!message->is_request) {
        message->status = parser->status_code;
        return;
    }
    if (query != NULL) {
        *query = '\0';
        r->overflow |= !text_fits(message->query, query + 1);
    }
    r->overflow |=
        !text_fits(message->path, r->url) ||
        !text_fits(message->method, llhttp_method_name((llhttp_method_t)parser->method));
}

bool http_parse_head(struct http_message *out, bool *done, size_t *used, struct span bytes,
                     struct error *err)
{
    struct reading reading = {.message = out};
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_errno_t code;

    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_header;
    settings.on_headers_complete = on_head_done;
    llhttp_init(&parser, out->is_request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = &reading;
    *out = (struct http_message){.is_request = out->is_request};
    code = llhttp_execute(&parser, (const char *)bytes.at, bytes.n);
    *done = reading.done;
    if (!reading.done)
        return code == HPE_OK || fail(err, E_HTTP, "%s", llhttp_errno_name(code));
    *used = (size_t)(llhttp_get_error_pos(&parser) - (const char *)bytes.at);
    take_start_line(&parser, &reading);
    if (reading.overflow || reading.encodings != reading.lengths ||
        (parser.flags & (F_CHUNKED | F_TRANSFER_ENCODING)) != 0 || parser.http_major != 1 ||
        parser.http_minor != 1 || (out->is_request && reading.hosts != 1))
        return fail(err, E_HTTP, "HTTP/1.1 with Host and Content-Length is spoken here");
    return true;
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

bool http_read_head(struct http *http, bool is_request, struct http_message *out, bool *end,
                    int idle_seconds, struct error *err)
{
    int64_t deadline = seconds_now() + idle_seconds;

    *end = false;
    for (;;) {
        bool first = http->head_n == 0;
        size_t got = 0, used = 0;
        bool done = false;
        int left = 0;

        *out = (struct http_message){.is_request = is_request};
        if (!first &&
            !http_parse_head(out, &done, &used, span_of(http->head, http->head_n), err))
            return false;
        if (done) {
            http->head_n -= used;
            memmove(http->head, http->head + used, http->head_n);
            return true;
        }
        if (http->head_n == HTTP_HEAD_MAX)
            return fail(err, E_TOO_LARGE, "a header block of more than %d bytes",
                        HTTP_HEAD_MAX);
        if (!seconds_left(&left, deadline, idle_seconds, err) ||
            !tls_read(http->tls, http->head + http->head_n, HTTP_HEAD_MAX - http->head_n,
                      &got, left, err))
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
        return fail_errno(err, E_TOO_LARGE, "no memory for a body");
    http->body = at;
    return true;
}

bool http_read_body(struct http *http, struct http_message *message, size_t body_max,
                    struct error *err)
{
    size_t have = message->length < http->head_n ? message->length : http->head_n;
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
            !tls_read(http->tls, http->body + have, message->length - have, &got, left,
                      err))
            return false;
        if (got == 0)
            return fail(err, E_HTTP, "closed in the middle of a body");
        have += got;
    }
    message->body = span_of(http->body, have);
    return true;
}

static bool send_message(struct http *http, struct buf *head, struct span json,
                         struct error *err)
{
    /* One write, one record or few: head and body leave together. */
    return buf_add(head, json, err) && tls_write(http->tls, buf_span(head), err);
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
        {204, "No Content"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
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

bool http_send_response(struct http *http, int status, struct span json, bool last,
                        struct error *err)
{
    scoped(buf_clear) struct buf head = buf_upto(HTTP_HEAD_MAX + HTTP_BODY_MAX);
    const char *close = last ? "Connection: close\r\n" : "";

    if (status == 204)
        return buf_print(&head, err, "HTTP/1.1 204 No Content\r\n%s\r\n", close) &&
               send_message(http, &head, json, err);
    return buf_print(&head, err,
                     "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n%s\r\n",
                     status, reason(status), json.n, close) &&
           send_message(http, &head, json, err);
}
