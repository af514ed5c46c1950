/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may stand in a record, and how it is shown. */
#include "agent/audit.h"
#include "agent/audit_json.h"
#include "base/mem.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOON 1813060800

static void kinds_have_names(void)
{
    enum audit_kind kind = AUDIT_CA;
    struct error err = {0};

    for (unsigned i = 0; i < AUDIT_KINDS; i++) {
        CU_ASSERT(audit_kind_named(&kind, audit_kind_name((enum audit_kind)i), &err));
        CU_ASSERT_EQUAL(kind, i);
    }
    CU_ASSERT_FALSE(audit_kind_named(&kind, "nonsense", &err));
    CU_ASSERT_EQUAL(err.msg, E_AUDIT_KIND);
}

static void strings_from_outside_are_escaped(void)
{
    scoped(state_db_clear) struct state_db f = {0};
    scoped(query_end) struct query row = {0};
    struct audit_entry entry = {
        .kind = AUDIT_CA,
        .event = "issue",
        .subject = "a\nb",
        .details =
            span_text("{\"name\":\"\\u202Egpj.exe\\n\",\"list\":[{\"x\":\"\\u001b\"}]}")};
    const enum audit_kind ca = AUDIT_CA;
    struct audit_record record;
    struct error err = {0};

    state_db_make(&f);
    CU_ASSERT_FATAL(audit_add(&f.db, NULL, &entry, NOON, &err));
    CU_ASSERT_FATAL(
        audit_list(&row, &f.db, &(struct audit_range){.since = NOON, .kind = &ca}, &err));
    CU_ASSERT_FATAL(query_next(&row, &err));
    CU_ASSERT(audit_read(&record, &row));
    CU_ASSERT_STRING_EQUAL(record.subject, "a\\u{a}b");
    CU_ASSERT_STRING_EQUAL(
        record.details,
        "{\"name\":\"\\\\u{202e}gpj.exe\\\\u{a}\",\"list\":[{\"x\":\"\\\\u{1b}\"}]}");
    CU_ASSERT_FALSE(query_next(&row, &err));
}

static void what_is_no_record_is_refused(void)
{
    scoped(state_db_clear) struct state_db f = {0};
    char *much = mem_zeroed(2 * AUDIT_DETAILS_MAX, 1);
    struct audit_entry entry = {.kind = AUDIT_CA, .event = "issue", .subject = ""};
    struct error err = {0}, word = {0}, kind = {0}, large = {0};

    state_db_make(&f);
    entry.details = span_text("not JSON");
    CU_ASSERT_FALSE(audit_add(&f.db, NULL, &entry, NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_JSON);
    memcpy(much, "{\"a\":[1", 7);
    for (size_t i = 7; i < 2 * AUDIT_DETAILS_MAX - 8; i += 2)
        memcpy(much + i, ",1", 2);
    memcpy(much + strlen(much), "]}", 2);
    entry.details = span_text(much);
    CU_ASSERT_FALSE(audit_add(&f.db, NULL, &entry, NOON, &large));
    CU_ASSERT_EQUAL(large.msg, E_TOO_LARGE);
    mem_free(much);
    entry.details = (struct span){0};
    entry.event = "Two words";
    CU_ASSERT_FALSE(audit_add(&f.db, NULL, &entry, NOON, &word));
    entry.event = "issue";
    entry.kind = AUDIT_KINDS;
    CU_ASSERT_FALSE(audit_add(&f.db, NULL, &entry, NOON, &kind));
    CU_ASSERT_EQUAL(kind.msg, E_AUDIT_KIND);
}

static void a_record_from_a_touched_database_is_shown_safely(void)
{
    const struct audit_record record = {.seq = 3,
                                        .at = NOON,
                                        .kind = "c\x1b[a",
                                        .event = "e",
                                        .subject = "s\n",
                                        .details = "no JSON"};
    char *text = NULL, *json = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    audit_text_show(out, &record);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "3  2027-06-15T12:00:00Z  c\\u{1b}[a e  s\\u{a}\n");
    out = open_memstream(&json, &n);
    audit_json_show(out, &record);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"details\":null"));
    free(text);
    free(json);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(kinds_have_names),
        TEST(strings_from_outside_are_escaped),
        TEST(what_is_no_record_is_refused),
        TEST(a_record_from_a_touched_database_is_shown_safely),
    };

    return run_tests("audit_json", tests, COUNT(tests));
}
