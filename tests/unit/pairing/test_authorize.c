/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "pairing/authorize.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define NOON 1813060800
#define LATER (NOON + INVITE_SECONDS)

/* One exchange: the source's code and exporter against the target's database. */
struct proof {
    struct code code;
    char source_exporter, target_exporter; /* 32 times */
    time_t now;
};

static enum msg prove(struct db *db, const struct proof *proof)
{
    scoped(scram_free) struct scram *source = NULL;
    scoped(scram_free) struct scram *target = NULL;
    unsigned char exporter[TLS_EXPORTER_BYTES];
    struct tls_facts facts = {0};
    char there[SCRAM_TEXT_MAX] = "", back[SCRAM_TEXT_MAX] = "";
    struct error err = {0};
    bool source_done = false, target_done = false;

    memset(facts.exporter, proof->source_exporter, sizeof(facts.exporter));
    memset(exporter, proof->target_exporter, sizeof(exporter));
    CU_ASSERT_FATAL(scram_client(&source, &proof->code, &facts, &err));
    if (!scram_server(&target, db, proof->code.selector, exporter, &err))
        return err.msg;
    while (!source_done || !target_done) {
        if (!scram_step(source, back, there, &source_done, &err))
            return err.msg;
        if (source_done && target_done)
            break;
        CU_ASSERT_FALSE(source_done); /* not before the target has proven itself */
        CU_ASSERT_PTR_NULL(strstr(there, proof->code.secret));
        if (!scram_step(target, there, back, &target_done, &err))
            return err.msg;
    }
    return E_NONE;
}

static void grant_for(struct grant *out, char key, const char *id)
{
    *out = (struct grant){.byte_ceiling = 1000, .expires = NOON + GRANT_SECONDS};
    memset(out->peer_client_key.byte, key, DIGEST_BYTES);
    memset(out->peer_server_key.byte, key, DIGEST_BYTES);
    snprintf(out->id, sizeof(out->id), "g-%s", id);
    snprintf(out->migration, sizeof(out->migration), "m-%s", id);
    (void)text_fits(out->peer_name, "source.example.com");
}

static enum msg redeem(struct db *db, uint32_t selector, char key, const char *id,
                       time_t now, struct grant *out)
{
    struct error err = {0};

    grant_for(out, key, id);
    CU_ASSERT_EQUAL(invitation_redeem(out, db, selector, now, &err), err.msg == E_NONE);
    return err.msg;
}

/* A database with one invitation, and what proves it. */
struct fixture {
    struct state_db state;
    struct proof proof;
};

static void fixture_make(struct fixture *out, const char *for_name)
{
    struct error err = {0};

    *out = (struct fixture){
        .proof = {.source_exporter = 'e', .target_exporter = 'e', .now = NOON}};
    state_db_make(&out->state);
    CU_ASSERT_FATAL(
        invitation_make(&out->proof.code, &out->state.db, for_name, NOON, LATER, &err));
}

static void fixture_clear(struct fixture *fixture)
{
    state_db_clear(&fixture->state);
}

static void a_code_is_proven_by_both_sides(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant grant;

    fixture_make(&f, "");
    CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
    CU_ASSERT_EQUAL(grant.issued, NOON);
}

static void a_wrong_secret_fails(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f, "");
    f.proof.code.secret[11] = f.proof.code.secret[11] == '0' ? '1' : '0';
    CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_SCRAM);
}

static void a_selector_nobody_gave_out_fails(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f, "");
    f.proof.code.selector ^= 1;
    CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_CODE_WRONG);
}

/* A man in the middle has two connections, and so two exporter values. */
static void a_code_does_not_cross_connections(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f, "");
    f.proof.target_exporter = 'f';
    CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_SCRAM);
}

static void five_wrong_secrets_close_an_invitation(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant grant;

    fixture_make(&f, "");
    for (unsigned i = 0; i < CODE_FAILURES_MAX; i++) {
        struct error err = {0};

        CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_NONE);
        CU_ASSERT(invitation_failed(&f.state.db, f.proof.code.selector, &err));
    }
    CU_ASSERT_EQUAL(prove(&f.state.db, &f.proof), E_CODE_WRONG);
    /* Exchanges begun before the fifth failure come to nothing either. */
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_CODE_WRONG);
}

static void the_same_key_gets_the_same_grant_again(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant first, again;
    uint32_t selector;

    fixture_make(&f, "");
    selector = f.proof.code.selector;
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "one", NOON, &first), E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "two", LATER + 9, &again), E_NONE);
    CU_ASSERT_STRING_EQUAL(again.id, "g-one");
    CU_ASSERT_STRING_EQUAL(again.migration, "m-one");
    CU_ASSERT_EQUAL(again.expires, first.expires);
}

static void each_invitation_leads_to_its_own_grant(void)
{
    scoped(fixture_clear) struct fixture f;
    struct code second = {0};
    struct grant grant;
    struct error err = {0};

    fixture_make(&f, "");
    CU_ASSERT_FATAL(invitation_make(&second, &f.state.db, "", NOON, LATER, &err));
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, second.selector, 'k', "two", NOON + 60, &grant),
                    E_NONE);
    CU_ASSERT_EQUAL(
        redeem(&f.state.db, f.proof.code.selector, 'k', "three", NOON + 90, &grant),
        E_NONE);
    CU_ASSERT_STRING_EQUAL(grant.id, "g-one");
}

/* Two migrations of one key in one second: each code leads to its own. */
static void grants_of_one_second_do_not_mix(void)
{
    scoped(fixture_clear) struct fixture f;
    struct code second = {0};
    struct grant grant;
    struct error err = {0};

    fixture_make(&f, "");
    CU_ASSERT_FATAL(invitation_make(&second, &f.state.db, "", NOON, LATER, &err));
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, second.selector, 'k', "two", NOON, &grant), E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "x", NOON, &grant),
                    E_NONE);
    CU_ASSERT_STRING_EQUAL(grant.id, "g-one");
    CU_ASSERT_EQUAL(redeem(&f.state.db, second.selector, 'k', "x", NOON, &grant), E_NONE);
    CU_ASSERT_STRING_EQUAL(grant.id, "g-two");
}

static void a_used_code_gives_the_newest_grant_unless_it_is_revoked(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant renewed, grant;
    struct error err = {0};
    uint32_t selector;

    fixture_make(&f, "");
    selector = f.proof.code.selector;
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "one", NOON, &grant), E_NONE);
    grant_for(&renewed, 'k', "renewed");
    (void)text_fits(renewed.migration, "m-one");
    renewed.issued = NOON + 60;
    CU_ASSERT_FATAL(grant_store(&f.state.db, &renewed, "target", &err));
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "x", NOON + 90, &grant), E_NONE);
    CU_ASSERT_STRING_EQUAL(grant.id, "g-renewed");
    CU_ASSERT_FATAL(grant_revoke_all(&f.state.db, "m-one", &err));
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "x", NOON + 90, &grant),
                    E_GRANT_REVOKED);
}

static void another_key_is_told_that_it_was_used(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant grant;

    fixture_make(&f, "");
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'l', "two", NOON, &grant),
                    E_CODE_USED);
}

static void an_expired_invitation_is_refused(void)
{
    scoped(fixture_clear) struct fixture f;
    struct grant grant;
    uint32_t selector;

    fixture_make(&f, "");
    selector = f.proof.code.selector;
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "one", LATER, &grant), E_CODE_WRONG);
    CU_ASSERT_EQUAL(redeem(&f.state.db, selector, 'k', "one", LATER - 1, &grant), E_NONE);
}

static void an_invitation_may_be_for_one_name(void)
{
    scoped(fixture_clear) struct fixture f, other;
    struct grant grant;

    fixture_make(&f, "source.example.com");
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
    fixture_make(&other, "another.example.com");
    CU_ASSERT_EQUAL(
        redeem(&other.state.db, other.proof.code.selector, 'k', "one", NOON, &grant),
        E_CODE_WRONG);
}

static void an_invitation_may_be_for_one_key(void)
{
    /* The key that redeem makes of 'k', in digits of either case. */
    static const char digits[] =
        "6b6B6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b";
    scoped(fixture_clear) struct fixture f;
    struct grant grant;

    fixture_make(&f, digits);
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'l', "one", NOON, &grant),
                    E_CODE_WRONG);
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_NONE);
}

/* Marking it used and storing the grant are one: a grant that cannot be stored uses
 * nothing.
 */
static void a_grant_that_fails_leaves_the_invitation_unused(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(query_end) struct query list = {0};
    struct invitation invitation;
    struct grant grant;
    struct error err = {0};

    fixture_make(&f, "");
    {
        scoped(query_end) struct query drop = {0};

        CU_ASSERT_FATAL(query_begin(&drop, &f.state.db, "DROP TABLE grants", &err));
        CU_ASSERT_FATAL(query_run(&drop, NULL, &err));
    }
    CU_ASSERT_EQUAL(redeem(&f.state.db, f.proof.code.selector, 'k', "one", NOON, &grant),
                    E_DB);
    CU_ASSERT_FATAL(invitation_list(&list, &f.state.db, &err));
    CU_ASSERT_FATAL(query_next(&list, &err));
    invitation_read(&invitation, &list);
    CU_ASSERT_EQUAL(invitation.selector, f.proof.code.selector);
    CU_ASSERT_EQUAL(invitation.used, 0);
}

/* A week after its end it is gone from the list, when the next one is made. */
static void an_old_invitation_is_forgotten(void)
{
    static const time_t ends[] = {NOON + 60, NOON + 120};
    scoped(query_end) struct query list = {0};
    scoped(state_db_clear) struct state_db state;
    struct code code = {0};
    struct error err = {0};
    size_t n = 0;

    state_db_make(&state);
    for (size_t i = 0; i < COUNT(ends); i++)
        CU_ASSERT_FATAL(invitation_make(&code, &state.db, "", NOON, ends[i], &err));
    CU_ASSERT_FATAL(invitation_make(&code, &state.db, "",
                                    ends[0] + INVITATION_KEEP_SECONDS + 1,
                                    ends[0] + 2 * INVITATION_KEEP_SECONDS, &err));
    CU_ASSERT_FATAL(invitation_list(&list, &state.db, &err));
    while (query_next(&list, &err))
        n++;
    CU_ASSERT_EQUAL(n, 2);
}

static void only_a_verifier_is_stored(void)
{
    scoped(fixture_clear) struct fixture f;
    char line[128];

    fixture_make(&f, "");
    db_close(&f.state.db);
    snprintf(line, sizeof(line), "! grep -qa %s state.db*", f.proof.code.secret);
    CU_ASSERT(scratch_shell(&f.state.scratch, line));
}

/* server-first as a hostile target would send it. */
static enum msg cost_told(const char *iterations)
{
    scoped(scram_free) struct scram *source = NULL;
    scoped(buf_clear) struct buf first = buf_upto(SCRAM_TEXT_MAX);
    scoped(buf_clear) struct buf reply = buf_upto(2 * SCRAM_TEXT_MAX);
    scoped(buf_clear) struct buf text = buf_upto(2 * SCRAM_TEXT_MAX);
    struct code code = {.selector = 7, .secret = "0123456789AB"};
    struct tls_facts facts = {0};
    char out[SCRAM_TEXT_MAX], *nonce;
    struct error err = {0};
    bool done;

    CU_ASSERT_FATAL(scram_client(&source, &code, &facts, &err));
    CU_ASSERT_FATAL(scram_step(source, "", out, &done, &err));
    CU_ASSERT_FATAL(text_base64_decode(&first, span_text(out), &err));
    CU_ASSERT_FATAL(buf_terminate(&first, &err));
    nonce = strstr((char *)first.at, ",r=");
    CU_ASSERT_PTR_NOT_NULL_FATAL(nonce);
    CU_ASSERT_FATAL(
        buf_print(&reply, &err, "%sXYZ,s=QUJDREVGR0g=,%s", nonce + 1, iterations));
    CU_ASSERT_FATAL(text_base64_encode(&text, buf_span(&reply), &err));
    CU_ASSERT_FATAL(buf_terminate(&text, &err));
    (void)!scram_step(source, (const char *)text.at, out, &done, &err);
    CU_ASSERT_FALSE(done);
    return err.msg;
}

static void a_client_does_no_absurd_work(void)
{
    CU_ASSERT_EQUAL(cost_told("i=4096"), E_NONE);
    CU_ASSERT_EQUAL(cost_told("i=600000"), E_NONE);
    CU_ASSERT_EQUAL(cost_told("i=4095"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("i=1"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("i=600001"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("i=4294971392"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("i=99999999999999999999"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("i=-4096"), E_SCRAM_COST);
    CU_ASSERT_EQUAL(cost_told("x=4096"), E_SCRAM_COST);
    CU_ASSERT_NOT_EQUAL(cost_told("i=4096x"), E_NONE);
    CU_ASSERT_NOT_EQUAL(cost_told("m=1,i=4096"), E_NONE);
    CU_ASSERT_NOT_EQUAL(cost_told(""), E_NONE);
}

/* No text of the peer's makes a step do anything but fail. */
static void garbage_fails_on_either_side(void)
{
    static const char *const bad[] = {"", "*", "AAAA", "bixhPSxuPTEscj0x", "biws", "cA=="};

    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(fixture_clear) struct fixture f;
        scoped(scram_free) struct scram *target = NULL;
        scoped(scram_free) struct scram *source = NULL;
        const unsigned char exporter[TLS_EXPORTER_BYTES] = {0};
        struct tls_facts facts = {0};
        struct error err = {0}, other = {0};
        char out[SCRAM_TEXT_MAX];
        bool done = true;

        fixture_make(&f, "");
        CU_ASSERT_FATAL(
            scram_server(&target, &f.state.db, f.proof.code.selector, exporter, &err));
        CU_ASSERT_FATAL(scram_client(&source, &f.proof.code, &facts, &err));
        if (bad[i][0] != '\0')
            CU_ASSERT_FALSE(scram_step(target, bad[i], out, &done, &err));
        CU_ASSERT_FATAL(scram_step(source, "", out, &done, &other));
        CU_ASSERT_FALSE(scram_step(source, bad[i], out, &done, &other));
        CU_ASSERT_FALSE(done);
    }
}

/* Without channel binding ("n,,"), or as another user than the selector asked about. */
static void a_client_without_the_channel_is_refused(void)
{
    static const char *const firsts[] = {
        "n,,n=7,r=abcdefghijklmnop",
        "y,,n=7,r=abcdefghijklmnop",
        "p=tls-unique,,n=7,r=abcdefghijklmnop",
    };

    for (size_t i = 0; i < COUNT(firsts); i++) {
        scoped(fixture_clear) struct fixture f;
        scoped(scram_free) struct scram *target = NULL;
        scoped(buf_clear) struct buf text = buf_upto(SCRAM_TEXT_MAX);
        const unsigned char exporter[TLS_EXPORTER_BYTES] = {0};
        char out[SCRAM_TEXT_MAX];
        struct error err = {0};
        bool done;

        fixture_make(&f, "");
        CU_ASSERT_FATAL(
            scram_server(&target, &f.state.db, f.proof.code.selector, exporter, &err));
        CU_ASSERT_FATAL(text_base64_encode(&text, span_text(firsts[i]), &err));
        CU_ASSERT_FATAL(buf_terminate(&text, &err));
        CU_ASSERT_FALSE(scram_step(target, (const char *)text.at, out, &done, &err));
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_code_is_proven_by_both_sides),
        TEST(a_wrong_secret_fails),
        TEST(a_selector_nobody_gave_out_fails),
        TEST(a_code_does_not_cross_connections),
        TEST(five_wrong_secrets_close_an_invitation),
        TEST(the_same_key_gets_the_same_grant_again),
        TEST(each_invitation_leads_to_its_own_grant),
        TEST(grants_of_one_second_do_not_mix),
        TEST(a_used_code_gives_the_newest_grant_unless_it_is_revoked),
        TEST(another_key_is_told_that_it_was_used),
        TEST(an_expired_invitation_is_refused),
        TEST(an_invitation_may_be_for_one_name),
        TEST(an_invitation_may_be_for_one_key),
        TEST(a_grant_that_fails_leaves_the_invitation_unused),
        TEST(an_old_invitation_is_forgotten),
        TEST(only_a_verifier_is_stored),
        TEST(a_client_does_no_absurd_work),
        TEST(garbage_fails_on_either_side),
        TEST(a_client_without_the_channel_is_refused),
    };

    return run_tests("authorize", tests, COUNT(tests));
}
