/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cases of x509-limbo, where they are at hand, held against tests/data/limbo.expected:
 * what we say, what is expected, and why where the two differ. They are read from
 * ../shared/limbo beside the source tree, or from the file PAIRGATE_LIMBO names;
 * PAIRGATE_LIMBO_PRINT=1 prints the list anew.
 */
#include "base/fs.h"
#include "base/text.h"
#include "certs/validate.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 8
#define EXPECTED_MAX 65536
#define AGREE_MIN 112

static const char *limbo_file(void)
{
    const char *named = getenv("PAIRGATE_LIMBO");

    return named != NULL ? named : TEST_DATA "/../../../shared/limbo/limbo.json";
}

/* Nothing that cannot be parsed is ever a candidate. */
static void add_cert(struct chain *out, const json_t *pem)
{
    scoped(chain_clear) struct chain one = {0};
    struct error err = {0};

    if (chain_parse(&one, span_text(json_string_value(pem)), &err) && one.n == 1)
        CU_ASSERT_TRUE_FATAL(chain_add_der(out, buf_span(&one.cert[0].der), &err));
}

static void add_certs(struct chain *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        add_cert(out, json_array_get(list, i));
}

static bool add_lists(struct crls *out, const json_t *list)
{
    struct error err = {0};

    for (size_t i = 0; i < json_array_size(list); i++)
        if (!crls_parse(out, span_text(json_string_value(json_array_get(list, i))), &err))
            return false;
    return true;
}

/* "2024-04-01T00:00:00.005+00:00", always in UTC; the corpus was valid in 2026 otherwise.
 */
static time_t time_of(const json_t *value)
{
    struct error err = {0};
    char text[TIME_TEXT_MAX];
    time_t at = 1780000000;

    if (json_is_null(value))
        return at;
    snprintf(text, sizeof(text), "%.19sZ", json_string_value(value));
    CU_ASSERT_TRUE_FATAL(text_time(&at, text, &err));
    return at;
}

static size_t names_of(const char *out[NAMES_MAX], const json_t *given)
{
    const json_t *one = json_object_get(given, "expected_peer_name");
    const json_t *all = json_object_get(given, "expected_peer_names");
    size_t n = 0;

    if (json_is_object(one))
        out[n++] = json_string_value(json_object_get(one, "value"));
    for (size_t i = 0; i < json_array_size(all) && n < NAMES_MAX; i++)
        out[n++] = json_string_value(json_object_get(json_array_get(all, i), "value"));
    return n;
}

static const char *text_of(const json_t *given, const char *key)
{
    return json_string_value(json_object_get(given, key));
}

static bool accepts(const json_t *given)
{
    scoped(chain_clear) struct chain leaf = {0};
    scoped(chain_clear) struct chain untrusted = {0};
    scoped(chain_clear) struct chain anchors = {0};
    scoped(crls_clear) struct crls crls = {0};
    scoped(report_clear) struct report report = {0};
    const json_t *depth = json_object_get(given, "max_chain_depth");
    const json_t *lists = json_object_get(given, "crls");
    const char *names[NAMES_MAX];
    struct question question = {.untrusted = &untrusted,
                                .anchors = &anchors,
                                .crls = json_array_size(lists) > 0 ? &crls : NULL,
                                .names = names};
    struct answer answer = {0};

    add_cert(&leaf, json_object_get(given, "peer_certificate"));
    add_certs(&untrusted, json_object_get(given, "untrusted_intermediates"));
    add_certs(&anchors, json_object_get(given, "trusted_certs"));
    if (leaf.n == 0 || !add_lists(&crls, lists))
        return false;
    question.leaf = &leaf.cert[0];
    question.purpose = text_equal(text_of(given, "validation_kind"), "SERVER")
                           ? PURPOSE_SERVER
                           : PURPOSE_CLIENT;
    question.now = time_of(json_object_get(given, "validation_time"));
    question.names_n = names_of(names, given);
    question.has_depth = json_is_integer(depth);
    question.depth = (unsigned)json_integer_value(depth);
    validate(&answer, &question, &report);
    if (getenv("PAIRGATE_LIMBO_PRINT") != NULL && !answer.valid)
        for (size_t i = 0; i < report.n; i++)
            if (report.item[i].severity == SEVERITY_ERROR)
                fprintf(stderr, "%s: %s %s\n", text_of(given, "id"),
                        message_of(report.item[i].msg)->id, report.item[i].about);
    CU_ASSERT_EQUAL(answer.valid, report_errors(&report) == 0);
    return answer.valid;
}

/* No acceptance of what must fail, whatever the list says. */
static bool is_strict_group(const char *id)
{
    return text_starts(id, "rfc5280::") || text_starts(id, "pathlen::") ||
           text_starts(id, "pathological::") || text_starts(id, "cve::") ||
           text_starts(id, "invalid::");
}

/* The list has the line "id ours expected", with a reason behind it if the two differ. */
static void is_listed(struct span list, const char *id, const char *ours,
                      const char *expected)
{
    char line[256];
    size_t at = 0;

    snprintf(line, sizeof(line), "\n%s %s %s%s", id, ours, expected,
             text_equal(ours, expected) ? "\n" : ": ");
    CU_ASSERT_TRUE(span_find(list, line, &at));
    if (!span_find(list, line, &at))
        fprintf(stderr, "not in limbo.expected:%s\n", line);
}

static void every_case_ends_as_listed(void)
{
    scoped(buf_clear) struct buf list = buf_upto(EXPECTED_MAX);
    json_t *all = json_load_file(limbo_file(), 0, NULL);
    const json_t *cases = json_object_get(all, "testcases");
    struct error err = {0};
    size_t agreed = 0;

    CU_ASSERT_TRUE_FATAL(fs_read(&list, TEST_DATA "/limbo.expected", &err));
    CU_ASSERT_TRUE_FATAL(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *given = json_array_get(cases, i);
        const char *id = text_of(given, "id");
        const char *expected = text_of(given, "expected_result");
        const char *ours = accepts(given) ? "SUCCESS" : "FAILURE";

        agreed += text_equal(ours, expected);
        CU_ASSERT_FALSE(is_strict_group(id) && text_equal(expected, "FAILURE") &&
                        text_equal(ours, "SUCCESS"));
        is_listed(buf_span(&list), id, ours, expected);
        if (getenv("PAIRGATE_LIMBO_PRINT") != NULL)
            printf("%s %s %s%s\n", id, ours, expected,
                   text_equal(ours, expected) ? "" : ": ?");
    }
    printf("x509-limbo: %zu of %zu cases agree.\n", agreed, json_array_size(cases));
    CU_ASSERT_TRUE(agreed >= AGREE_MIN);
    json_decref(all);
}

int main(void)
{
    static const struct test tests[] = {TEST(every_case_ends_as_listed)};
    FILE *file = fopen(limbo_file(), "r");

    if (file == NULL) {
        printf("skipped: %s is not there\n", limbo_file());
        return 77; /* what ctest takes for skipped */
    }
    fclose(file);
    return run_tests("limbo", tests, COUNT(tests));
}
