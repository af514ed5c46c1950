/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict reading: what is not exactly as promised is refused by name. */
#include "base/text.h"
#include "pairing/json.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static bool opens(const char *text, size_t n)
{
    scoped(json_drop) struct json_t *object = NULL;
    struct error err = {0};
    bool good = json_open(&object, span_of(text, n), &err);

    CU_ASSERT_EQUAL(good, err.msg == E_NONE);
    CU_ASSERT(good || err.msg == E_JSON);
    return good;
}

static void only_one_whole_object_is_read(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{",
        "{}}",
        "{} {}",
        "{}x",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":01}",
        "{\"a\":1e999}",
        "{\"a\":tru}",
        "{a:1}",
        "// x\n{}",
        "{\"a\":1,\"a\":1}",
        "{\"b\":{\"a\":1,\"a\":2}}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":99999999999999999999}",
        "\xef\xbb\xbf{}",
    };

    CU_ASSERT(opens("{}", 2));
    CU_ASSERT(opens(" {\"a\":[{}]} \r\n", 14));
    CU_ASSERT_FALSE(opens("{}\0", 3));
    for (size_t i = 0; i < COUNT(bad); i++)
        CU_ASSERT_FALSE(opens(bad[i], strlen(bad[i])));
}

static void depth_is_no_weapon(void)
{
    static char deep[200000];

    memset(deep, '[', sizeof(deep));
    memcpy(deep, "{\"a\":", 5);
    CU_ASSERT_FALSE(opens(deep, sizeof(deep)));
}

/* An object with one field "f" of this value. */
static struct json_t *with(const char *value)
{
    scoped(buf_clear) struct buf text = buf_upto(4096);
    struct json_t *object = NULL;
    struct error err = {0};

    CU_ASSERT_FATAL(buf_print(&text, &err, "{\"f\":%s}", value));
    CU_ASSERT_FATAL(json_open(&object, buf_span(&text), &err));
    return object;
}

static void numbers_are_whole_and_bounded(void)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {{"0", true},      {"10", true},    {"-1", false},
                 {"11", false},    {"1.0", false},  {"1e1", false},
                 {"\"1\"", false}, {"null", false}, {"true", false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(json_drop) struct json_t *object = with(cases[i].value);
        struct error err = {0};
        int64_t out = 0;

        CU_ASSERT_EQUAL(json_get_int(&out, object, "f", 0, 10, &err), cases[i].good);
    }
}

static void texts_fit_or_are_refused(void)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {{"\"\"", true},          {"\"abc\"", true}, {"\"abcd\"", false},
                 {"\"a\\u0000\"", false}, {"3", false},      {"[]", false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(json_drop) struct json_t *object = NULL;
        scoped(buf_clear) struct buf text = buf_upto(64);
        struct error err = {0};
        char out[4];

        /* jansson itself refuses \u0000, which is as good. */
        CU_ASSERT_FATAL(buf_print(&text, &err, "{\"f\":%s}", cases[i].value));
        CU_ASSERT_EQUAL(json_open(&object, buf_span(&text), &err) &&
                            json_get_text(out, sizeof(out), object, "f", &err),
                        cases[i].good);
    }
}

static void digests_and_bytes_are_exact(void)
{
    scoped(json_drop) struct json_t *hex = with("\"00112233445566778899aabbccddeeff"
                                                "00112233445566778899aabbccddeeff\"");
    scoped(json_drop) struct json_t *odd = with("\"0011\"");
    scoped(json_drop) struct json_t *base64 = with("\"aGVsbG8=\"");
    scoped(json_drop) struct json_t *loose = with("\"aGVsbG8\"");
    scoped(json_drop) struct json_t *lines = with("\"aGVs\\nbG8=\"");
    struct json_t *const bad[] = {loose, lines};
    struct digest digest;
    struct error err = {0};

    CU_ASSERT(json_get_digest(&digest, hex, "f", &err));
    CU_ASSERT_EQUAL(digest.byte[31], 0xff);
    CU_ASSERT_FALSE(json_get_digest(&digest, odd, "f", &(struct error){0}));
    CU_ASSERT_FALSE(json_get_digest(&digest, odd, "g", &(struct error){0}));
    {
        scoped(buf_clear) struct buf five = buf_upto(5);
        scoped(buf_clear) struct buf four = buf_upto(4);

        CU_ASSERT(json_get_bytes(&five, base64, "f", &err));
        CU_ASSERT(span_equal(buf_span(&five), span_text("hello")));
        CU_ASSERT_FALSE(json_get_bytes(&four, base64, "f", &(struct error){0}));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(buf_clear) struct buf out = buf_upto(64);

        CU_ASSERT_FALSE(json_get_bytes(&out, bad[i], "f", &(struct error){0}));
    }
}

static void a_missing_field_is_named(void)
{
    scoped(json_drop) struct json_t *object = with("1");
    struct error err = {0};
    bool out;

    CU_ASSERT_FALSE(json_get_bool(&out, object, "paired", &err));
    CU_ASSERT_EQUAL(err.msg, E_JSON);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "'paired'"));
}

static void a_finding_survives_the_wire(void)
{
    struct error finding = {0}, read = {0}, err = {0};
    scoped(json_drop) struct json_t *object = NULL;

    fail_at(&finding, E_LADDER_NAME, 3, "source '%s'", "a\x1b[31m");
    finding.severity = SEVERITY_WARNING;
    finding.side = SIDE_TARGET;
    object = json_finding(&finding);
    CU_ASSERT(json_read_finding(&read, object, &err));
    CU_ASSERT_EQUAL(read.msg, E_LADDER_NAME);
    CU_ASSERT_EQUAL(read.severity, SEVERITY_WARNING);
    CU_ASSERT_EQUAL(read.side, SIDE_TARGET);
    CU_ASSERT(read.has_rung && read.rung == 3);
    CU_ASSERT_PTR_NULL(strchr(read.about, '\x1b'));
}

/* What a newer peer says is kept in its own words; what is not said well counts as worst.
 */
static void an_unknown_finding_keeps_its_words(void)
{
    static const char text[] = "{\"findings\":[{\"id\":\"ZZZ1\",\"severity\":\"odd\","
                               "\"side\":\"none\",\"rung\":-1,\"message\":\"words\","
                               "\"detail\":\"more\"}]}";
    scoped(json_drop) struct json_t *object = NULL;
    scoped(report_clear) struct report report = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(json_open(&object, span_text(text), &err));
    CU_ASSERT_FATAL(json_read_findings(&report, object, &err));
    CU_ASSERT_EQUAL_FATAL(report.n, 1);
    CU_ASSERT_EQUAL(report.item[0].msg, E_PEER_SAYS);
    CU_ASSERT_EQUAL(report.item[0].severity, SEVERITY_ERROR);
    CU_ASSERT_FALSE(report.item[0].has_rung);
    CU_ASSERT_PTR_NOT_NULL(strstr(report.item[0].about, "ZZZ1: words: more"));
}

static void a_list_of_findings_has_ends(void)
{
    scoped(report_clear) struct report many = {0};
    scoped(buf_clear) struct buf text = buf_upto(64);
    struct error err = {0};

    for (unsigned i = 0; i < 50; i++) {
        struct error finding = {0};

        fail_at(&finding, E_LADDER_NAME, i, "%0100u", i);
        report_add(&many, &finding);
    }
    {
        scoped(json_drop) struct json_t *list = json_findings_within(&many, 2000);
        scoped(buf_clear) struct buf out = buf_upto(2100);
        struct json_t *kept = list;

        list = NULL;
        CU_ASSERT(json_write(&out, kept, &err));
        CU_ASSERT(out.n > 1000);
    }
    CU_ASSERT_FALSE(json_write(&text, json_findings(&many), &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(only_one_whole_object_is_read), TEST(depth_is_no_weapon),
        TEST(numbers_are_whole_and_bounded), TEST(texts_fit_or_are_refused),
        TEST(digests_and_bytes_are_exact),   TEST(a_missing_field_is_named),
        TEST(a_finding_survives_the_wire),   TEST(an_unknown_finding_keeps_its_words),
        TEST(a_list_of_findings_has_ends),
    };

    return run_tests("fields_json", tests, COUNT(tests));
}
