/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/table_json.h"

#include "base/digest.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdint.h>

struct thing {
    char text[8];
    char name[8];
    uint64_t count;
    unsigned number;
    int64_t time;
    bool flag;
    struct digest digest;
    enum digest_kind kind;
    struct buf bytes;
};

static const struct field_row fields[] = {
    FIELD("text", AS_TEXT, thing, text),       FIELD("name", AS_NAME, thing, name),
    FIELD("count", AS_COUNT, thing, count),    FIELD("number", AS_NUMBER, thing, number),
    FIELD("time", AS_TIME, thing, time),       FIELD("flag", AS_FLAG, thing, flag),
    FIELD("digest", AS_DIGEST, thing, digest), FIELD("kind", AS_KIND, thing, kind),
    FIELD("bytes", AS_BYTES, thing, bytes),    FIELD_END,
};

#define HEX64 "ff00000000000000000000000000000000000000000000000000000000000000"
#define GOOD                                                                               \
    "{\"text\":\"t\",\"name\":\"n\",\"count\":5,\"number\":6,"                             \
    "\"time\":\"2027-06-15T12:00:00Z\",\"flag\":true,\"digest\":\"" HEX64                  \
    "\",\"kind\":\"sha256\",\"bytes\":\"aGk=\"}"

static bool reads(const char *text, struct thing *out)
{
    struct error err = {0};
    const bool good = table_read(out, fields, NULL, span_text(text), E_STATEMENT_BAD, &err);

    CU_ASSERT(good || err.msg == E_STATEMENT_BAD);
    return good;
}

static bool refused(const char *text)
{
    struct thing thing = {.bytes = buf_upto(16)};
    const bool good = reads(text, &thing);

    buf_clear(&thing.bytes);
    return !good;
}

static void every_type_is_read_and_written(void)
{
    scoped(buf_clear) struct buf text = buf_upto(1024);
    struct thing thing = {.bytes = buf_upto(16)};
    struct error err = {0};

    CU_ASSERT_FATAL(reads(GOOD, &thing));
    CU_ASSERT(thing.count == 5 && thing.number == 6 && thing.time == 1813060800);
    CU_ASSERT(thing.flag && thing.kind == DIGEST_SHA256 && thing.digest.byte[0] == 255);
    CU_ASSERT(span_equal(buf_span(&thing.bytes), span_text("hi")));
    CU_ASSERT_FATAL(table_write(&text, fields, NULL, &thing, &err));
    CU_ASSERT(span_equal(buf_span(&text), span_text(GOOD)));
    buf_clear(&thing.bytes);
}

static void what_is_no_object_is_refused(void)
{
    CU_ASSERT(refused("") && refused("[]") && refused("null") && refused(GOOD "x"));
}

static void a_missing_or_doubled_field_is_refused(void)
{
    CU_ASSERT(refused("{}"));
    CU_ASSERT(refused("{\"text\":\"t\",\"text\":\"t\"}"));
}

/* GOOD with one field of another value. */
static bool refused_with(const char *was, const char *is)
{
    scoped(buf_clear) struct buf text = buf_upto(1024);
    struct error err = {0};
    size_t at = 0;

    CU_ASSERT_FATAL(span_find(span_text(GOOD), was, &at));
    CU_ASSERT_FATAL(buf_add(&text, span_head(span_text(GOOD), at), &err) &&
                    buf_add_text(&text, is, &err) &&
                    buf_add_text(&text, &GOOD[at + span_text(was).n], &err) &&
                    buf_terminate(&text, &err));
    return refused((const char *)text.at);
}

static void values_beyond_their_bounds_are_refused(void)
{
    CU_ASSERT(refused_with("\"t\"", "\"12345678\""));
    CU_ASSERT(refused_with("\"t\"", "\"a\\u0000b\""));
    CU_ASSERT(refused_with("\"t\"", "5"));
    CU_ASSERT(refused_with(":5", ":-1"));
    CU_ASSERT(refused_with(":5", ":1.5"));
    CU_ASSERT(refused_with(":6", ":0"));
    CU_ASSERT(refused_with(":6", ":4294967297"));
    CU_ASSERT(refused_with("2027-06-15T12", "2027-06-31T12"));
    CU_ASSERT(refused_with("true", "1"));
    CU_ASSERT(refused_with("ff0000", "fg0000"));
    CU_ASSERT(refused_with("sha256", "md5"));
    CU_ASSERT(refused_with("aGk=", "aGk"));
    CU_ASSERT(refused_with("aGk=", "aGlhaGlhaGlhaGlhaGlhaGlh"));
    CU_ASSERT_FALSE(refused_with("true", "false"));
}

static void a_format_is_held_to(void)
{
    struct thing thing = {.bytes = buf_upto(16)};
    struct error err = {0};

    CU_ASSERT_FALSE(
        table_read(&thing, fields, "v1", span_text(GOOD), E_STATEMENT_BAD, &err));
    buf_clear(&thing.bytes);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_type_is_read_and_written),
        TEST(what_is_no_object_is_refused),
        TEST(a_missing_or_doubled_field_is_refused),
        TEST(values_beyond_their_bounds_are_refused),
        TEST(a_format_is_held_to),
    };

    return run_tests("table_json", tests, COUNT(tests));
}
