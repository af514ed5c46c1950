/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/upload.h"
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

/* An appliance with a self-signed identity and one pending request, and the answer to it.
 */
struct office {
    struct scratch scratch;
    struct state state;
    struct buf answer;
    char id[LEDGER_ID_MAX];
    size_t sans; /* names that are asked for; the CA sees one */
};

static void office_close(struct office *office)
{
    state_close(&office->state);
    buf_clear(&office->answer);
    scratch_clear(&office->scratch);
}

static void request_for(struct office *office, struct csr *csr, const char *purpose)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(buf_clear) struct buf seen = buf_upto(CSR_PEM_MAX);
    const char *const names[] = {"node.example.com", "left.example.com"};
    struct csr_wish wish = {.common_name = names[0], .san = names, .sans = office->sans};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, purpose, &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, &key, &err));
    wish.sans = 1;
    CU_ASSERT_FATAL(csr_make(&seen, &wish, &key, &err));
    CU_ASSERT_FATAL(csr_parse(csr, buf_span(&seen), &err));
    CU_ASSERT_FATAL(ledger_add(office->id, office->state.fd, &key, buf_span(&pem), purpose,
                               AT_NOON, &err));
}

static void request(struct office *office, struct csr *csr)
{
    request_for(office, csr, "migration");
}

static void office_open(struct office *office)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain self = {0}, answer = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(report_clear) struct report report = {0};
    const struct ca_plan plan = {.name = "Root", .intermediate = true, .now = AT_NOON};
    unsigned number = 0;
    struct error err = {0};

    *office = (struct office){.answer = buf_upto(CHAIN_FILE_MAX), .sans = 1};
    scratch_make(&office->scratch);
    CU_ASSERT_FATAL(state_make(&office->state, office->scratch.path, &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&self, &key, "node.example.com", AT_NOON, &err));
    CU_ASSERT_FATAL(identity_install(&number, office->state.fd, &key, &self,
                                     IDENTITY_SELF_SIGNED, "init", &err));
    CU_ASSERT_FATAL(ca_init(office->state.fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(&ca, office->state.fd, &err));
    request(office, &csr);
    CU_ASSERT_FATAL(ca_issue(&answer, &ca, &csr, 365, AT_NOON, &report, &err));
    CU_ASSERT_FATAL(chain_to_pem(&office->answer, &answer, &err));
}

static unsigned current(const struct office *office)
{
    scoped(identity_clear) struct identity identity = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(identity_load(&identity, office->state.fd, true, &err));
    return identity.number;
}

static const struct upload_wish chain_wish = {.occasion = OCCASION_UPLOAD, .now = AT_NOON};

static void an_answer_becomes_the_identity(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload upload = {0};
    scoped(trust_clear) struct trust trust = {0};
    struct error err = {0};

    office_open(&office);
    CU_ASSERT(upload_install(&upload, &office.state, buf_span(&office.answer), &chain_wish,
                             &err));
    CU_ASSERT(upload.accepted);
    CU_ASSERT_FALSE(upload.unchanged);
    CU_ASSERT_STRING_EQUAL(upload.answer.request, office.id);
    CU_ASSERT_EQUAL(upload.number, 2);
    CU_ASSERT_EQUAL(current(&office), 2);
    CU_ASSERT(trust_load(&trust, office.state.fd, &err));
    CU_ASSERT_EQUAL(trust.anchors.n, 1);
}

static void the_same_again_changes_nothing(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload first = {0}, again = {0};
    struct error err = {0};

    office_open(&office);
    CU_ASSERT(
        upload_install(&first, &office.state, buf_span(&office.answer), &chain_wish, &err));
    CU_ASSERT(
        upload_install(&again, &office.state, buf_span(&office.answer), &chain_wish, &err));
    CU_ASSERT(again.accepted);
    CU_ASSERT(again.unchanged);
    CU_ASSERT_EQUAL(current(&office), 2);
}

static void a_refused_file_changes_nothing(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload stranger = {0}, nonsense = {0};
    scoped(buf_clear) struct buf file = buf_upto(CHAIN_FILE_MAX);
    struct error err = {0};

    office_open(&office);
    case_file(&file, "good-ec-3-rungs");
    CU_ASSERT(upload_install(&stranger, &office.state, buf_span(&file), &chain_wish, &err));
    CU_ASSERT_FALSE(stranger.accepted);
    CU_ASSERT_EQUAL(stranger.number, 0);
    CU_ASSERT(
        upload_install(&nonsense, &office.state, span_text("nonsense"), &chain_wish, &err));
    CU_ASSERT_FALSE(nonsense.accepted);
    CU_ASSERT(nonsense.report.n > 0);
    CU_ASSERT_EQUAL(current(&office), 1);
}

static void a_dropped_request_has_lost_its_answer(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload upload = {0};
    struct error err = {0};

    office_open(&office);
    CU_ASSERT_FATAL(ledger_drop(office.state.fd, office.id, &err));
    CU_ASSERT(upload_install(&upload, &office.state, buf_span(&office.answer), &chain_wish,
                             &err));
    CU_ASSERT_FALSE(upload.accepted);
    CU_ASSERT_EQUAL(current(&office), 1);
}

/* What the CA makes of a request for one use, appended: leaf, intermediate, root. */
static void answer_for(struct office *office, struct buf *out, const char *purpose)
{
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain answer = {0};
    scoped(report_clear) struct report report = {0};
    struct error err = {0};

    request_for(office, &csr, purpose);
    CU_ASSERT_FATAL(ca_load(&ca, office->state.fd, &err));
    CU_ASSERT_FATAL(ca_issue(&answer, &ca, &csr, 365, AT_NOON, &report, &err));
    CU_ASSERT_FATAL(chain_to_pem(out, &answer, &err));
}

static void two_answers_are_one_identity(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload upload = {0}, renewed = {0}, ome = {0};
    scoped(identity_clear) struct identity first = {0}, second = {0};
    scoped(buf_clear) struct buf both = buf_upto(CHAIN_FILE_MAX);
    scoped(buf_clear) struct buf client = buf_upto(CHAIN_FILE_MAX);
    struct upload_wish wish = chain_wish;
    struct error err = {0};

    office_open(&office);
    answer_for(&office, &both, "server");
    answer_for(&office, &both, "client");
    wish.policy = POLICY_OME;
    CU_ASSERT(upload_install(&ome, &office.state, buf_span(&both), &wish, &err));
    CU_ASSERT_PTR_NOT_NULL(report_find(&ome.report, E_PAIR_SPLIT));
    wish.policy = POLICY_DEFAULT;
    CU_ASSERT(upload_install(&upload, &office.state, buf_span(&both), &wish, &err));
    CU_ASSERT(upload.accepted);
    CU_ASSERT_EQUAL(upload.report.n, 0);
    CU_ASSERT_STRING_EQUAL(upload.client_answer.purpose, "client");
    CU_ASSERT_FATAL(identity_load(&first, office.state.fd, true, &err));
    CU_ASSERT(identity_is_split(&first));
    /* One of the two anew. */
    answer_for(&office, &client, "client");
    wish.renews = LEAF_CLIENT;
    CU_ASSERT(upload_install(&renewed, &office.state, buf_span(&client), &wish, &err));
    CU_ASSERT(renewed.accepted);
    CU_ASSERT_FATAL(identity_load(&second, office.state.fd, true, &err));
    CU_ASSERT(digest_equal(&first.chain.cert[0].sha256, &second.chain.cert[0].sha256));
    CU_ASSERT_FALSE(digest_equal(&first.client_chain.cert[0].sha256,
                                 &second.client_chain.cert[0].sha256));
}

static void a_dropped_name_is_told_of_the_leaf_that_is_new(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload upload = {0}, renewed = {0};
    scoped(buf_clear) struct buf both = buf_upto(CHAIN_FILE_MAX);
    scoped(buf_clear) struct buf client = buf_upto(CHAIN_FILE_MAX);
    struct upload_wish wish = chain_wish;
    struct error err = {0};

    office_open(&office);
    office.sans = 2;
    answer_for(&office, &both, "server");
    office.sans = 1;
    answer_for(&office, &both, "client");
    CU_ASSERT(upload_install(&upload, &office.state, buf_span(&both), &wish, &err));
    CU_ASSERT_PTR_NOT_NULL(report_find(&upload.report, E_DIFF_SAN_DROPPED));
    answer_for(&office, &client, "client");
    wish.renews = LEAF_CLIENT;
    CU_ASSERT(upload_install(&renewed, &office.state, buf_span(&client), &wish, &err));
    CU_ASSERT(renewed.accepted);
    CU_ASSERT_PTR_NULL(report_find(&renewed.report, E_DIFF_SAN_DROPPED));
}

/* Half of it, or two that serve, is no identity. */
static void half_an_identity_is_refused(void)
{
    scoped(office_close) struct office office;
    scoped(upload_clear) struct upload half = {0}, twice = {0};
    scoped(buf_clear) struct buf file = buf_upto(CHAIN_FILE_MAX);
    struct error err = {0};

    office_open(&office);
    answer_for(&office, &file, "server");
    CU_ASSERT(upload_install(&half, &office.state, buf_span(&file), &chain_wish, &err));
    CU_ASSERT_FALSE(half.accepted);
    CU_ASSERT_PTR_NOT_NULL(report_find(&half.report, E_EKU_SERVER_ONLY));
    answer_for(&office, &file, "server");
    CU_ASSERT(upload_install(&twice, &office.state, buf_span(&file), &chain_wish, &err));
    CU_ASSERT_FALSE(twice.accepted);
    CU_ASSERT_EQUAL(current(&office), 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_answer_becomes_the_identity),
        TEST(the_same_again_changes_nothing),
        TEST(a_refused_file_changes_nothing),
        TEST(a_dropped_request_has_lost_its_answer),
        TEST(a_dropped_name_is_told_of_the_leaf_that_is_new),
        TEST(two_answers_are_one_identity),
        TEST(half_an_identity_is_refused),
    };

    return run_tests("upload", tests, COUNT(tests));
}
