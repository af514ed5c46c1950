/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole connection check against a bare mutual handshake with the same chains:
 *
 *   bench_check SOURCE-STATE TARGET-STATE HOST:PORT RUNS
 *
 * HOST:PORT is a listener with TARGET-STATE. Bare is wolfSSL as a program uses it that
 * wants mutual TLS 1.3 and nothing more: a context for each connection, the root trusted,
 * the keys in the process, a byte of the server at the end, so that both have judged. The
 * two take turns; a line "name median least" for each, in milliseconds.
 */
#include "agent/clock.h"
#include "agent/dial.h"
#include "base/mem.h"
#include "base/text.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 1000
#define PAUSE_MS 20 /* what is done after an answer is not in the way of the next */

static void stop_unless(bool good, const char *what, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "bench_check: %s: %s %s\n", what, message_of(err->msg)->id, err->about);
    exit(2);
}

static const struct error nothing;

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void tell(const char *name, double *took, size_t n)
{
    qsort(took, n, sizeof(*took), ascending);
    printf("%s %.3f %.3f\n", name, took[n / 2], took[0]);
}

/* ---- bare ---- */

/* One end's key and chain, and the root it trusts. */
struct bare {
    struct identity identity;
    struct buf chain, root;
};

static void bare_load(struct bare *out, const char *dir)
{
    scoped(state_close) struct state state = {0};
    struct chain root = {0};
    struct error err = {0};

    out->chain = buf_upto(CHAIN_FILE_MAX);
    out->root = buf_upto(CHAIN_FILE_MAX);
    stop_unless(
        state_open(&state, dir, &err) &&
            identity_load(&out->identity, state.fd, true, &err) &&
            chain_to_pem(&out->chain, &out->identity.chain, &err) &&
            chain_add_der(&root, buf_span(&chain_root(&out->identity.chain)->der), &err) &&
            chain_to_pem(&out->root, &root, &err),
        dir, &err);
    chain_clear(&root);
}

static WOLFSSL_CTX *bare_context(const struct bare *self, WOLFSSL_METHOD *method)
{
    static int groups[] = {WOLFSSL_X25519MLKEM768, WOLFSSL_ECC_X25519};
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method);
    const struct span key = buf_span(&self->identity.key.der);

    stop_unless(ctx != NULL &&
                    wolfSSL_CTX_use_certificate_chain_buffer(
                        ctx, self->chain.at, (long)self->chain.n) == WOLFSSL_SUCCESS &&
                    wolfSSL_CTX_use_PrivateKey_buffer(ctx, key.at, (long)key.n,
                                                      WOLFSSL_FILETYPE_ASN1) ==
                        WOLFSSL_SUCCESS &&
                    wolfSSL_CTX_load_verify_buffer(ctx, self->root.at, (long)self->root.n,
                                                   WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS,
                "a context", &nothing);
    (void)wolfSSL_CTX_set_groups(ctx, groups, (int)COUNT(groups));
    wolfSSL_CTX_no_ticket_TLSv13(ctx);
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           NULL);
    return ctx;
}

static bool bare_serve(const struct bare *self, int fd)
{
    WOLFSSL_CTX *ctx = bare_context(self, wolfTLSv1_3_server_method());
    WOLFSSL *ssl = wolfSSL_new(ctx);
    const int on = 1;
    bool good;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    wolfSSL_set_fd(ssl, fd);
    good = wolfSSL_accept(ssl) == WOLFSSL_SUCCESS && wolfSSL_write(ssl, "!", 1) == 1;
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
    close(fd);
    return good;
}

static void bare_dial(const struct bare *self, const struct sockaddr_in *to)
{
    WOLFSSL_CTX *ctx = bare_context(self, wolfTLSv1_3_client_method());
    WOLFSSL *ssl = wolfSSL_new(ctx);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    char byte;

    stop_unless(connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0, "connect",
                &nothing);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    wolfSSL_set_fd(ssl, fd);
    stop_unless(wolfSSL_connect(ssl) == WOLFSSL_SUCCESS && wolfSSL_read(ssl, &byte, 1) == 1,
                "a bare handshake", &nothing);
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
    close(fd);
}

static void bare_listen(struct sockaddr_in *at, const struct bare *self)
{
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t n = sizeof(*at);
    pid_t parent = getpid();

    *at = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    stop_unless(bind(listening, (struct sockaddr *)at, sizeof(*at)) == 0 &&
                    listen(listening, 8) == 0 &&
                    getsockname(listening, (struct sockaddr *)at, &n) == 0,
                "a listening socket", &nothing);
    if (fork() > 0) {
        close(listening);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        if (!bare_serve(self, accept(listening, NULL, NULL)))
            _exit(2);
    _exit(0);
}

/* ---- the check ---- */

struct bench {
    struct worker worker;
    struct endpoint peer;
    struct bare bare;
    struct sockaddr_in bare_at;
    double took_bare[RUNS_MAX], took_check[RUNS_MAX];
    double took_links[RUNS_MAX], took_verdict[RUNS_MAX];
};

/* The judgement alone, over chains as a connection brings them. */
static void judge_once(struct bench *bench, const struct dial *dial, size_t i)
{
    scoped(chain_clear) struct chain peer = {0};
    scoped(report_clear) struct report report = {0};
    struct comparison comparison = {.self = SIDE_SOURCE,
                                    .source =
                                        identity_leaves(&bench->worker.newest->identity),
                                    .target = leaves_one(&peer),
                                    .trust = &bench->worker.newest->trust,
                                    .policy = POLICY_DEFAULT,
                                    .now = clock_now(),
                                    .has_peer_clock = true,
                                    .peer_name = bench->peer.host,
                                    .fresh_tls13 = true,
                                    .crls = &bench->worker.newest->crls};
    struct error err = {0};
    double begun;

    for (size_t k = 0; k < dial->tls.facts.peer.n; k++)
        stop_unless(chain_add_der(&peer, buf_span(&dial->tls.facts.peer.cert[k].der), &err),
                    "a chain", &err);
    begun = now();
    chain_remember(&peer, &bench->worker.newest->identity.chain);
    bench->took_links[i] = now() - begun;
    begun = now();
    verdict_judge(&report, &comparison);
    bench->took_verdict[i] = now() - begun;
}

static void check_once(struct bench *bench, size_t i)
{
    scoped(dial_close) struct dial dial = {0};
    const struct dial_wish wish = {.peer_name = bench->peer.host, .policy = POLICY_DEFAULT};
    struct error err = {0};
    double begun = now();

    stop_unless(dial_pair(&dial, &bench->worker, &bench->peer, &wish, &err), "a check",
                &err);
    bench->took_check[i] = now() - begun;
    stop_unless(dial.pair.phase == PAIR_AGREED, "a good check", &err);
    judge_once(bench, &dial, i);
}

static void compare(struct bench *bench, size_t runs)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    for (size_t i = 0; i < runs; i++) {
        double begun = now();

        bare_dial(&bench->bare, &bench->bare_at);
        bench->took_bare[i] = now() - begun;
        nanosleep(&pause, NULL);
        check_once(bench, i);
        nanosleep(&pause, NULL);
    }
    tell("bare", bench->took_bare, runs);
    tell("check", bench->took_check, runs);
    tell("links", bench->took_links, runs);
    tell("verdict", bench->took_verdict, runs);
}

int main(int argc, char **argv)
{
    scoped(state_close) struct state state = {0};
    struct bench *bench = mem_zeroed(1, sizeof(*bench));
    struct bare target = {0};
    struct error err = {0};
    uint64_t runs = 0;

    stop_unless(argc == 5 && text_number(&runs, argv[4], 1, RUNS_MAX, &err) &&
                    endpoint_read(&bench->peer, argv[3], &err),
                "SOURCE-STATE TARGET-STATE HOST:PORT RUNS", &err);
    bare_load(&bench->bare, argv[1]);
    bare_load(&target, argv[2]);
    bare_listen(&bench->bare_at, &target);
    stop_unless(state_open(&state, argv[1], &err) &&
                    supervisor_part(&bench->worker, &state, &(struct duty){0}, &err),
                argv[1], &err);
    compare(bench, runs);
    worker_clear(&bench->worker);
    return 0;
}
