/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends ours: what the handshake proves, what is captured, what is not kept. */
#include "base/mem.h"
#include "pairing/verdict.h"
#include "tests/support/family.h"
#include "tests/support/loopback.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LARGE (3U << 20)

static bool same_chain(const struct chain *a, const struct chain *b)
{
    struct digest one, other;

    chain_digest(&one, a);
    chain_digest(&other, b);
    return a->n == b->n && digest_equal(&one, &other);
}

/* Two appliances of one family, and a connection between them. */
struct meeting {
    struct family family;
    struct appliance source, target;
    struct loopback loopback;
};

static struct meeting *meet(enum key_choice choice, size_t rungs)
{
    struct meeting *m = mem_zeroed(1, sizeof(*m));

    family_make(&m->family, choice, rungs);
    appliance_make(&m->source, &m->family, choice, "source.example.com");
    appliance_make(&m->target, &m->family, choice, "target.example.com");
    loopback_open(&m->loopback, &m->source.identity, &m->target.identity);
    return m;
}

static void meeting_free(struct meeting **m)
{
    loopback_close(&(*m)->loopback);
    appliance_clear(&(*m)->source);
    appliance_clear(&(*m)->target);
    family_clear(&(*m)->family);
    mem_free(*m);
}

static void each_side_presents_the_leaf_of_its_part(void)
{
    struct meeting *m = mem_zeroed(1, sizeof(*m));
    const struct tls_facts *source = &m->loopback.source.facts,
                           *target = &m->loopback.target.facts;

    family_make(&m->family, KEY_CHOICE_EC, 3);
    appliance_split(&m->source, &m->family, KEY_CHOICE_RSA2048, "source.example.com");
    appliance_split(&m->target, &m->family, KEY_CHOICE_EC, "target.example.com");
    loopback_open(&m->loopback, &m->source.identity, &m->target.identity);
    CU_ASSERT(loopback_is_good(&m->loopback));
    CU_ASSERT(same_chain(&source->peer, &m->target.identity.chain));
    CU_ASSERT(same_chain(&target->peer, &m->source.identity.client_chain));
    meeting_free(&m);
}

static void both_see_each_other(const struct meeting *m)
{
    const struct loopback *l = &m->loopback;

    CU_ASSERT_FATAL(loopback_is_good(l));
    CU_ASSERT(same_chain(&l->source.facts.peer, &m->target.identity.chain));
    CU_ASSERT(same_chain(&l->target.facts.peer, &m->source.identity.chain));
    CU_ASSERT_EQUAL(
        memcmp(l->source.facts.exporter, l->target.facts.exporter, TLS_EXPORTER_BYTES), 0);
    CU_ASSERT_STRING_EQUAL(l->source.facts.version, "TLSv1.3");
    CU_ASSERT_STRING_EQUAL(l->source.facts.cipher, l->target.facts.cipher);
    CU_ASSERT_STRING_EQUAL(l->source.facts.group, l->target.facts.group);
}

static void every_kind_of_key_hand_shakes_through_its_signer(void)
{
    static const enum key_choice choices[] = {
        KEY_CHOICE_EC,      KEY_CHOICE_P384,    KEY_CHOICE_P521,   KEY_CHOICE_RSA2048,
        KEY_CHOICE_RSA3072, KEY_CHOICE_RSA4096, KEY_CHOICE_ED25519};

    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(meeting_free) struct meeting *m = meet(choices[i], 3);

        CU_ASSERT_EQUAL(m->source.identity.key.der.n, 0);
        both_see_each_other(m);
    }
}

static void ten_certificates_pass_both_ways(void)
{
    scoped(meeting_free) struct meeting *ec = meet(KEY_CHOICE_EC, 10);
    scoped(meeting_free) struct meeting *rsa = meet(KEY_CHOICE_RSA4096, 10);

    both_see_each_other(ec);
    both_see_each_other(rsa);
}

static void eleven_and_nineteen_arrive_to_be_judged(void)
{
    scoped(meeting_free) struct meeting *eleven = meet(KEY_CHOICE_EC, 11);
    scoped(meeting_free) struct meeting *nineteen =
        meet(KEY_CHOICE_EC, TLS_CHAIN_CERTS_MAX);

    both_see_each_other(eleven);
    both_see_each_other(nineteen);
}

static void more_are_refused_before_anything_is_said(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, TLS_CHAIN_CERTS_MAX + 1);

    CU_ASSERT_FALSE(m->loopback.source_good);
    CU_ASSERT_EQUAL(m->loopback.source_err.msg, E_CHAIN_WIRE);
    CU_ASSERT_EQUAL(m->loopback.target_err.msg, E_CHAIN_WIRE);
}

static void each_connection_has_an_exporter_of_its_own(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct loopback again;

    CU_ASSERT_FATAL(loopback_is_good(&m->loopback));
    loopback_open(&again, &m->source.identity, &m->target.identity);
    CU_ASSERT_FATAL(loopback_is_good(&again));
    CU_ASSERT_NOT_EQUAL(memcmp(again.source.facts.exporter,
                               m->loopback.source.facts.exporter, TLS_EXPORTER_BYTES),
                        0);
    loopback_close(&again);
}

struct writing {
    struct tls *tls;
    struct span bytes;
    struct error err;
    bool good;
};

static void *write_all(void *at)
{
    struct writing *writing = at;

    writing->good = tls_write(writing->tls, writing->bytes, &writing->err);
    return NULL;
}

/* Send from one end and read at the other; true when it is the same. */
static bool arrives(struct tls *from, struct tls *to, struct span bytes)
{
    struct writing writing = {.tls = from, .bytes = bytes};
    scoped(buf_clear) struct buf in = buf_upto(bytes.n);
    struct error err = {0};
    pthread_t thread;
    bool good = true;

    CU_ASSERT_FATAL(buf_reserve(&in, bytes.n, &err));
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, write_all, &writing) == 0);
    while (good && in.n < bytes.n) {
        size_t got = 0;

        good = tls_read(to, in.at + in.n, bytes.n - in.n, &got, 10, &err) && got > 0;
        in.n += got;
    }
    pthread_join(thread, NULL);
    return good && writing.good && span_equal(buf_span(&in), bytes);
}

static void bytes_arrive_whole_in_both_directions(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct loopback *l = &m->loopback;
    unsigned char *large = mem_zeroed(LARGE, 1);

    for (size_t i = 0; i < LARGE; i++)
        large[i] = (unsigned char)(i * 7 + i / 251);
    CU_ASSERT_FATAL(loopback_is_good(l));
    CU_ASSERT(arrives(&l->source, &l->target, span_text("x")));
    CU_ASSERT(arrives(&l->target, &l->source, span_text("y")));
    CU_ASSERT(arrives(&l->source, &l->target, span_of(large, LARGE)));
    CU_ASSERT(arrives(&l->target, &l->source, span_of(large, LARGE)));
    mem_free(large);
}

/* libcurl still closes the one connection when the next is in use already. */
static void a_connection_before_gets_no_bytes_of_the_next(void)
{
    scoped(meeting_free) struct meeting *before = meet(KEY_CHOICE_EC, 3);
    scoped(meeting_free) struct meeting *next = meet(KEY_CHOICE_EC, 3);
    struct tls *old = &before->loopback.source, *new = &next->loopback.source;
    struct tls_curl curl = {.fd = old->fd};
    struct error err = {0};
    size_t got = 0;
    char out[8];

    CU_ASSERT_FATAL(loopback_is_good(&before->loopback) &&
                    loopback_is_good(&next->loopback));
    tls_curl_take_over(&curl, old->ssl);
    CU_ASSERT(arrives(old, &before->loopback.target, span_text("over the first")));
    curl.fd = new->fd;
    tls_curl_take_over(&curl, new->ssl);
    tls_curl_ask(&curl);
    CU_ASSERT(tls_write(&next->loopback.target, span_text("answer"), &err));
    CU_ASSERT_FALSE(tls_write(old, span_text("alert"), &err));
    CU_ASSERT(!tls_read(old, out, sizeof(out), &got, 1, &err) || got == 0);
    CU_ASSERT_EQUAL(tls_curl_broken(&curl), 0);
    CU_ASSERT(tls_read(new, out, sizeof(out), &got, 1, &err));
    CU_ASSERT_EQUAL(got, strlen("answer"));
    CU_ASSERT(arrives(new, &next->loopback.target, span_text("over the next")));
    tls_close(old);
    tls_close(new);
    tls_curl_clear(&curl);
}

static void silence_is_told_after_the_time_given(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct error err = {0};
    size_t got = 0;
    char out[8];

    CU_ASSERT_FATAL(loopback_is_good(&m->loopback));
    CU_ASSERT_FALSE(tls_read(&m->loopback.target, out, sizeof(out), &got, 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_TLS_SILENT);
}

static void a_closed_connection_is_a_clean_end(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct error err = {0};
    size_t got = 1;
    char out[8];

    CU_ASSERT_FATAL(loopback_is_good(&m->loopback));
    tls_close(&m->loopback.source);
    CU_ASSERT(tls_read(&m->loopback.target, out, sizeof(out), &got, 1, &err));
    CU_ASSERT_EQUAL(got, 0);
}

static void a_peer_that_says_nothing_is_left_within_the_deadline(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct tls tls = {0};
    struct error err = {0};
    int ends[2];
    struct timespec from, to;

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    clock_gettime(CLOCK_MONOTONIC, &from);
    CU_ASSERT_FALSE(tls_accept(&tls, ends[0], &m->target.identity, &err));
    clock_gettime(CLOCK_MONOTONIC, &to);
    CU_ASSERT_EQUAL(err.msg, E_TLS_SILENT);
    CU_ASSERT(to.tv_sec - from.tv_sec <= TLS_HANDSHAKE_SECONDS + 1);
    close(ends[0]); /* the caller's again */
    close(ends[1]);
}

static void plain_bytes_are_no_handshake(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    struct tls tls = {0};
    struct error err = {0};
    int ends[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CU_ASSERT(write(ends[1], http, sizeof(http) - 1) > 0);
    CU_ASSERT_FALSE(tls_accept(&tls, ends[0], &m->target.identity, &err));
    CU_ASSERT_EQUAL(err.msg, E_TLS_BROKEN);
    close(ends[0]);
    close(ends[1]);
}

/* The target's certificate with the source's key: possession is not proven. */
static void a_certificate_without_its_key_ends_the_handshake(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct appliance thief;
    struct loopback l;

    appliance_of(&thief, &m->source.whole, &m->target.identity.chain);
    loopback_open(&l, &thief.identity, &m->target.identity);
    CU_ASSERT_FALSE(l.target_good);
    loopback_close(&l);
    loopback_open(&l, &m->source.identity, &thief.identity);
    CU_ASSERT_FALSE(l.source_good);
    loopback_close(&l);
    appliance_clear(&thief);
}

static void a_signer_that_is_gone_ends_the_handshake(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct loopback l;

    shutdown(m->source.supervisor, SHUT_RDWR);
    loopback_open(&l, &m->source.identity, &m->target.identity);
    CU_ASSERT_FALSE(l.source_good);
    CU_ASSERT_FALSE(l.target_good);
    loopback_close(&l);
}

/* What the target finds wrong with the chain it captured. */
static bool target_finds(const struct meeting *m, const struct loopback *l, enum msg msg)
{
    scoped(report_clear) struct report report = {0};
    const struct comparison comparison = {.self = SIDE_TARGET,
                                          .source = leaves_one(&l->target.facts.peer),
                                          .target = leaves_one(&m->target.identity.chain),
                                          .trust = &m->target.trust,
                                          .now = AT_NOON,
                                          .fresh_tls13 = true};

    verdict_judge(&report, &comparison);
    return report_find(&report, msg) != NULL;
}

/* The source's chain: some of its certificates, perhaps with a broken signature. */
static void lame(struct appliance *out, const struct meeting *m, size_t n, size_t broken)
{
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    for (size_t i = 0; i < n; i++) {
        scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);

        CU_ASSERT_FATAL(
            buf_add(&der, buf_span(&m->source.identity.chain.cert[i].der), &err));
        if (i == broken)
            der.at[der.n - 1] ^= 1;
        CU_ASSERT_FATAL(chain_add_der(&chain, buf_span(&der), &err));
    }
    appliance_of(out, &m->source.whole, &chain);
}

/* What one connection was told to believe, the next must not. */
static void a_poisoned_intermediate_is_forgotten(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    struct appliance poisoner, heir;
    struct loopback l;

    lame(&poisoner, m, 3, 1);
    lame(&heir, m, 1, SIZE_MAX);
    loopback_open(&l, &poisoner.identity, &m->target.identity);
    CU_ASSERT_FATAL(loopback_is_good(&l));
    CU_ASSERT(target_finds(m, &l, E_TRUST_NO_PATH));
    loopback_close(&l);
    loopback_open(&l, &heir.identity, &m->target.identity);
    CU_ASSERT_FATAL(l.target_good);
    CU_ASSERT_EQUAL(l.target.facts.peer.n, 1);
    CU_ASSERT(target_finds(m, &l, E_TRUST_NO_PATH));
    loopback_close(&l);
    appliance_clear(&poisoner);
    appliance_clear(&heir);
}

/* Traps (a) and (b): wolfSSL ends by calling a leaf of nobody's CA verified. */
static void a_callback_that_said_yes_proves_nothing(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 3);
    scoped(meeting_free) struct meeting *other = meet(KEY_CHOICE_EC, 3);
    struct loopback l;

    CU_ASSERT_FALSE(target_finds(m, &m->loopback, E_TRUST_NO_PATH));
    loopback_open(&l, &other->source.identity, &m->target.identity);
    CU_ASSERT_FATAL(loopback_is_good(&l));
    CU_ASSERT(target_finds(m, &l, E_TRUST_NO_PATH));
    CU_ASSERT(target_finds(m, &l, E_LADDER_IMPOSTOR));
    loopback_close(&l);
}

static void a_chain_wolfssl_cannot_carry_is_refused_in_time(void)
{
    scoped(meeting_free) struct meeting *m = meet(KEY_CHOICE_EC, 100);

    CU_ASSERT_FALSE(m->loopback.source_good);
    CU_ASSERT_FALSE(m->loopback.target_good);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_kind_of_key_hand_shakes_through_its_signer),
        TEST(each_side_presents_the_leaf_of_its_part),
        TEST(ten_certificates_pass_both_ways),
        TEST(eleven_and_nineteen_arrive_to_be_judged),
        TEST(more_are_refused_before_anything_is_said),
        TEST(each_connection_has_an_exporter_of_its_own),
        TEST(bytes_arrive_whole_in_both_directions),
        TEST(a_connection_before_gets_no_bytes_of_the_next),
        TEST(silence_is_told_after_the_time_given),
        TEST(a_closed_connection_is_a_clean_end),
        TEST(a_peer_that_says_nothing_is_left_within_the_deadline),
        TEST(plain_bytes_are_no_handshake),
        TEST(a_certificate_without_its_key_ends_the_handshake),
        TEST(a_signer_that_is_gone_ends_the_handshake),
        TEST(a_poisoned_intermediate_is_forgotten),
        TEST(a_callback_that_said_yes_proves_nothing),
        TEST(a_chain_wolfssl_cannot_carry_is_refused_in_time),
    };

    return run_tests("tls", tests, COUNT(tests));
}
