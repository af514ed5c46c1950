/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of routes of the peer port and its one dispatcher. */
#include "agent/peer.h"

#include "agent/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "pairing/message_json.h"
#include "pairing/tls_io.h"
#include "transfer/disk.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define V1 "/pairgate/v1/"
#define CANNOT 507 /* the target itself: disk, file, database */
#define GENERATION V1 "migrations/{id}/generations/{n}/"

static const struct peer_route routes[] = {
    {"POST", V1 "pairing/hello", ANY_PEER, HTTP_STRANGER_MAX, peer_hello},
    {"POST", V1 "pairing/nonce", ANY_PEER, HTTP_STRANGER_MAX, peer_nonce},
    {"POST", V1 "pairing/verdict", ANY_PEER, HTTP_STRANGER_MAX, peer_verdict},
    {"POST", V1 "pairing/authorize", ANY_PEER, HTTP_STRANGER_MAX, peer_authorize},
    {"GET", V1 "migrations/{id}", PARTY_DECIDED, 0, peer_status},
    {"PUT", GENERATION "pages/{n}", GRANTED_PEER, PAGE_BYTES_MAX, peer_page},
    {"PUT", GENERATION "manifest", GRANTED_PEER, HTTP_MESSAGE_MAX, peer_manifest},
    {"GET", GENERATION "missing", GRANTED_PEER, 0, peer_missing},
    {"PUT", GENERATION "segments/{n}", GRANTED_PEER, SEGMENT_BYTES, peer_segment},
    {"PUT", GENERATION "offers/{n}", GRANTED_PEER, SEGMENT_BYTES, peer_offer},
    {"PUT", GENERATION "nowhere/{n}", GRANTED_PEER, SEGMENT_BYTES, peer_nowhere},
    {"POST", V1 "migrations/{id}/freeze", GRANTED_PEER, HTTP_MESSAGE_MAX, peer_freeze},
    {"POST", V1 "migrations/{id}/seal", GRANTED_PEER, HTTP_MESSAGE_MAX, peer_seal},
    {"POST", V1 "migrations/{id}/commit", PARTY_DECIDED, HTTP_MESSAGE_MAX, peer_commit},
    {"POST", V1 "migrations/{id}/countersign", PARTY_DECIDED, HTTP_MESSAGE_MAX,
     peer_countersign},
    {"POST", V1 "migrations/{id}/abort", PARTY, HTTP_MESSAGE_MAX, peer_abort},
    {"GET", V1 "migrations/{id}/outcome", PARTY, 0, peer_outcome},
};

const struct cert *peer_leaf(const struct peer *peer)
{
    return chain_leaf(&peer->tls.facts.peer);
}

/* One open word of a pattern; *at moves behind it. */
static bool take_word(const char **at, bool is_number, struct route_words *words,
                      size_t *numbers)
{
    char word[MIGRATION_ID_MAX];
    size_t n = strcspn(*at, "/");
    struct error err = {0};

    if (n == 0 || !text_copy_span(word, sizeof(word), span_of(*at, n)))
        return false;
    *at += n;
    if (!is_number)
        return text_fits(words->text, word);
    return *numbers < COUNT(words->number) &&
           text_number(&words->number[(*numbers)++], word, 0, UINT32_MAX, &err);
}

static bool path_fits(const char *pattern, const char *path, struct route_words *words)
{
    size_t numbers = 0;

    *words = (struct route_words){0};
    while (*pattern != '\0') {
        if (text_starts(pattern, "{id}")) {
            pattern += 4;
            if (!take_word(&path, false, words, &numbers))
                return false;
        } else if (text_starts(pattern, "{n}")) {
            pattern += 3;
            if (!take_word(&path, true, words, &numbers))
                return false;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static const struct peer_route *find_route(const struct http_message *request,
                                           struct route_words *words, bool *other_method)
{
    *other_method = false;
    for (size_t i = 0; i < COUNT(routes); i++) {
        if (!path_fits(routes[i].pattern, request->path, words))
            continue;
        if (text_equal(routes[i].method, request->method))
            return &routes[i];
        *other_method = true;
    }
    return NULL;
}

void peer_tell_refusal(struct peer *peer, const struct error *why)
{
    scoped(report_clear) struct report report = {0};

    report_add(&report, why);
    event_refused(&peer->service->events, peer->address, cert_issued_to(peer_leaf(peer)),
                  &report);
}

/* A migration that was stopped under way is told. */
static bool grant_holds(struct peer *peer, struct error *err)
{
    if (grant_is_current(&peer->grant, &peer->tls.facts.peer, false, clock_now(), err))
        return true;
    peer_tell_refusal(peer, err);
    return false;
}

/* Whoever owns the data, or may, is settled: the outcome is the parties' own. */
static bool is_past_commit(const struct peer *peer, const char *migration)
{
    struct migration_facts facts = {0};
    struct handover handover = {0};
    struct error none = {0};

    return authority_migration(&peer->service->worker->authority, migration, &handover,
                               &facts, &none) &&
           (handover.state == TARGET_COMMITTING || handover.state == TARGET_COMMITTED ||
            handover.state == TARGET_ABORTED);
}

/* The grant is looked at for every request: it may have been revoked or have run out. The
 * path to an anchor depends on the connection alone and is walked once. */
static bool peer_is_admitted(struct peer *peer, enum caller caller, const char *migration,
                             struct error *err)
{
    const struct chain *chain = &peer->tls.facts.peer;
    struct authority *authority = &peer->service->worker->authority;
    time_t now = clock_now();

    if (!authority_grant_of(authority, migration, &peer_leaf(peer)->spki_sha256,
                            &peer->grant, err))
        return false;
    if (caller == PARTY || (caller == PARTY_DECIDED && is_past_commit(peer, migration)))
        return true;
    if (!grant_holds(peer, err))
        return false;
    if (peer->reaches_anchor)
        return true;
    if (!grant_admits(&peer->grant, chain, false, &peer->own->trust, now, err))
        return false;
    peer->reaches_anchor = !peer->grant.pinned; /* its next grant may ask for the path */
    return true;
}

/* A refusal's HTTP status, by what kind of refusal it is. */
static int status_of(const struct error *err)
{
    static const struct {
        enum msg msg;
        int status;
    } table[] = {
        {E_ROUTE, 404},          {E_MIGRATION_UNKNOWN, 404},
        {E_STATEMENT_NONE, 409}, {E_TOO_LARGE, 413},
        {E_BUSY, 503},           {E_NOT_PAIRED, 403},
        {E_GRANT_UNKNOWN, 403},  {E_GRANT_KEY, 403},
        {E_GRANT_EXPIRED, 403},  {E_GRANT_REVOKED, 403},
        {E_GRANT_DATES, 403},    {E_SUPERVISOR, 503},
        {E_HOOK_RUNNING, 503},
    };

    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].msg == err->msg)
            return table[i].status;
    return message_of(err->msg)->kind == COULD_NOT ? CANNOT : 409;
}

static bool answer_refusal(struct visit *visit, struct error *why, struct error *err)
{
    scoped(report_clear) struct report report = {0};
    const struct service *service = visit->peer->service;
    struct answer *answer = &visit->answer;

    disk_explain(why, service->migrations.into, service->into);
    report_add(&report, why);
    buf_reset(&answer->json);
    answer->status = status_of(why);
    if (answer->status == CANNOT)
        peer_tell_refusal(visit->peer, why);
    return message_write_findings(&answer->json, &report, err);
}

void peer_admit(struct peer *peer)
{
    if (!peer->admitted)
        door_granted(&peer->service->door, peer->seat, clock_steady_ms());
    peer->admitted = true;
}

/* Whoever has no grant has all said with a few requests. */
static void stranger_pace(struct peer *peer)
{
    if (!peer->admitted && ++peer->requests > STRANGER_REQUESTS)
        peer_pause(peer->service, 1);
}

/* What comes with a digest is digested as it arrives; how, a request before has told. */
static bool read_body(struct visit *visit, size_t most, struct error *err)
{
    struct peer *peer = visit->peer;
    bool good;

    visit->seen = peer->contents.known && visit->request.digest[0] != '\0' &&
                  visit->request.plain == 0;
    if (visit->seen) {
        digest_begin(&visit->run, peer->contents.kind);
        peer->http.sees = &visit->run;
    }
    good = http_read_body(&peer->http, &visit->request, most, err);
    if (visit->seen)
        digest_end(&visit->run, &visit->had);
    peer->http.sees = NULL;
    return good;
}

/* Route, authority, body, handler; what fails before the body was read ends the connection.
 */
static bool handle(struct visit *visit, struct error *why)
{
    struct peer *peer = visit->peer;
    bool other_method = false;
    const struct peer_route *route =
        find_route(&visit->request, &visit->words, &other_method);

    if (route == NULL) {
        visit->answer.last = true;
        return fail(why, E_ROUTE, "%s %s%s", visit->request.method, visit->request.path,
                    other_method ? ": another method is for this path" : "");
    }
    if (route->caller != ANY_PEER &&
        !peer_is_admitted(peer, route->caller, visit->words.text, why)) {
        const size_t most = why->msg == E_NOT_PAIRED ? HTTP_STRANGER_MAX : route->body_max;
        struct error unread = {0};

        /* What is over for the grant is over for the connection; read, it can be told. */
        visit->answer.last |=
            !http_drain_body(&peer->http, &visit->request, most, &unread) ||
            why->msg == E_GRANT_REVOKED;
        return false;
    }
    if (route->caller != ANY_PEER)
        peer_admit(peer);
    if (!read_body(visit, route->body_max, why)) {
        visit->answer.last = true;
        return false;
    }
    if (visit->request.plain > 0 && route->body_max < SEGMENT_BYTES)
        return fail(why, E_HTTP, "Content-Encoding: only segments may have one");
    return route->handle(visit, why);
}

static void visit_clear(struct visit *visit)
{
    buf_clear(&visit->answer.json);
}

/* False when the connection is over. */
static bool serve_one(struct peer *peer, struct error *err)
{
    scoped(visit_clear) struct visit visit = {
        .peer = peer, .answer = {.status = 200, .json = buf_upto(HTTP_BODY_MAX)}};
    struct answer *answer = &visit.answer;
    struct error why = {0};
    bool end = false;

    if (http_read_head(&peer->http, true, &visit.request, &end, TLS_IDLE_SECONDS, &why)) {
        if (end)
            return false;
        answer->last = !visit.request.keep_alive;
        stranger_pace(peer);
        (void)handle(&visit, &why);
    } else {
        answer->last = true; /* not HTTP: say so if that can still be heard, and close */
    }
    if (why.msg == E_TLS_BROKEN || why.msg == E_TLS_SILENT)
        return false;
    if (why.msg != E_NONE && !answer_refusal(&visit, &why, err))
        return false;
    return http_send_response(&peer->http, answer->status, buf_span(&answer->json),
                              answer->last, err) &&
           !answer->last;
}

static void peer_forget(struct peer *peer)
{
    struct authority_ask ask;
    struct error ignored = {0};

    if (!peer->paired)
        return;
    memset(&ask, 0, sizeof(ask));
    ask.op = AUTHORITY_FORGET;
    ask.connection = peer->number;
    ask.waited = peer->waits;
    memcpy(ask.exporter, peer->tls.facts.exporter, sizeof(ask.exporter));
    (void)!authority_do(&peer->service->worker->authority, &ask, (struct span){0},
                        (struct span){0}, NULL, NULL, NULL, &ignored);
    pair_clear(&peer->pair);
}

static void turn_away(struct service *service, const struct caller_id *who,
                      const struct error *err)
{
    scoped(report_clear) struct report report = {0};

    report_add(&report, err);
    event_refused(&service->events, who->address, "", &report);
    witness_refusal(&service->witness, who->host, err->msg, clock_now());
    close(who->socket);
}

static struct credentials *credentials_take(struct service *service)
{
    bool fresh = false;
    struct credentials *newest = worker_take(service->worker, &fresh);

    if (fresh)
        event_credentials(&service->events, newest);
    return newest;
}

bool peer_is_outdated(struct peer *peer)
{
    struct credentials *newest = credentials_take(peer->service);
    const bool outdated = newest != peer->own;

    worker_give_back(peer->service->worker, newest);
    return outdated;
}

struct peer *peer_begin(struct service *service, const struct caller_id *who, size_t seat)
{
    struct peer *peer = mem_zeroed(1, sizeof(*peer));
    struct error err = {0};

    peer->service = service;
    peer->seat = seat;
    peer->number = atomic_fetch_add(&service->connections, 1) + 1;
    (void)text_fits(peer->address, who->address);
    (void)text_fits(peer->host, who->host);
    peer->own = credentials_take(service);
    if (!tls_accept(&peer->tls, who->socket, &peer->own->identity, &err)) {
        turn_away(service, who, &err);
        worker_give_back(service->worker, peer->own);
        mem_free(peer);
        return NULL;
    }
    door_shaken(&service->door, seat, clock_steady_ms());
    http_open(&peer->http, &peer->tls);
    return peer;
}

/* Agreed, and silent: somebody types a password or looks for a code. */
static bool waits_for_a_person(const struct peer *peer)
{
    return peer->paired && peer->pair.phase == PAIR_AGREED && peer->http.head_n == 0 &&
           !tls_has_pending(&peer->tls) &&
           !tls_io_wait(peer->tls.io, POLLIN, PARK_AFTER_MS);
}

bool peer_serve(struct peer *peer)
{
    struct error err = {0};

    while (!atomic_load(&peer->service->stop)) {
        if (waits_for_a_person(peer))
            return true;
        if (!serve_one(peer, &err))
            return false;
        peer_prepare(peer);
        peer_witness(peer, false);
    }
    return false;
}

void peer_end(struct peer *peer)
{
    peer_witness(peer, true);
    peer_forget(peer);
    http_close(&peer->http);
    expander_clear(&peer->expander);
    tls_close(&peer->tls);
    worker_give_back(peer->service->worker, peer->own);
    mem_free(peer);
}
