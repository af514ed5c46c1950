/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_json.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define TEXT_MAX 16384

/* What the view prints, in `out`. */
static void print(char out[TEXT_MAX], struct json_t *value)
{
    FILE *stream;

    memset(out, 0, TEXT_MAX);
    stream = fmemopen(out, TEXT_MAX - 1, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    view_json_print(stream, value);
    fclose(stream);
}

static void a_finding_has_the_fields_of_the_contract(void)
{
    struct error finding = {0};
    char text[TEXT_MAX];

    fail_at(&finding, E_ANCHOR_TWIN, 2, "a \"name\"");
    finding.severity = SEVERITY_WARNING;
    print(text, view_json_finding(&finding));
    CU_ASSERT_STRING_EQUAL(
        text, "{\"id\":\"PGC2030\",\"rule\":null,\"severity\":\"warning\",\"rung\":2,"
              "\"message\":\"Another anchor has the same name and a different key.\","
              "\"detail\":\"a \\\"name\\\"\",\"remedy\":\"Find out from the CA whether it "
              "was re-keyed; if so, run this again with --confirm-anchor.\","
              "\"ome\":{\"id\":\"CGEN1008\",\"args\":[\"Invalid certificate chain "
              "provided.\"]}}\n");
}

static void what_does_not_apply_is_null(void)
{
    struct error finding = {0};
    char text[TEXT_MAX];

    fail(&finding, E_CA_MISSING, "x");
    print(text, view_json_finding(&finding));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"rung\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"ome\":null"));
    CU_ASSERT_PTR_NULL(strstr(text, "\"side\""));
}

static void a_side_is_told_where_there_is_one(void)
{
    struct error finding = {0};
    char text[TEXT_MAX];

    fail(&finding, E_CA_MISSING, "x");
    finding.side = SIDE_SOURCE;
    print(text, view_json_finding(&finding));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"side\":\"source\""));
}

static void bytes_that_are_no_text_are_shown_escaped(void)
{
    struct error finding = {0};
    char text[TEXT_MAX];

    fail(&finding, E_CA_MISSING, "a\xff\x1b[2J");
    print(text, view_json_finding(&finding));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"detail\":\"a\\\\x"));
    CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
}

static void a_failure_is_one_object_on_one_line(void)
{
    struct error err = {0};
    char text[TEXT_MAX] = "";
    FILE *stream = fmemopen(text, sizeof(text) - 1, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fail(&err, E_CA_MISSING, "two\nlines");
    view_json_failure(stream, &err);
    fclose(stream);
    CU_ASSERT(strncmp(text, "{\"error\":{\"id\":\"PGC2040\"", 23) == 0);
    CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_ladder_is_an_array_of_rungs(void)
{
    scoped(chain_clear) struct chain chain = {0};
    char text[TEXT_MAX], hex[DIGEST_HEX];
    const char *at = text;
    size_t rungs = 0;

    case_chain(&chain, "good-ec-3-rungs");
    print(text, view_json_ladder(&chain));
    while ((at = strstr(at, "{\"issued_to\":")) != NULL) {
        at++;
        rungs++;
    }
    CU_ASSERT_EQUAL(rungs, chain.n);
    digest_hex(hex, &chain_root(&chain)->spki_sha256);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, hex));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"not_after\":\"20"));
}

static void rung_0_has_both_leaves_when_there_are_two(void)
{
    scoped(chain_clear) struct chain chain = {0}, other = {0};
    char text[TEXT_MAX], hex[DIGEST_HEX];
    struct json_t *rung;
    struct leaves leaves;

    case_chain(&chain, "good-ec-3-rungs");
    case_chain(&other, "good-rsa-2048");
    leaves = leaves_one(&chain);
    rung = view_json_rung(&chain.cert[0]);
    view_json_leaves(rung, &leaves);
    print(text, rung);
    CU_ASSERT_PTR_NULL(strstr(text, "leaves"));
    leaves = leaves_two(&chain, &other);
    rung = view_json_rung(&chain.cert[0]);
    view_json_leaves(rung, &leaves);
    print(text, rung);
    digest_hex(hex, &other.cert[0].sha256);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"leaves\":{\"server\":{"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, hex));
}

static void a_time_that_is_none_is_null(void)
{
    scoped(chain_clear) struct chain chain = {0};
    char text[TEXT_MAX];

    case_chain(&chain, "time-format-utc-month-13");
    print(text, view_json_ladder(&chain));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "null"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_finding_has_the_fields_of_the_contract),
        TEST(what_does_not_apply_is_null),
        TEST(a_side_is_told_where_there_is_one),
        TEST(bytes_that_are_no_text_are_shown_escaped),
        TEST(a_failure_is_one_object_on_one_line),
        TEST(a_ladder_is_an_array_of_rungs),
        TEST(rung_0_has_both_leaves_when_there_are_two),
        TEST(a_time_that_is_none_is_null),
    };

    return run_tests("view_json", tests, COUNT(tests));
}
