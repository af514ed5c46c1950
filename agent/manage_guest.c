/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection of the management API: HTTP in, the clerk's answers out. */
#include "agent/api_error.h"
#include "agent/api_visit.h"
#include "agent/clock.h"
#include "agent/http.h"
#include "agent/manage_parts.h"
#include "agent/pipe.h"
#include "agent/view_text.h"
#include "base/mem.h"
#include "base/text.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_MS 10000 /* a stream is told to go on: no proxy or client waits for ever */

struct guest {
    struct manage *manage;
    const struct manage_caller *caller;
    int window;
    struct http http;
    bool last; /* this answer ends the connection */
};

/* The request at hand and its answer. */
struct talk {
    struct http_message message;
    struct api_request request;
    struct api_reply reply;
    struct buf body;
};

static void talk_clear(struct talk *talk)
{
    buf_clear(&talk->body);
    mem_wipe(&talk->request, sizeof(talk->request));
    mem_wipe(&talk->message, sizeof(talk->message));
}

/* ---- out ---- */

static bool print_headers(struct buf *out, const struct api_reply *reply, struct error *err)
{
    const struct {
        const char *name, *value;
    } named[] = {
        {"Location", reply->location},
        {"X-Auth-Token", reply->token},
        {"Allow", reply->status == 405 ? reply->allow : ""},
        {"WWW-Authenticate",
         reply->status == 401 ? "Basic realm=\"pairgate\", charset=\"UTF-8\"" : ""},
    };

    for (size_t i = 0; i < COUNT(named); i++)
        if (named[i].value[0] != '\0' &&
            !buf_print(out, err, "%s: %s\r\n", named[i].name, named[i].value))
            return false;
    if (reply->has_ended && !buf_print(out, err, "Pairgate-Status: %d\r\n", reply->ended))
        return false;
    if (reply->retry_after > 0 &&
        !buf_print(out, err, "Retry-After: %u\r\n", reply->retry_after))
        return false;
    return buf_add_text(
        out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", err);
}

static bool send_answer(struct guest *guest, const struct talk *talk, struct error *err)
{
    scoped(buf_clear) struct buf headers = buf_upto(HTTP_HEAD_MAX);
    const struct api_reply *reply = &talk->reply;

    if (!print_headers(&headers, reply, err) || !buf_terminate(&headers, err))
        return false;
    return http_send_reply(
        &guest->http,
        &(struct http_reply){.status = reply->status,
                             .only_number = reply->ome && reply->status >= 400,
                             .only_head = text_equal(talk->message.method, "HEAD"),
                             .goes_on = reply->more,
                             .last = guest->last,
                             .type = reply->content_type,
                             .headers = (const char *)headers.at,
                             .body = buf_span(&talk->body)},
        err);
}

/* What the clerk need not see. */
static void refuse(struct talk *talk, const struct error *why)
{
    scoped(report_clear) struct report findings = {0};
    const enum api_dialect dialect = api_dialect_of(talk->message.path);
    struct error err = {0};

    report_add(&findings, why);
    talk->reply = (struct api_reply){.status = api_error_status(dialect, &findings),
                                     .ome = dialect == API_OME};
    (void)text_fits(talk->reply.content_type, "application/json");
    if (!api_error_write(&talk->body, dialect, &findings, &err))
        view_text_failure(stderr, &err);
}

/* ---- the clerk ---- */

static void fill_request(struct talk *talk, const struct guest *guest)
{
    const struct http_message *message = &talk->message;
    struct api_request *out = &talk->request;

    memset(out, 0, sizeof(*out)); /* padding too: it crosses a process boundary */
    (void)text_fits(out->method,
                    text_equal(message->method, "HEAD") ? "GET" : message->method);
    (void)text_fits(out->path, message->path);
    (void)text_fits(out->query, message->query);
    (void)text_fits(out->authorization, message->authorization);
    (void)text_fits(out->token, message->token);
    (void)text_fits(out->content_type, message->content_type);
    (void)text_fits(out->last_event, message->last_event);
    (void)text_fits(out->address, guest->caller->host);
    out->uid = guest->caller->uid;
    out->body_n = message->body.n;
}

static bool ask_clerk(struct talk *talk, int window, struct error *err)
{
    bool end = false;

    buf_clear(&talk->body);
    talk->body = buf_upto(API_ANSWER_MAX);
    if (!pipe_send(window, span_of(&talk->request, sizeof(talk->request)),
                   talk->message.body, (struct span){0}, err) ||
        !pipe_receive(window, &talk->reply, sizeof(talk->reply), &end, err))
        return false;
    return end ? fail(err, E_SUPERVISOR, "the clerk has ended")
               : pipe_receive_bytes(window, &talk->body, talk->reply.body_n, err);
}

/* A name that was tried too often is slow for everybody. */
static void let_pass(unsigned seconds)
{
    if (seconds > 0)
        (void)!poll(NULL, 0, (int)seconds * 1000);
}

/* ---- a stream ---- */

/* True when the caller has gone, or has said something, which here is the same. */
static bool caller_has_gone(const struct guest *guest, unsigned wait_ms)
{
    struct pollfd wait = {.fd = guest->caller->socket, .events = POLLIN | POLLRDHUP};

    return poll(&wait, 1, (int)wait_ms) > 0;
}

/* What there is to tell, or, after long enough that there was nothing, a comment, which no
 * reader takes for an event. It is not the shortest: libcurl counts whole bytes a second,
 * and fewer than five of them are none. */
static struct span piece_of(const struct talk *talk, int64_t *sent_ms)
{
    const int64_t now = clock_steady_ms();
    const bool quiet = talk->body.n == 0;

    if (quiet && (!talk->reply.more || now - *sent_ms < QUIET_MS))
        return (struct span){0};
    *sent_ms = now;
    return quiet ? span_text(": it goes on\n\n") : buf_span(&talk->body);
}

static bool stream_on(struct guest *guest, struct talk *talk, struct error *err)
{
    int64_t sent_ms = clock_steady_ms();

    while (talk->reply.more && !atomic_load(&guest->manage->stop)) {
        if (caller_has_gone(guest, talk->reply.wait_ms))
            return false;
        talk->request.goes_on = true;
        talk->request.cursor = talk->reply.cursor;
        if (!ask_clerk(talk, guest->window, err) || talk->reply.status >= 400 ||
            !http_send_bytes(&guest->http, piece_of(talk, &sent_ms), err))
            return false;
    }
    return false;
}

/* ---- in ---- */

/* The whole body, whatever its size: a client that is cut off does not hear why. */
static bool read_body(struct guest *guest, struct http_message *message, struct error *why)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (message->waits_for_100 && message->length > 0 &&
        !http_send_bytes(&guest->http, span_text(go_on), why))
        return false;
    if (message->length <= API_BODY_MAX)
        return http_read_body(&guest->http, message, API_BODY_MAX, why);
    return http_drain_body(&guest->http, message, MANAGE_DRAIN_MAX, why) &&
           fail(why, E_TOO_LARGE, "a body of %zu bytes, at most %d are taken",
                message->length, API_BODY_MAX);
}

static bool is_heard(const struct error *why)
{
    return why->msg != E_TLS_BROKEN && why->msg != E_TLS_SILENT;
}

/* Read the request. *end: there is none. What is wrong with it goes to *why. */
static void hear(struct guest *guest, struct talk *talk, bool *end, struct error *why)
{
    struct http_message *message = &talk->message;

    if (!http_read_head(&guest->http, true, message, end, MANAGE_IDLE_SECONDS, why) ||
        *end || !read_body(guest, message, why)) {
        guest->last = true;
        return;
    }
    guest->last = !message->keep_alive || atomic_load(&guest->manage->crowded) ||
                  atomic_load(&guest->manage->stop);
    if (guest->caller->stranger)
        (void)!fail(why, E_API_STRANGER, "on the local socket");
    else if (message->of_a_page)
        (void)!fail(why, E_API_PAGE, "%s", message->path);
}

/* False when the connection is over. */
static bool serve_one(struct guest *guest, struct error *err)
{
    scoped(talk_clear) struct talk talk = {.body = buf_upto(API_ANSWER_MAX)};
    struct error why = {0};
    bool end = false;

    hear(guest, &talk, &end, &why);
    if (end || !is_heard(&why))
        return false;
    if (why.msg != E_NONE) {
        refuse(&talk, &why);
    } else {
        fill_request(&talk, guest);
        if (!ask_clerk(&talk, guest->window, err))
            return false;
    }
    let_pass(talk.reply.pause);
    guest->last = guest->last || talk.reply.more;
    if (!send_answer(guest, &talk, err))
        return false;
    return talk.reply.more ? stream_on(guest, &talk, err) : !guest->last;
}

static void serve(struct guest *guest)
{
    struct error err = {0};

    while (serve_one(guest, &err))
        ;
    if (err.msg != E_NONE && is_heard(&err))
        view_text_failure(stderr, &err);
    http_close(&guest->http);
}

static void serve_remote(struct guest *guest, struct worker *worker)
{
    bool fresh = false;
    struct credentials *own = worker_take(worker, &fresh);
    struct tls tls = {0};
    struct error err = {0};

    if (tls_accept_anyone(&tls, guest->caller->socket, &own->identity, &err)) {
        http_open(&guest->http, &tls);
        serve(guest);
        tls_close(&tls);
    } else {
        close(guest->caller->socket);
    }
    worker_give_back(worker, own);
}

static void serve_local(struct guest *guest)
{
    http_open_plain(&guest->http, guest->caller->socket);
    serve(guest);
    close(guest->caller->socket);
}

void manage_guest(struct manage *manage, const struct manage_caller *caller, int window)
{
    struct guest guest = {.manage = manage, .caller = caller, .window = window};

    if (manage->place->local)
        serve_local(&guest);
    else
        serve_remote(&guest, manage->place->worker);
}
