/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker and supervisor over both their channels, the supervisor in a thread. */
#include "agent/custody.h"
#include "agent/worker.h"
#include "base/fs.h"
#include "certs/statement.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

struct agency {
    struct scratch scratch;
    struct root first, second;
    struct custody custody;
    struct office office;
    int signer, authority; /* the supervisor's ends */
    pthread_t thread;
    struct worker worker;
};

static void *supervise(void *at)
{
    struct agency *a = at;
    struct pollfd wait[] = {{.fd = a->signer, .events = POLLIN},
                            {.fd = a->authority, .events = POLLIN}};

    while (wait[0].fd >= 0 || wait[1].fd >= 0) {
        struct error err = {0};

        (void)poll(wait, 2, -1);
        if (wait[0].revents != 0 && !signer_answer(a->signer, &a->custody.keys, &err))
            wait[0].fd = -1;
        if (wait[1].revents != 0 && !office_answer(&a->office, a->authority, &err))
            wait[1].fd = -1;
    }
    return NULL;
}

static void install(struct agency *a, const struct root *root)
{
    struct error err = {0};
    unsigned number = 0;

    CU_ASSERT_FATAL(identity_install(&number, a->scratch.fd, &root->ca.key, &root->ca.chain,
                                     IDENTITY_CHAIN, "test", &err));
}

static void agency_make(struct agency *out)
{
    struct error err = {0};
    int signer[2], authority[2];

    scratch_make(&out->scratch);
    root_make(&out->first, "First");
    root_make(&out->second, "Second");
    out->custody.state = out->scratch.fd;
    out->custody.keys.sides = SIGNER_TARGET;
    out->office.custody = &out->custody;
    out->office.is_target = true;
    install(out, &out->first);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, signer) == 0);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, authority) == 0);
    out->signer = signer[1];
    out->authority = authority[1];
    CU_ASSERT_FATAL(pthread_create(&out->thread, NULL, supervise, out) == 0);
    CU_ASSERT_FATAL(worker_begin(&out->worker, signer[0], authority[0], &err));
}

static void agency_clear(struct agency *a)
{
    worker_clear(&a->worker);
    pthread_join(a->thread, NULL);
    fd_close(&a->signer);
    fd_close(&a->authority);
    custody_clear(&a->custody);
    root_clear(&a->first);
    root_clear(&a->second);
    scratch_clear(&a->scratch);
}

static bool can_sign(const struct credentials *own)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    return statement_sign(&signature, &own->identity.key, STATEMENT_VERDICT, "target",
                          span_text("{}"), &err) &&
           statement_verifies(chain_leaf(&own->identity.chain)->spki, STATEMENT_VERDICT,
                              "target", span_text("{}"), buf_span(&signature));
}

static void connections_keep_what_they_began_with(void)
{
    scoped(agency_clear) struct agency a = {0};
    struct credentials *before, *after;
    bool fresh = true;

    agency_make(&a);
    before = worker_take(&a.worker, &fresh);
    CU_ASSERT_FALSE(fresh);
    install(&a, &a.second);
    after = worker_take(&a.worker, &fresh);
    CU_ASSERT(fresh);
    CU_ASSERT_EQUAL(before->identity.number, 1);
    CU_ASSERT_EQUAL(after->identity.number, 2);
    CU_ASSERT(can_sign(before));
    CU_ASSERT(can_sign(after));
    worker_give_back(&a.worker, before);
    CU_ASSERT_EQUAL(a.worker.n, 1); /* nobody is left who uses the first */
    CU_ASSERT(can_sign(after));
    worker_give_back(&a.worker, after);
}

static void keys_that_nobody_uses_are_dropped(void)
{
    scoped(agency_clear) struct agency a = {0};
    struct credentials *own;
    size_t keys = 0;
    bool fresh = false;

    agency_make(&a);
    for (unsigned i = 2; i < CUSTODY_MAX + 4; i++) {
        install(&a, i % 2 == 0 ? &a.second : &a.first);
        own = worker_take(&a.worker, &fresh);
        CU_ASSERT_EQUAL(own->identity.number, i);
        worker_give_back(&a.worker, own);
    }
    for (size_t i = 0; i < SIGNER_KEYS; i++)
        keys += a.custody.keys.key[i] != NULL;
    CU_ASSERT_EQUAL(keys, 4); /* of the newest, and of that of the last question */
}

/* Sixteen identities in use at once: the next one waits until one of them is free. */
static void a_full_ring_is_no_end(void)
{
    scoped(agency_clear) struct agency a = {0};
    struct credentials *own[CUSTODY_MAX + 1];
    bool fresh = false;

    agency_make(&a);
    for (unsigned i = 0; i <= CUSTODY_MAX; i++) {
        own[i] = worker_take(&a.worker, &fresh);
        install(&a, i % 2 == 0 ? &a.second : &a.first);
    }
    CU_ASSERT_EQUAL(own[CUSTODY_MAX]->identity.number, CUSTODY_MAX);
    CU_ASSERT(can_sign(own[0]));
    CU_ASSERT(can_sign(own[CUSTODY_MAX]));
    for (unsigned i = 0; i <= CUSTODY_MAX; i++)
        worker_give_back(&a.worker, own[i]);
    own[0] = worker_take(&a.worker, &fresh);
    CU_ASSERT_EQUAL(own[0]->identity.number, CUSTODY_MAX + 2);
    worker_give_back(&a.worker, own[0]);
}

/* Six large anchors. */
static void what_is_longer_than_a_piece_arrives_whole(void)
{
    static const char plant[] =
        "mkdir -p trust/anchors && printf '[req]\ndistinguished_name=d\n[d]\n' > c &&"
        "for i in 1 2 3 4 5 6; do openssl req -x509 -config c -newkey ed25519 -nodes"
        " -keyout k -subj /CN=$i -addext nsComment=$(head -c 60000 /dev/zero | tr '\\0' x)"
        " -out trust/anchors/$i.pem || exit; done";
    scoped(agency_clear) struct agency a = {0};
    struct credentials *own;
    bool fresh = false;

    agency_make(&a);
    CU_ASSERT_FATAL(scratch_shell(&a.scratch, plant));
    own = worker_take(&a.worker, &fresh);
    CU_ASSERT_EQUAL(own->trust.anchors.n, 7);
    CU_ASSERT_EQUAL(a.custody.packed.n, 0); /* it was given away */
    worker_give_back(&a.worker, own);
}

/* A worker that could not take them up still has no version to name. */
static void what_was_given_is_given_again(void)
{
    scoped(agency_clear) struct agency a = {0};
    struct authority_ask ask = {.op = AUTHORITY_CREDENTIALS, .in_use = {1}};

    agency_make(&a);
    for (int i = 0; i < 2; i++) {
        scoped(credentials_clear) struct credentials own = {0};
        scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
        struct authority_answer answer = {0};
        struct error err = {0};

        CU_ASSERT_FATAL(authority_do(&a.worker.authority, &ask, (struct span){0},
                                     (struct span){0}, &answer, &packed, NULL, &err));
        CU_ASSERT_EQUAL(answer.version, 1);
        CU_ASSERT_EQUAL(answer.total, packed.n);
        CU_ASSERT(credentials_unpack(&own, buf_span(&packed), &err));
        CU_ASSERT_EQUAL(own.identity.number, 1);
    }
}

static void the_first_good_pairing_is_noted(void)
{
    scoped(agency_clear) struct agency a = {0};
    struct authority_ask ask = {.op = AUTHORITY_SEEN, .identity = 7};
    struct error err = {0};

    agency_make(&a);
    CU_ASSERT_FALSE(scratch_has(&a.scratch, "identity/1/seen"));
    worker_was_paired(&a.worker, a.worker.newest);
    CU_ASSERT(scratch_has(&a.scratch, "identity/1/seen"));
    CU_ASSERT_FALSE(authority_do(&a.worker.authority, &ask, (struct span){0},
                                 (struct span){0}, NULL, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR); /* an identity that is not in use */
}

int main(void)
{
    static const struct test tests[] = {
        TEST(connections_keep_what_they_began_with),
        TEST(keys_that_nobody_uses_are_dropped),
        TEST(a_full_ring_is_no_end),
        TEST(what_is_longer_than_a_piece_arrives_whole),
        TEST(what_was_given_is_given_again),
        TEST(the_first_good_pairing_is_noted),
    };

    return run_tests("worker", tests, COUNT(tests));
}
