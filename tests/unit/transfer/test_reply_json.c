/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/wire_json.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static struct error refusal(const char *body)
{
    struct error err = {0};

    wire_read_refusal(span_text(body), 418, &err);
    return err;
}

static void a_refusal_keeps_its_id_and_detail(void)
{
    const struct error err = refusal(
        "{\"findings\":[{\"id\":\"PGT1022\",\"detail\":\"/data\"},{\"id\":\"PGT1001\"}]}");

    CU_ASSERT_EQUAL(err.msg, E_DISK_FULL);
    CU_ASSERT_STRING_EQUAL(err.about, "/data");
    CU_ASSERT_EQUAL(err.side, SIDE_TARGET);
}

static void a_refusal_that_says_nothing_is_still_one(void)
{
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"findings\":5}",
                                         "{\"findings\":[]}",
                                         "{\"findings\":[1]}",
                                         "{\"findings\":[{\"id\":\"XYZ9\"}]}",
                                         "{\"findings\":[{\"id\":5}]}"};

    for (size_t i = 0; i < COUNT(bodies); i++)
        CU_ASSERT_EQUAL(refusal(bodies[i]).msg, E_PUT_REFUSED);
}

static void words_of_a_peer_cannot_steer_a_terminal(void)
{
    const struct error err =
        refusal("{\"findings\":[{\"id\":\"PGT1022\",\"detail\":\"a\\u001b[2Jb\"}]}");

    CU_ASSERT_PTR_NULL(strchr(err.about, 27));
}

static bool ranges_read(const char *body, struct ranges *out)
{
    struct error err = {0};

    return wire_read_ranges(out, span_text(body), &err);
}

static void ranges_go_both_ways(void)
{
    scoped(buf_clear) struct buf json = buf_upto(256);
    scoped(ranges_clear) struct ranges read = {0};
    struct range item[] = {{1, 1}, {5, 9}};
    const struct ranges told = {.item = item, .n = 2, .more = true, .next = 12};
    struct error err = {0};

    CU_ASSERT_FATAL(wire_write_ranges(&json, &told, &err));
    CU_ASSERT(
        span_equal(buf_span(&json), span_text("{\"ranges\":[[1,1],[5,9]],\"next\":12}")));
    CU_ASSERT_FATAL(wire_read_ranges(&read, buf_span(&json), &err));
    CU_ASSERT(read.n == 2 && read.item[1].last == 9 && read.more && read.next == 12);
}

static void ranges_that_make_no_sense_are_refused(void)
{
    static const char *const bodies[] = {"",
                                         "{}",
                                         "{\"ranges\":[[2,1]],\"next\":null}",
                                         "{\"ranges\":[[1]],\"next\":null}",
                                         "{\"ranges\":[[-1,1]],\"next\":null}",
                                         "{\"ranges\":[[0,99999999999]],\"next\":null}",
                                         "{\"ranges\":[[0,1]]}",
                                         "{\"ranges\":[],\"next\":5}",
                                         "{\"ranges\":[[0,5]],\"next\":5}",
                                         "{\"ranges\":[[0,1]],\"next\":\"2\"}"};

    for (size_t i = 0; i < COUNT(bodies); i++) {
        scoped(ranges_clear) struct ranges read = {0};

        CU_ASSERT_FALSE(ranges_read(bodies[i], &read));
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_refusal_keeps_its_id_and_detail),
        TEST(a_refusal_that_says_nothing_is_still_one),
        TEST(words_of_a_peer_cannot_steer_a_terminal),
        TEST(ranges_go_both_ways),
        TEST(ranges_that_make_no_sense_are_refused),
    };

    return run_tests("reply_json", tests, COUNT(tests));
}
