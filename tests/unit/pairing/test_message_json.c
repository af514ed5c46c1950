/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks, answers and signed bytes; hello, nonce and verdict are with the conversation. */
#include "base/text.h"
#include "pairing/message_json.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define TOO_LONG "00000000000000000000000000000000000000000000"

static void asks_survive_the_wire(void)
{
    const struct authorize_ask asks[] = {
        {.method = AUTHORIZE_CODE,
         .name = "da\"t\\a \xc3\xa9",
         .selector = (1U << 30) - 1,
         .scram = "biws"},
        {.method = AUTHORIZE_AGAIN, .name = "data", .migration = "m-abc"},
        {.method = AUTHORIZE_CODE, .name = "data", .migration = "m-abc", .scram = "biws"},
        {.method = AUTHORIZE_PASSWORD, .name = "data", .user = "root", .scram = "biws"},
        {.method = AUTHORIZE_WAIT, .name = "data"},
        {.method = AUTHORIZE_WAIT, .name = "data", .migration = "m-abc"},
        {.method = AUTHORIZE_WAIT, .name = "data", .purpose = PURPOSE_MOVE},
        {.method = AUTHORIZE_AGAIN,
         .name = "data",
         .migration = "m-abc",
         .purpose = PURPOSE_MEASURE},
    };

    for (size_t i = 0; i < COUNT(asks); i++) {
        scoped(buf_clear) struct buf text = buf_upto(PAIR_MESSAGE_MAX);
        struct authorize_ask read = {0};
        struct error err = {0};

        CU_ASSERT_FATAL(message_write_ask(&text, &asks[i], &err));
        CU_ASSERT_FATAL(message_read_ask(&read, buf_span(&text), &err));
        CU_ASSERT_EQUAL(memcmp(&read, &asks[i], sizeof(read)), 0);
    }
}

static void bad_asks_are_refused(void)
{
    static const char *const bad[] = {
        "{}",
        "{\"method\":\"code\",\"name\":\"a\",\"selector\":1}",
        "{\"method\":\"code\",\"name\":\"a\",\"scram\":\"\"}",
        "{\"method\":\"code\",\"name\":\"a\",\"selector\":1073741824,\"scram\":\"\"}",
        "{\"method\":\"code\",\"name\":\"a\",\"selector\":-1,\"scram\":\"\"}",
        "{\"method\":\"code\",\"selector\":1,\"scram\":\"\"}",
        "{\"method\":\"again\",\"name\":\"a\"}",
        "{\"method\":\"password\",\"name\":\"a\",\"user\":\"root\"}",
        "{\"method\":\"password\",\"name\":\"a\",\"scram\":\"\"}",
        "{\"method\":\"password\",\"name\":\"a\",\"scram\":\"\",\"user\":\"" TOO_LONG "\"}",
        "{\"method\":\"wait\"}",
        "{\"method\":\"wait\",\"name\":\"a\",\"migration\":7}",
        "{\"method\":\"wait\",\"name\":\"a\",\"nowhere\":\"yes\"}",
        "{\"method\":\"wait\",\"name\":\"a\",\"nowhere\":null}",
        "{\"method\":\"trust-me\",\"name\":\"a\",\"migration\":\"m-1\"}",
        "{\"method\":\"again\",\"name\":\"a\",\"migration\":\"m-" TOO_LONG "\"}",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct authorize_ask ask = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(message_read_ask(&ask, span_text(bad[i]), &err));
        CU_ASSERT_EQUAL(err.msg, E_JSON);
    }
}

static void answers_survive_the_wire(void)
{
    const struct authorize_answer granted = {.scram = "dj1h",
                                             .granted = true,
                                             .grant = {.id = "g-abc",
                                                       .migration = "m-def",
                                                       .byte_ceiling = INT64_MAX,
                                                       .issued = 5,
                                                       .expires = 6}};
    const struct authorize_answer more = {.scram = "cj0x"};
    scoped(buf_clear) struct buf first = buf_upto(4096);
    scoped(buf_clear) struct buf second = buf_upto(4096);
    struct authorize_answer read = {0}, other = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(message_write_answer(&first, &granted, &err));
    CU_ASSERT_FATAL(message_read_answer(&read, buf_span(&first), &err));
    CU_ASSERT(read.granted);
    CU_ASSERT_STRING_EQUAL(read.grant.migration, "m-def");
    CU_ASSERT_EQUAL(read.grant.byte_ceiling, INT64_MAX);
    CU_ASSERT_FATAL(message_write_answer(&second, &more, &err));
    CU_ASSERT_FATAL(message_read_answer(&other, buf_span(&second), &err));
    CU_ASSERT_FALSE(other.granted);
}

/* Ids become parts of paths and statements: only what a target of ours would make. */
static void a_grants_ids_are_plain(void)
{
    static const char *const bad[] = {
        "\"g-\"",        "\"m-1\"", "\"g-A\"",  "\"g-a/b\"", "\"g-..\"",
        "\"g-\\u00e9\"", "\"g a\"", "\"g--a\"", "7",         "null",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(buf_clear) struct buf text = buf_upto(4096);
        struct authorize_answer answer = {0};
        struct error err = {0}, none = {0};

        CU_ASSERT_FATAL(buf_print(&text, &none,
                                  "{\"scram\":\"\",\"grant\":{\"id\":%s,\"migration\":"
                                  "\"m-1\",\"byte_ceiling\":1,\"issued\":1,\"expires\":2}}",
                                  bad[i]));
        CU_ASSERT_FALSE(message_read_answer(&answer, buf_span(&text), &err));
        CU_ASSERT_EQUAL(err.msg, E_JSON);
    }
}

static void signed_bytes_are_carried_exactly(void)
{
    static const unsigned char body[] = {0, 1, 0xff, '{', '\n'};
    scoped(buf_clear) struct buf text = buf_upto(4096);
    scoped(buf_clear) struct buf read = buf_upto(sizeof(body));
    scoped(buf_clear) struct buf signature = buf_upto(16);
    scoped(buf_clear) struct buf small = buf_upto(sizeof(body) - 1);
    scoped(buf_clear) struct buf spare = buf_upto(16);
    struct error err = {0}, large = {0};

    CU_ASSERT_FATAL(
        message_write_signed(&text, span_of(body, sizeof(body)), span_text("sig"), &err));
    CU_ASSERT(message_read_signed(&read, &signature, buf_span(&text), &err));
    CU_ASSERT(span_equal(buf_span(&read), span_of(body, sizeof(body))));
    CU_ASSERT(span_equal(buf_span(&signature), span_text("sig")));
    CU_ASSERT_FALSE(message_read_signed(&small, &spare, buf_span(&text), &large));
}

static void findings_survive_the_wire(void)
{
    scoped(report_clear) struct report report = {0}, read = {0};
    scoped(buf_clear) struct buf text = buf_upto(4096);
    struct error finding = {.side = SIDE_SOURCE}, err = {0};

    fail(&finding, E_NOT_PAIRED, "m-1");
    report_add(&report, &finding);
    CU_ASSERT_FATAL(message_write_findings(&text, &report, &err));
    CU_ASSERT_FATAL(message_read_findings(&read, buf_span(&text), &err));
    CU_ASSERT_EQUAL_FATAL(read.n, 1);
    CU_ASSERT_EQUAL(read.item[0].msg, E_NOT_PAIRED);
    CU_ASSERT_STRING_EQUAL(read.item[0].about, "m-1");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(asks_survive_the_wire),
        TEST(bad_asks_are_refused),
        TEST(answers_survive_the_wire),
        TEST(a_grants_ids_are_plain),
        TEST(signed_bytes_are_carried_exactly),
        TEST(findings_survive_the_wire),
    };

    return run_tests("message_json", tests, COUNT(tests));
}
