/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The other end is openssl's: what must not get through gets no further than the verdict.
 * One chain for each thing wolfSSL is known to let through.
 */
#include "base/fs.h"
#include "base/text.h"
#include "pairing/verdict.h"
#include "tests/support/family.h"
#include "tests/support/loopback.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct scratch wire;
static struct appliance self;

#define CLIENT "timeout 30 openssl s_client -connect 127.0.0.1:%u -cipher ALL:@SECLEVEL=0 "
#define SHOWS "-cert %s/leaf.pem -key %s/key.pem -cert_chain %s/rest.pem "

/* A client that says nothing after the handshake; its output goes to `log`. */
static FILE *client_run(unsigned port, const char *options)
{
    char line[2 * PATH_MAX];

    snprintf(line, sizeof(line), "cd '%s' && exec " CLIENT "%s </dev/null >log 2>&1",
             wire.path, port, options);
    return popen(line, "w");
}

/* Accept one connection of `openssl s_client` with these options, as a server of that kind.
 */
static bool accepted_by(bool (*accept_tls)(struct tls *, int, const struct identity *,
                                           struct error *),
                        struct tls *out, const char *options, struct error *err)
{
    unsigned port = 0;
    int listening = loopback_listen(&port);
    FILE *client = client_run(port, options);
    int socket = accept(listening, NULL, NULL);
    bool good;

    CU_ASSERT_PTR_NOT_NULL_FATAL(client);
    CU_ASSERT_FATAL(socket >= 0);
    good = accept_tls(out, socket, &self.identity, err);
    if (!good)
        close(socket);
    pclose(client);
    close(listening);
    return good;
}

static bool accepted(struct tls *out, const char *options, struct error *err)
{
    return accepted_by(tls_accept, out, options, err);
}

static bool accepted_case(struct tls *out, const char *name, struct error *err)
{
    char options[512];

    snprintf(options, sizeof(options), "-tls1_3 " SHOWS, name, name, name);
    return accepted(out, options, err);
}

static const char *rule_of(const char *name)
{
    static char rule[64];
    char path[128];

    snprintf(path, sizeof(path), "%s/rule", name);
    scratch_read(rule, sizeof(rule), &wire, path);
    return rule;
}

/* The worst thing our side says under this rule about the peer's chain. */
static bool rule_refuses(const struct report *report, const char *rule, enum side peer)
{
    for (size_t i = 0; i < report->n; i++)
        if (report->item[i].severity == SEVERITY_ERROR && report->item[i].side == peer &&
            text_equal(message_of(report->item[i].msg)->rule, rule))
            return true;
    return false;
}

static void judge(struct report *out, enum side own, const struct chain *peer)
{
    const struct chain *mine = &self.identity.chain;
    const struct comparison comparison = {
        .self = own,
        .source = leaves_one(own == SIDE_SOURCE ? mine : peer),
        .target = leaves_one(own == SIDE_SOURCE ? peer : mine),
        .trust = &self.trust,
        .now = AT_NOON,
        .fresh_tls13 = true};

    verdict_judge(out, &comparison);
}

/* As `rule` says: empty accepts, a name refuses with it, be it in the handshake, "-" ends
 * the handshake for its form. */
static bool as_expected(const char *name, bool connected, enum side own,
                        const struct chain *peer, const struct error *err)
{
    scoped(report_clear) struct report report = {0};
    const char *rule = rule_of(name);
    bool good;

    if (!connected || text_equal(rule, "-")) {
        const char *why = message_of(err->msg)->rule;

        good = !connected && why != NULL &&
               text_equal(why, text_equal(rule, "-") ? "encoding" : rule);
    } else {
        judge(&report, own, peer);
        good = rule[0] == '\0'
                   ? report_errors(&report) == 0
                   : rule_refuses(&report, rule,
                                  own == SIDE_SOURCE ? SIDE_TARGET : SIDE_SOURCE);
    }
    if (!good)
        printf("\n    %s: wanted '%s'; %s %s", name, rule,
               connected ? "connected, first finding" : "not connected",
               report.n > 0 ? message_of(report.item[0].msg)->id : err->about);
    return good;
}

/* Every case folder, with a function that meets it. */
static void each_case(bool (*meets)(const char *name))
{
    DIR *list = opendir(wire.path);
    unsigned cases = 0, wrong = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    for (struct dirent *one = readdir(list); one != NULL; one = readdir(list)) {
        if (one->d_type != DT_DIR || one->d_name[0] == '.' ||
            text_equal(one->d_name, "self"))
            continue;
        cases++;
        wrong += !meets(one->d_name);
    }
    closedir(list);
    printf("\n    %u cases, %u differ ", cases, wrong);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(cases > 20);
}

static bool meets_as_client(const char *name)
{
    struct tls tls = {0};
    struct error err = {0};
    bool connected = accepted_case(&tls, name, &err);
    bool good = as_expected(name, connected, SIDE_TARGET, &tls.facts.peer, &err);

    tls_close(&tls);
    return good;
}

/* The port of "ACCEPT 127.0.0.1:1234". */
static unsigned port_said(FILE *server)
{
    char line[256];
    unsigned port = 0;

    while (port == 0 && fgets(line, sizeof(line), server) != NULL)
        (void)!sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
    return port;
}

static bool meets_as_server(const char *name)
{
    struct tls tls = {0};
    struct error err = {0};
    char line[2 * PATH_MAX], port[16];
    FILE *server;
    bool connected, good;

    snprintf(line, sizeof(line),
             "cd '%s' && exec timeout 30 openssl s_server -accept 127.0.0.1:0 -tls1_3 -www "
             "-naccept 1 -Verify 9 -cipher ALL:@SECLEVEL=0 " SHOWS "2>log",
             wire.path, name, name, name);
    server = popen(line, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    snprintf(port, sizeof(port), "%u", port_said(server));
    connected = tls_dial(&tls, "127.0.0.1", port, &self.identity, &err);
    good = as_expected(name, connected, SIDE_SOURCE, &tls.facts.peer, &err);
    tls_close(&tls);
    pclose(server);
    return good;
}

static void what_wolfssl_lets_through_our_rules_refuse_from_a_client(void)
{
    each_case(meets_as_client);
}

static void what_wolfssl_lets_through_our_rules_refuse_from_a_server(void)
{
    each_case(meets_as_server);
}

/* wolfSSL keeps the first twenty, or stalls: either way no more than the deadline is lost.
 */
static void a_hundred_certificates_are_refused_within_the_deadline(void)
{
    scoped(report_clear) struct report report = {0};
    struct tls tls = {0};
    struct error err = {0};
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    if (accepted_case(&tls, "depth-100", &err)) {
        judge(&report, SIDE_TARGET, &tls.facts.peer);
        CU_ASSERT(rule_refuses(&report, "depth", SIDE_SOURCE));
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    CU_ASSERT(to.tv_sec - from.tv_sec <= TLS_HANDSHAKE_SECONDS + 2);
    tls_close(&tls);
}

static void a_client_without_a_certificate_fails(void)
{
    struct tls tls = {0};
    struct error err = {0};

    CU_ASSERT_FALSE(accepted(&tls, "-tls1_3", &err));
    CU_ASSERT(err.msg == E_TLS_BROKEN || err.msg == E_TLS_NO_CERTIFICATE);
}

/* The management API's: TLS 1.3, or 1.2 with a suite of today, and whatever the client
 * shows. */
static void anyone_is_accepted_without_a_certificate(void)
{
    static const char *const options[] = {
        "-tls1_3",
        "-tls1_2 -cipher ECDHE+AESGCM",
        "-tls1_3 -cert good/leaf.pem -key good/key.pem",
    };

    for (size_t i = 0; i < COUNT(options); i++) {
        struct tls tls = {0};
        struct error err = {0};

        CU_ASSERT_FATAL(accepted_by(tls_accept_anyone, &tls, options[i], &err));
        CU_ASSERT(tls.to_anyone);
        CU_ASSERT_EQUAL(tls.facts.peer.n, 0);
        tls_close(&tls);
        CU_ASSERT(
            scratch_shell(&wire, "grep -q 'No client certificate CA names sent' log"));
    }
}

static void anyone_is_accepted_with_no_older_tls(void)
{
    static const char *const options[] = {
        "-tls1_1",
        "-tls1_2 -cipher AES128-SHA:@SECLEVEL=0",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:@SECLEVEL=0",
    };

    for (size_t i = 0; i < COUNT(options); i++) {
        struct tls tls = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(accepted_by(tls_accept_anyone, &tls, options[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_TLS_BROKEN);
    }
}

static void older_versions_of_tls_fail(void)
{
    struct tls tls = {0};
    struct error err = {0}, older = {0};

    CU_ASSERT_FALSE(accepted(&tls,
                             "-tls1_2 -cert good/leaf.pem -key good/key.pem "
                             "-cert_chain good/rest.pem",
                             &err));
    CU_ASSERT_EQUAL(err.msg, E_TLS_BROKEN);
    CU_ASSERT_FALSE(accepted(&tls, "-tls1_1", &older));
}

/* Nothing to resume with is given out, and no early data is offered. */
static void no_tickets_are_given(void)
{
    struct tls tls = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(accepted_case(&tls, "good", &err));
    tls_close(&tls);
    CU_ASSERT(scratch_shell(&wire, "grep -q 'New, TLSv1.3' log"));
    CU_ASSERT_FALSE(scratch_shell(&wire, "grep -q 'New Session Ticket arrived' log"));
}

static bool suite_ready(void)
{
    char line[2 * PATH_MAX], path[PATH_MAX + 8];

    scratch_make(&wire);
    snprintf(line, sizeof(line), "python3 '%s/../support/mint_wire.py' '%s' .", TEST_DATA,
             TEST_DATA);
    if (!scratch_shell(&wire, line))
        return false;
    snprintf(path, sizeof(path), "%s/self", wire.path);
    appliance_load(&self, path);
    return true;
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_wolfssl_lets_through_our_rules_refuse_from_a_client),
        TEST(what_wolfssl_lets_through_our_rules_refuse_from_a_server),
        TEST(a_hundred_certificates_are_refused_within_the_deadline),
        TEST(a_client_without_a_certificate_fails),
        TEST(older_versions_of_tls_fail),
        TEST(anyone_is_accepted_without_a_certificate),
        TEST(anyone_is_accepted_with_no_older_tls),
        TEST(no_tickets_are_given),
    };
    int status = 2;

    if (suite_ready()) {
        status = run_tests("tls_foreign", tests, COUNT(tests));
        appliance_clear(&self);
    }
    scratch_clear(&wire);
    return status;
}
