/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/target.h"

#include "agent/http.h"
#include "base/text.h"
#include "tests/support/loopback.h"
#include "transfer/wire_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BASE "/pairgate/v1/migrations/m-test"

struct connection {
    struct target *target;
    int socket;
};

static bool answer_status(struct target *target, struct buf *out, struct error *err)
{
    const struct handover handover = {
        .state = TARGET_RECEIVING, .epoch = 1, .generation = 1};
    struct receive_status status;

    receive_status(target->receive, &status);
    return wire_write_status(out, &handover, &status, err);
}

static bool answer_missing(struct target *target, const char *query, struct buf *out,
                           struct error *err)
{
    struct ranges ranges = {0};
    const uint64_t from = strtoull(query + strlen("from="), NULL, 10);
    const bool good = receive_missing(target->receive, from, &ranges, err) &&
                      wire_write_ranges(out, &ranges, err);

    ranges_clear(&ranges);
    return good;
}

static bool take_sum(struct target *target, struct span body, struct error *err)
{
    struct manifest_sum sum;

    return wire_read_sum(&sum, body, err) && receive_manifest(target->receive, &sum, err);
}

static bool take_bytes(struct target *target, const struct http_message *m,
                       struct error *err)
{
    const char *number = strrchr(m->path, '/') + 1;
    const uint64_t n = strtoull(number, NULL, 10);
    struct delivery delivery = {.bytes = m->body};

    if (!digest_from_hex(&delivery.digest, m->digest))
        return fail(err, E_WIRE_BAD, "no digest");
    return strstr(m->path, "/pages/") != NULL
               ? receive_page(target->receive, n, m->body, &delivery.digest, err)
               : receive_segment(target->receive, n, &delivery, err);
}

static bool take_offer(struct target *target, const struct http_message *m, struct buf *out,
                       struct error *err)
{
    struct ranges wanted = {0};
    const uint64_t n = strtoull(strrchr(m->path, '/') + 1, NULL, 10);
    const bool good = receive_offer(target->receive, n, m->body, &wanted, err) &&
                      wire_write_ranges(out, &wanted, err);

    ranges_clear(&wanted);
    return good;
}

static bool answer(struct target *target, const struct http_message *m, struct buf *out,
                   struct error *err)
{
    if (target->receive == NULL || text_equal(m->method, "POST"))
        return buf_add_text(out, "{}", err);
    if (text_equal(m->path, BASE))
        return answer_status(target, out, err);
    if (strstr(m->path, "/offers/") != NULL)
        return take_offer(target, m, out, err);
    if (text_ends(m->path, "/missing"))
        return answer_missing(target, m->query, out, err);
    if (text_ends(m->path, "/manifest"))
        return take_sum(target, m->body, err) && buf_add_text(out, "{}", err);
    return take_bytes(target, m, err);
}

static int refusal(struct buf *out, const struct error *why)
{
    struct error err = {0};

    buf_reset(out);
    if (!buf_print(out, &err, "{\"findings\":[{\"id\":\"%s\",\"detail\":\"told\"}]}",
                   message_of(why->msg)->id))
        exit(2);
    return 409;
}

/* False when the connection is to be broken. */
static bool serve_one(struct target *target, struct http *http, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(1U << 20);
    struct http_message m;
    struct error why = {0};
    bool end = false;
    int status;
    unsigned n;

    if (!http_read_head(http, true, &m, &end, 5, err) || end ||
        !http_read_body(http, &m, SEGMENT_BYTES, err))
        return false;
    n = atomic_fetch_add(&target->requests, 1) + 1;
    if (target->break_every > 0 && n % target->break_every == 0)
        return false;
    while (atomic_load(&target->silent))
        usleep(10000);
    if (atomic_load(&target->refuse_status) != 0) {
        (void)fail(&why, E_DISK_FULL, "full");
        refusal(&json, &why);
        status = atomic_load(&target->refuse_status);
    } else if (answer(target, &m, &json, &why))
        status = json.n > 0 ? 200 : 204;
    else
        status = refusal(&json, &why);
    return http_send_response(http, status, buf_span(&json), !m.keep_alive, err) &&
           m.keep_alive;
}

static void *serve(void *at)
{
    struct connection connection = *(struct connection *)at;
    scoped(tls_close) struct tls tls = {0};
    scoped(http_close) struct http http = {0};
    struct error err = {0};

    free(at);
    if (!tls_accept(&tls, connection.socket, &connection.target->self.identity, &err)) {
        close(connection.socket);
        return NULL;
    }
    http_open(&http, &tls);
    while (serve_one(connection.target, &http, &err))
        continue;
    return NULL;
}

static void *accept_all(void *at)
{
    struct target *target = at;

    for (;;) {
        const unsigned n = atomic_load(&target->connections);
        const int fd = accept(target->listening, NULL, NULL);
        struct connection *connection = malloc(sizeof(*connection));

        while (n > 0 && n == atomic_load(&target->most))
            usleep(10000);
        if (fd < 0 || n == TARGET_CONNECTIONS || connection == NULL) {
            free(connection);
            return NULL;
        }
        *connection = (struct connection){.target = target, .socket = fd};
        target->socket[n] = fd;
        if (pthread_create(&target->thread[n], NULL, serve, connection) != 0)
            exit(2);
        atomic_store(&target->connections, n + 1);
    }
}

static void grant_self(struct target *target)
{
    struct grant *grant = &target->grant;

    *grant = (struct grant){.byte_ceiling = 1ULL << 40,
                            .issued = AT_NOON - 60,
                            .expires = AT_NOON + 86400,
                            .not_after = AT_NOON + 86400,
                            .policy = POLICY_DEFAULT};
    grant->peer_server_key = grant->peer_client_key =
        chain_leaf(&target->self.identity.chain)->spki_sha256;
}

void target_begin(struct target *out, struct receive *receive)
{
    unsigned port;

    *out = (struct target){.receive = receive, .clock = AT_NOON};
    family_make(&out->family, KEY_CHOICE_EC, 3);
    appliance_make(&out->source, &out->family, KEY_CHOICE_EC, "source.example.com");
    appliance_make(&out->self, &out->family, KEY_CHOICE_EC, "target.example.com");
    grant_self(out);
    out->listening = loopback_listen(&port);
    snprintf(out->endpoint.host, sizeof(out->endpoint.host), "127.0.0.1");
    snprintf(out->endpoint.port, sizeof(out->endpoint.port), "%u", port);
    if (pthread_create(&out->acceptor, NULL, accept_all, out) != 0)
        exit(2);
}

struct route target_route(struct target *target)
{
    return (struct route){.peer = &target->endpoint,
                          .self = &target->source.identity,
                          .trust = &target->source.trust,
                          .clock = &target->clock};
}

void target_hang_up(struct target *target)
{
    shutdown(target->socket[atomic_load(&target->connections) - 1], SHUT_RDWR);
}

void target_end(struct target *target)
{
    atomic_store(&target->silent, false);
    atomic_store(&target->most, 0);
    shutdown(target->listening, SHUT_RDWR);
    pthread_join(target->acceptor, NULL);
    close(target->listening);
    for (unsigned i = 0; i < target->connections; i++)
        pthread_join(target->thread[i], NULL);
    appliance_clear(&target->source);
    appliance_clear(&target->self);
    family_clear(&target->family);
}
