/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "certs/signer.h"
#include "tests/support/family.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS 4
#define ROUNDS 25

/* A supervisor thread with a key, and the worker's key without its private part. */
struct pair {
    struct key whole;
    struct key half;
    struct signer signer;
    int supervisor; /* its end of the socket pair */
    unsigned sides;
    pthread_t thread;
};

static void *supervise(void *at)
{
    struct pair *pair = at;
    const struct signer_keys keys = {.key = {&pair->whole}, .sides = pair->sides};
    struct error err = {0};

    while (signer_answer(pair->supervisor, &keys, &err))
        continue;
    return NULL;
}

static void pair_open_for(struct pair *pair, enum key_choice choice, unsigned sides)
{
    struct error err = {0};
    int ends[2];

    *pair = (struct pair){.sides = sides};
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    CU_ASSERT_FATAL(key_make(&pair->whole, choice, &err));
    CU_ASSERT_FATAL(key_from_spki(&pair->half, buf_span(&pair->whole.spki), &err));
    CU_ASSERT_FATAL(signer_open(&pair->signer, ends[0], &err));
    pair->half.signer = &pair->signer;
    pair->supervisor = ends[1];
    CU_ASSERT_FATAL(pthread_create(&pair->thread, NULL, supervise, pair) == 0);
}

static void pair_open(struct pair *pair, enum key_choice choice)
{
    pair_open_for(pair, choice, SIGNER_SOURCE | SIGNER_TARGET);
}

static void pair_close(struct pair *pair)
{
    signer_close(&pair->signer);
    pthread_join(pair->thread, NULL);
    fd_close(&pair->supervisor);
    key_clear(&pair->whole);
    key_clear(&pair->half);
}

static void a_statement_is_signed_from_afar(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_P521,
                                              KEY_CHOICE_RSA2048, KEY_CHOICE_ED25519};

    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        struct pair pair;
        struct error err = {0};

        pair_open(&pair, choices[i]);
        CU_ASSERT(statement_sign(&signature, &pair.half, STATEMENT_VERDICT, "source",
                                 span_text("{}"), &err));
        CU_ASSERT(statement_verifies(buf_span(&pair.half.spki), STATEMENT_VERDICT, "source",
                                     span_text("{}"), buf_span(&signature)));
        pair_close(&pair);
    }
}

static void the_largest_body_passes(void)
{
    static const unsigned char body[STATEMENT_BODY_MAX];
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    const struct span all = span_of(body, sizeof(body));
    struct pair pair;
    struct error err = {0};

    pair_open(&pair, KEY_CHOICE_EC);
    CU_ASSERT(
        statement_sign(&signature, &pair.half, STATEMENT_VERDICT, "target", all, &err));
    CU_ASSERT(statement_verifies(buf_span(&pair.half.spki), STATEMENT_VERDICT, "target",
                                 all, buf_span(&signature)));
    pair_close(&pair);
}

/* The hash of the message `m`, by hand, so that key_verifies can judge a raw signature. */
static void a_raw_hash_is_signed_from_afar(void)
{
    scoped(buf_clear) struct buf ecdsa = buf_upto(KEY_SIGNATURE_MAX);
    scoped(buf_clear) struct buf pss = buf_upto(KEY_SIGNATURE_MAX);
    struct digest sha256;
    struct pair pair;
    struct error err = {0};

    digest_of(&sha256, DIGEST_SHA256, span_text("m"));
    pair_open(&pair, KEY_CHOICE_EC);
    CU_ASSERT(key_sign_raw(&ecdsa, &pair.half, RAW_ECDSA, 256, digest_span(&sha256), &err));
    CU_ASSERT(key_verifies(buf_span(&pair.half.spki), span_text("m"), buf_span(&ecdsa)));
    pair_close(&pair);
    pair_open(&pair, KEY_CHOICE_RSA2048);
    CU_ASSERT(key_sign_raw(&pss, &pair.half, RAW_RSA_PSS, 256, digest_span(&sha256), &err));
    CU_ASSERT(key_verifies(buf_span(&pair.half.spki), span_text("m"), buf_span(&pss)));
    pair_close(&pair);
}

/* The worker of the management API: its handshakes, and no word of the appliance's. */
static void for_handshakes_alone_no_statement_is_signed(void)
{
    scoped(buf_clear) struct buf statement = buf_upto(KEY_SIGNATURE_MAX);
    scoped(buf_clear) struct buf hash = buf_upto(KEY_SIGNATURE_MAX);
    struct digest sha256;
    struct pair pair;
    struct error err = {0};

    digest_of(&sha256, DIGEST_SHA256, span_text("m"));
    pair_open_for(&pair, KEY_CHOICE_EC, 0);
    for (int kind = 0; kind < STATEMENTS; kind++) {
        struct error refused = {0};

        CU_ASSERT_FALSE(statement_sign(&statement, &pair.half, (enum statement)kind,
                                       "source", span_text("{}"), &refused));
        CU_ASSERT_EQUAL(refused.msg, E_SIGNER_REFUSED);
    }
    CU_ASSERT(key_sign_raw(&hash, &pair.half, RAW_ECDSA, 256, digest_span(&sha256), &err));
    CU_ASSERT(key_verifies(buf_span(&pair.half.spki), span_text("m"), buf_span(&hash)));
    pair_close(&pair);
}

/* A certificate is signed so: for the worker that speaks to peers there is no such thing.
 */
static void pkcs1_is_for_the_handshakes_of_the_api_alone(void)
{
    struct digest sha256;

    digest_of(&sha256, DIGEST_SHA256, span_text("m"));
    for (int only = 0; only <= 1; only++) {
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        struct pair pair;
        struct error err = {0};

        pair_open_for(&pair, KEY_CHOICE_RSA2048, only == 1 ? 0 : SIGNER_TARGET);
        CU_ASSERT_EQUAL(key_sign_raw(&signature, &pair.half, RAW_RSA_PKCS1, 256,
                                     digest_span(&sha256), &err),
                        only == 1);
        CU_ASSERT_EQUAL(err.msg, only == 1 ? E_NONE : E_SIGNER_REFUSED);
        CU_ASSERT_EQUAL(signature.n, only == 1 ? 256 : 0);
        pair_close(&pair);
    }
}

static bool ed25519_is_signed(struct span message)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct pair pair;
    struct error err = {0};
    bool done;

    pair_open(&pair, KEY_CHOICE_ED25519);
    done = key_sign_raw(&signature, &pair.half, RAW_ED25519, 0, message, &err) &&
           key_verifies(buf_span(&pair.half.spki), message, buf_span(&signature));
    CU_ASSERT(done || err.msg == E_SIGNER_REFUSED);
    pair_close(&pair);
    return done;
}

static void raw_ed25519_is_for_certificate_verify_alone(void)
{
    char message[64 + 34 + 32] = "";

    memset(message, ' ', 64);
    memcpy(message + 64, "TLS 1.3, client CertificateVerify", 34);
    CU_ASSERT(ed25519_is_signed(span_of(message, sizeof(message))));
    CU_ASSERT_FALSE(ed25519_is_signed(span_of(message, sizeof(message) - 1)));
    CU_ASSERT_FALSE(ed25519_is_signed(span_of("pairgate verdict v1\0source", 26)));
    CU_ASSERT_FALSE(ed25519_is_signed(span_text("")));
    message[63] = 'x';
    CU_ASSERT_FALSE(ed25519_is_signed(span_of(message, sizeof(message))));
}

static void arbitrary_messages_are_not_signed_from_afar(void)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct pair pair;
    struct error err = {0};

    pair_open(&pair, KEY_CHOICE_EC);
    CU_ASSERT_FALSE(key_sign(&signature, &pair.half, span_text("m"), &err));
    CU_ASSERT_EQUAL(err.msg, E_KEY_ABSENT);
    pair_close(&pair);
}

/* Every malformed packet gets a refusal, and the next good request its signature. */
static void malformed_requests_are_refused(void)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        {"x", 1},
        {"\0\0\0\0\0\0\0\0", 8},
        {"\x05\0\0\0\0\0\0\0\0", 9},                /* no such operation */
        {"\0\1\0\0\0\0\0\0\x06source{}", 17},       /* a key that is not held */
        {"\0\x08\0\0\0\0\0\0\x06source{}", 17},     /* a number no key has */
        {"\0\0\0\0\0\0\0\x07\x06source{}", 17},     /* no such statement */
        {"\0\0\0\0\1\0\0\0\x06source{}", 17},       /* one beyond a byte */
        {"\0\0\0\0\0\0\0\0\xffsource{}", 17},       /* a role beyond the packet */
        {"\0\0\0\0\0\0\0\0\x06sou\0ce{}", 17},      /* no word */
        {"\0\0\0\0\0\0\0\0\0{}", 11},               /* no role */
        {"\1\0\1\0\0\0\0\0\0too short a hash", 25}, /* raw ECDSA */
        {"\2\0\1\0\0\0\0\0\0"
         "12345678901234567890123456789012",
         41}, /* PSS by an EC key */
    };
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct pair pair;
    struct error err = {0};

    pair_open(&pair, KEY_CHOICE_EC);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char answer[KEY_SIGNATURE_MAX];

        CU_ASSERT_FATAL(send(pair.signer.socket, cases[i].bytes, cases[i].n, 0) > 0);
        CU_ASSERT_EQUAL_FATAL(recv(pair.signer.socket, answer, sizeof(answer), 0), 1);
        CU_ASSERT_EQUAL(answer[0], 0);
    }
    CU_ASSERT(statement_sign(&signature, &pair.half, STATEMENT_VERDICT, "target",
                             span_text("{}"), &err));
    pair_close(&pair);
}

/* The same packet with nothing wrong is answered, so the cases fail for what they name. */
static void a_packet_by_hand_is_signed(void)
{
    unsigned char answer[KEY_SIGNATURE_MAX];
    struct pair pair;
    ssize_t n;

    pair_open(&pair, KEY_CHOICE_EC);
    CU_ASSERT_FATAL(send(pair.signer.socket, "\0\0\0\0\0\0\0\0\x06source{}", 17, 0) == 17);
    n = recv(pair.signer.socket, answer, sizeof(answer), 0);
    CU_ASSERT_FATAL(n > 1);
    CU_ASSERT(statement_verifies(buf_span(&pair.half.spki), STATEMENT_VERDICT, "source",
                                 span_text("{}"), span_of(answer + 1, (size_t)n - 1)));
    pair_close(&pair);
}

/* Two keys behind one socket: each signs what is asked of it. */
static void each_key_signs_for_itself(void)
{
    scoped(family_clear) struct family family = {0};
    struct appliance appliance;
    static const enum leaf_use uses[] = {LEAF_SERVER, LEAF_CLIENT};

    family_make(&family, KEY_CHOICE_EC, 2);
    appliance_split(&appliance, &family, KEY_CHOICE_EC, "two.example.com");
    for (size_t i = 0; i < COUNT(uses); i++) {
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        const struct identity *identity = &appliance.identity;
        struct error err = {0};

        CU_ASSERT(statement_sign(&signature, identity_key(identity, uses[i]),
                                 STATEMENT_VERDICT, "source", span_text("{}"), &err));
        for (size_t k = 0; k < COUNT(uses); k++)
            CU_ASSERT_EQUAL(
                statement_verifies(buf_span(&identity_key(identity, uses[k])->spki),
                                   STATEMENT_VERDICT, "source", span_text("{}"),
                                   buf_span(&signature)),
                i == k);
    }
    appliance_clear(&appliance);
}

/* Every statement in every role that one is read by: a worker is given its own side's word,
 * and no receipt, abort, record, list or vouching. */
static void a_worker_signs_its_own_side_s_words_alone(void)
{
    static const char *const roles[] = {"source", "target",    "server",
                                        "client", "publisher", "holder"};
    static const char *const allowed[] = {"0source", "1source", "2source", "0target"};
    static const unsigned sides[] = {SIGNER_SOURCE, SIGNER_TARGET};

    for (size_t s = 0; s < COUNT(sides); s++) {
        struct pair pair;

        pair_open_for(&pair, KEY_CHOICE_EC, sides[s]);
        for (unsigned kind = 0; kind < STATEMENTS; kind++) {
            for (size_t i = 0; i < COUNT(roles); i++) {
                scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
                struct error err = {0};
                bool may = false;
                char what[32];

                snprintf(what, sizeof(what), "%u%s", kind, roles[i]);
                for (size_t k = 0; k < COUNT(allowed); k++)
                    may |= (k < 3) == (sides[s] == SIGNER_SOURCE) &&
                           strcmp(what, allowed[k]) == 0;
                CU_ASSERT_EQUAL(statement_sign(&signature, &pair.half, (enum statement)kind,
                                               roles[i], span_text("{}"), &err),
                                may);
                CU_ASSERT_EQUAL(err.msg, may ? E_NONE : E_SIGNER_REFUSED);
                CU_ASSERT_EQUAL(signature.n > 0, may);
            }
        }
        pair_close(&pair);
    }
}

static void a_dead_supervisor_is_told(void)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct pair pair;
    struct error err = {0}, again = {0};

    pair_open(&pair, KEY_CHOICE_EC);
    shutdown(pair.supervisor, SHUT_RDWR);
    CU_ASSERT_FALSE(statement_sign(&signature, &pair.half, STATEMENT_VERDICT, "target",
                                   span_text("{}"), &err));
    CU_ASSERT_EQUAL(err.msg, E_SIGNER_GONE);
    CU_ASSERT_FALSE(statement_sign(&signature, &pair.half, STATEMENT_VERDICT, "target",
                                   span_text("{}"), &again));
    CU_ASSERT_EQUAL(again.msg, E_SIGNER_GONE);
    pair_close(&pair);
}

struct crowd {
    const struct pair *pair;
    unsigned char number;
    bool good;
};

static void *ask_often(void *at)
{
    struct crowd *one = at;

    one->good = true;
    for (unsigned char i = 0; i < ROUNDS; i++) {
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        const unsigned char body[2] = {one->number, i};
        struct error err = {0};

        one->good = one->good &&
                    statement_sign(&signature, &one->pair->half, STATEMENT_VERDICT,
                                   "source", span_of(body, 2), &err) &&
                    statement_verifies(buf_span(&one->pair->half.spki), STATEMENT_VERDICT,
                                       "source", span_of(body, 2), buf_span(&signature));
    }
    return NULL;
}

static void threads_take_turns(void)
{
    struct crowd crowd[WORKERS];
    pthread_t threads[WORKERS];
    struct pair pair;

    pair_open(&pair, KEY_CHOICE_EC);
    for (unsigned char i = 0; i < WORKERS; i++) {
        crowd[i] = (struct crowd){.pair = &pair, .number = i};
        CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, ask_often, &crowd[i]) == 0);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT(crowd[i].good);
    }
    pair_close(&pair);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_statement_is_signed_from_afar),
        TEST(the_largest_body_passes),
        TEST(a_raw_hash_is_signed_from_afar),
        TEST(for_handshakes_alone_no_statement_is_signed),
        TEST(pkcs1_is_for_the_handshakes_of_the_api_alone),
        TEST(raw_ed25519_is_for_certificate_verify_alone),
        TEST(arbitrary_messages_are_not_signed_from_afar),
        TEST(malformed_requests_are_refused),
        TEST(a_packet_by_hand_is_signed),
        TEST(each_key_signs_for_itself),
        TEST(a_worker_signs_its_own_side_s_words_alone),
        TEST(a_dead_supervisor_is_told),
        TEST(threads_take_turns),
    };

    return run_tests("signer", tests, COUNT(tests));
}
