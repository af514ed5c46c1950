/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A man in the middle who pairs with both sides, with a certificate of their CA:
 *
 *   forger DIRECTORY TARGET-PORT LOG relay|grant|WAY PATH
 *
 * DIRECTORY has his key.pem and chain.pem. He listens on 127.0.0.1 and prints the port. To
 * the source he is a target: the whole conversation, with a good verdict of his own. Then
 * he is a source to the true target, and passes every request for authorisation on to it:
 * `relay` gives the target's answers back, `grant` gives a grant that he made up. Whatever
 * the source says to him after TLS is in LOG, and anything that he does not know is
 * answered with 200 {}. With a WAY of the table below he is a target himself, with nobody
 * behind him: who asks to wait gets a grant, and requests below PATH get that flood.
 */
#include "agent/clock.h"
#include "agent/http.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/statement.h"
#include "pairing/message_json.h"
#include "tests/support/family.h"
#include "tests/support/loopback.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRING "/pairgate/v1/pairing/"
#define GRANT                                                                              \
    "{\"scram\":\"\",\"grant\":{\"id\":\"g-forged\",\"migration\":\"m-forged\","           \
    "\"byte_ceiling\":9223372036854775807,\"issued\":1,\"expires\":9999999999}}"

#define WAITING "{\"scram\":\"\",\"waiting\":true,\"expires\":9999999999}"

/* One piece of a flood; false when the source has gone. */
typedef bool flood_fn(struct http *http, struct error *err);

struct forger {
    struct appliance self;
    const char *target_port;
    int log;
    bool grants;
    flood_fn *flood;        /* or NULL: a man in the middle */
    const char *flood_path; /* below this */
    bool waited;
};

/* One side of him. */
struct half {
    struct tls tls;
    struct http http;
    struct pair pair;
};

static void stop_unless(bool good, const char *what, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "forger: %s: %s %s\n", what, message_of(err->msg)->id, err->about);
    exit(2);
}

static bool begin(struct half *half, struct forger *forger, enum side part,
                  struct error *err)
{
    const struct pair_setup setup = {.self = part,
                                     .own = identity_leaves(&forger->self.identity),
                                     .facts = &half->tls.facts,
                                     .trust = &forger->self.trust};

    http_open(&half->http, &half->tls);
    return pair_begin(&half->pair, &setup, err);
}

static void half_clear(struct half *half)
{
    pair_clear(&half->pair);
    http_close(&half->http);
    tls_close(&half->tls);
    mem_free(half);
}

/* The next message of this half; the verdict is judged and signed first. */
static bool say(struct half *half, struct forger *forger, struct buf *out,
                struct error *err)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);

    if (half->pair.phase == PAIR_SAY_VERDICT &&
        (!pair_judge(&half->pair, clock_ms(), err) ||
         !statement_sign(&signature, &forger->self.identity.key, STATEMENT_VERDICT,
                         side_name(half->pair.setup.self), buf_span(&half->pair.body),
                         err) ||
         !pair_sign(&half->pair, buf_span(&signature), err)))
        return false;
    return pair_say(&half->pair, clock_ms(), out, err);
}

static bool ask_target(struct half *target, const char *step, struct span body,
                       struct http_message *answer, struct error *err)
{
    char path[64];
    bool end = false;

    snprintf(path, sizeof(path), PAIRING "%s", step);
    return http_send_request(&target->http, "POST", "target", path, body, err) &&
           http_read_head(&target->http, false, answer, &end, TLS_IDLE_SECONDS, err) &&
           !end && http_read_body(&target->http, answer, HTTP_MESSAGE_MAX, err);
}

/* A source like any other, to the true target. */
static struct half *target_pair(struct forger *forger)
{
    struct half *target = mem_zeroed(1, sizeof(*target));
    struct error err = {0};

    stop_unless(tls_dial(&target->tls, "127.0.0.1", forger->target_port,
                         &forger->self.identity, &err) &&
                    begin(target, forger, SIDE_SOURCE, &err),
                "dialling the target", &err);
    while (pair_step(&target->pair) != NULL) {
        scoped(buf_clear) struct buf message = buf_upto(PAIR_MESSAGE_MAX);
        const char *step = pair_step(&target->pair);
        struct http_message answer;

        stop_unless(say(target, forger, &message, &err) &&
                        ask_target(target, step, buf_span(&message), &answer, &err) &&
                        pair_hear(&target->pair, clock_ms(), answer.body, &err),
                    "pairing with the target", &err);
    }
    stop_unless(target->pair.phase == PAIR_AGREED, "pairing with the target", &err);
    return target;
}

static bool send_text(struct http *http, const char *text, struct error *err)
{
    return http_send_bytes(http, span_text(text), err);
}

static bool key_updates(struct http *http, struct error *err)
{
    (void)err;
    for (int i = 0; i < 1024; i++)
        if (wolfSSL_update_keys(http->tls->ssl) != WOLFSSL_SUCCESS)
            return false;
    return true;
}

static bool interim_answers(struct http *http, struct error *err)
{
    return send_text(http, "HTTP/1.1 100 Continue\r\n\r\n", err);
}

static bool many_headers(struct http *http, struct error *err)
{
    static bool begun;
    const bool first = !begun;

    begun = true;
    return (!first || send_text(http, "HTTP/1.1 200 OK\r\n", err)) &&
           send_text(http, "X-Header: of no use to anybody\r\n", err);
}

static bool long_body(struct http *http, struct error *err)
{
    static const char body[16384] = "[";
    static bool begun;
    const bool first = !begun;

    begun = true;
    return (!first ||
            send_text(http, "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
                      err)) &&
           http_send_bytes(http, span_of(body, sizeof(body)), err);
}

static const struct {
    const char *name;
    flood_fn *flood;
} ways[] = {
    {"key-updates", key_updates},
    {"interim", interim_answers},
    {"headers", many_headers},
    {"body", long_body},
};

/* As a target of his own: he lets in whoever waits. */
static int grant_at_once(struct forger *forger, struct buf *out, struct error *err)
{
    const char *text = forger->waited ? GRANT : WAITING;

    forger->waited = true;
    return buf_add_text(out, text, err) ? 200 : 0;
}

/* The answer to one request of the source. */
static int answer(struct half *source, struct half **target, struct forger *forger,
                  const struct http_message *request, struct buf *out, struct error *err)
{
    struct http_message told;
    bool authorises = text_equal(request->path, PAIRING "authorize");

    if (text_starts(request->path, PAIRING) && !authorises)
        return pair_hear(&source->pair, clock_ms(), request->body, err) &&
                       say(source, forger, out, err)
                   ? 200
                   : 0;
    if (!authorises)
        return buf_add_text(out, "{}", err) ? 200 : 0;
    if (forger->flood != NULL)
        return grant_at_once(forger, out, err);
    if (*target == NULL)
        *target = target_pair(forger);
    if (!ask_target(*target, "authorize", request->body, &told, err))
        return 0;
    if (forger->grants &&
        (told.status != 200 || !span_find(told.body, "\"scram\":\"c", NULL)))
        return buf_add_text(out, GRANT, err) ? 200 : 0;
    return buf_add(out, told.body, err) ? told.status : 0;
}

/* Until the source has gone. */
static void serve(struct forger *forger, int fd)
{
    struct half *source = mem_zeroed(1, sizeof(*source)), *target = NULL;
    struct error err = {0};
    int status = tls_accept(&source->tls, fd, &forger->self.identity, &err) &&
                 begin(source, forger, SIDE_TARGET, &err);

    while (status != 0) {
        scoped(buf_clear) struct buf out = buf_upto(HTTP_BODY_MAX);
        struct http_message request;
        bool end = false;

        if (!http_read_head(&source->http, true, &request, &end, TLS_IDLE_SECONDS, &err) ||
            end || !http_read_body(&source->http, &request, HTTP_BODY_MAX, &err))
            break;
        dprintf(forger->log, "\n%s %s\n", request.method, request.path);
        (void)!write(forger->log, request.body.at, request.body.n);
        while (forger->flood != NULL && text_starts(request.path, forger->flood_path))
            if (!forger->flood(&source->http, &err))
                _exit(0);
        status = answer(source, &target, forger, &request, &out, &err);
        if (status != 0 &&
            !http_send_response(&source->http, status, buf_span(&out), false, &err))
            break;
    }
    half_clear(source);
    if (target != NULL)
        half_clear(target);
}

int main(int argc, char **argv)
{
    static struct forger forger;
    struct error err = {0};
    unsigned port = 0;
    int listening;

    stop_unless(argc >= 5, "DIRECTORY TARGET-PORT LOG relay|grant|WAY PATH", &err);
    signal(SIGPIPE, SIG_IGN);
    appliance_load(&forger.self, argv[1]);
    forger.target_port = argv[2];
    forger.log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    forger.grants = text_equal(argv[4], "grant");
    for (size_t i = 0; argc == 6 && i < COUNT(ways); i++)
        if (text_equal(ways[i].name, argv[4]))
            forger.flood = ways[i].flood;
    forger.flood_path = argv[argc - 1];
    listening = loopback_listen(&port);
    printf("%u\n", port);
    fflush(stdout);
    for (;;)
        serve(&forger, accept(listening, NULL, NULL));
}
