/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of a request: what is read, and what is refused by name. */
#include "agent/api_values.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static const struct api_param params[] = {
    {.name = "id", .in = API_PATH, .type = API_TEXT, .required = true},
    {.name = "deep", .in = API_QUERY, .type = API_FLAG},
    {.name = "tag", .in = API_QUERY, .type = API_LIST},
    {.name = "days", .in = API_BODY, .type = API_NUMBER},
    {.name = "policy", .in = API_BODY, .type = API_TEXT, .one_of = "ome|strict"},
    {.name = "pem", .in = API_BODY, .type = API_LINES, .max = 16, .required = true},
    {.name = "p12", .in = API_BODY, .type = API_BYTES},
    {.name = "force", .in = API_BODY, .type = API_FLAG},
    {.name = "san", .in = API_BODY, .type = API_LIST},
    {0},
};
static const struct api_route route = {
    .method = "POST", .path = "/x/{id}", .params = params};
static const struct api_route ome = {
    .method = "POST", .path = "/x/{id}", .params = params, .dialect = API_OME};

static const struct api_path here = {.word = {{"id", "r-1"}}, .n = 1};

/* All values as "name=value;" in their order, or the id of the refusal. */
static const char *read_as(const struct api_route *row, const char *query, const char *body)
{
    static char said[1024];
    scoped(api_values_clear) struct api_values values = {0};
    struct error err = {0};

    said[0] = '\0';
    if (!api_values_read(&values, row, &here, query, span_text(body), &err)) {
        snprintf(said, sizeof(said), "%s %s", message_of(err.msg)->id, err.about);
        return said;
    }
    for (size_t i = 0; i < values.n; i++)
        snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s=%s;",
                 values.value[i].param->name, (const char *)values.value[i].bytes.at);
    return said;
}

#define READS(query, body, want) CU_ASSERT_STRING_EQUAL(read_as(&route, query, body), want)

static void everything_is_read_in_the_order_of_the_row(void)
{
    READS("", "{\"pem\":\"a\\nb\"}", "id=r-1;pem=a\nb;");
    READS("tag=a&tag=b%20c&deep=true",
          "{\"san\":[\"x\",\"y\"],\"force\":false,\"pem\":\"\",\"days\":30,"
          "\"policy\":\"strict\",\"p12\":\"aGk=\"}",
          "id=r-1;tag=a;tag=b c;deep=true;days=30;policy=strict;pem=;p12=hi;force=false;"
          "san=x;san=y;");
}

static void a_value_of_another_type_is_refused(void)
{
    READS("", "{\"pem\":1}", "PGA2801 pem: a string is wanted");
    READS("", "{\"pem\":null}", "PGA2801 pem: a string is wanted");
    READS("", "{\"pem\":\"\",\"days\":\"30\"}",
          "PGA2801 days: a whole number from 0 is wanted");
    READS("", "{\"pem\":\"\",\"days\":-1}",
          "PGA2801 days: a whole number from 0 is wanted");
    READS("", "{\"pem\":\"\",\"days\":1.5}",
          "PGA2801 days: a whole number from 0 is wanted");
    READS("", "{\"pem\":\"\",\"force\":1}", "PGA2801 force: true or false is wanted");
    READS("", "{\"pem\":\"\",\"san\":\"x\"}", "PGA2801 san: an array of strings is wanted");
    READS("", "{\"pem\":\"\",\"san\":[[]]}", "PGA2801 san: an array of strings is wanted");
    READS("", "{\"pem\":\"\",\"p12\":\"a!\"}", "PGA2801 p12: not base64");
    READS("deep=yes", "{\"pem\":\"\"}", "PGA2801 deep: true or false is wanted");
}

static void a_value_out_of_bounds_is_refused(void)
{
    READS("", "{\"pem\":\"12345678901234567\"}", "PGA2801 pem: more than 16 bytes");
    READS("", "{\"pem\":\"\",\"policy\":\"str\"}",
          "PGA2801 policy: one of ome|strict is wanted");
    READS("", "{\"pem\":\"\",\"policy\":\"\"}",
          "PGA2801 policy: one of ome|strict is wanted");
    READS("", "{\"pem\":\"\",\"san\":[\"a\\u001bb\"]}", "PGA2801 san: a control character");
    READS("tag=%00", "{\"pem\":\"\"}",
          "PGA2801 the query is not percent-encoded UTF-8, or too long");
    READS("tag=%4", "{\"pem\":\"\"}",
          "PGA2801 the query is not percent-encoded UTF-8, or too long");
    READS("tag=%ff", "{\"pem\":\"\"}",
          "PGA2801 the query is not percent-encoded UTF-8, or too long");
    READS("deep=true&deep=true", "{\"pem\":\"\"}", "PGA2801 deep: given twice");
}

static void names_that_are_unknown_or_missing_are_refused(void)
{
    READS("", "{}", "PGA2803 pem");
    READS("", "", "PGA2803 pem");
    READS("", "{\"pem\":\"\",\"Days\":3}", "PGA2802 the body has 'Days'");
    READS("days=3", "{\"pem\":\"\"}", "PGA2802 the query has 'days'");
    READS("", "{\"pem\":\"\",\"id\":\"r-2\"}", "PGA2802 the body has 'id'");
    CU_ASSERT_STRING_EQUAL(
        read_as(&ome, "$top=1", "{\"pem\":\"p\",\"Days\":3,\"days\":null}"),
        "id=r-1;pem=p;");
}

static void a_body_that_is_no_object_is_refused(void)
{
    CU_ASSERT(text_starts(read_as(&route, "", "[]"), message_of(E_JSON)->id));
    CU_ASSERT(text_starts(read_as(&route, "", "{\"pem\""), message_of(E_JSON)->id));
    CU_ASSERT(text_starts(read_as(&route, "", "{\"pem\":\"\",\"pem\":\"\"}"),
                          message_of(E_JSON)->id));
    CU_ASSERT(
        text_starts(read_as(&route, "", "{\"pem\":\"\",\"days\":99999999999999999999}"),
                    message_of(E_JSON)->id));
}

static void a_list_has_an_end(void)
{
    char body[4096] = "{\"pem\":\"\",\"san\":[\"\"";

    for (int i = 0; i < API_VALUES_MAX; i++)
        strcat(body, ",\"\"");
    strcat(body, "]}");
    CU_ASSERT(text_starts(read_as(&route, "", body), "PGA2801 san: more than"));
}

static void a_raw_body_is_taken_as_it_is(void)
{
    static const struct api_param raw[] = {
        {.name = "file", .in = API_RAW, .type = API_BYTES, .max = 4}, {0}};
    static const struct api_route row = {.method = "POST", .path = "/x", .params = raw};

    CU_ASSERT_STRING_EQUAL(read_as(&row, "", "{\"a\""), "file={\"a\";");
    CU_ASSERT_STRING_EQUAL(read_as(&row, "", "{\"a\":"), "PGA2801 file: more than 4 bytes");
}

int main(void)
{
    const struct test tests[] = {
        TEST(everything_is_read_in_the_order_of_the_row),
        TEST(a_value_of_another_type_is_refused),
        TEST(a_value_out_of_bounds_is_refused),
        TEST(names_that_are_unknown_or_missing_are_refused),
        TEST(a_body_that_is_no_object_is_refused),
        TEST(a_list_has_an_end),
        TEST(a_raw_body_is_taken_as_it_is),
    };

    return run_tests("api_values", tests, COUNT(tests));
}
