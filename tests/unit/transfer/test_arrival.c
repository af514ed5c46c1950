/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/arrival.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define NOW 1000

static void headers_have_a_bound_however_many_answers_they_are_of(void)
{
    scoped(buf_clear) struct buf body = buf_upto(64);
    struct arrival arrival;
    struct error err = {0};

    arrival_begin(&arrival, &body);
    for (size_t n = 0; n < ARRIVAL_HEAD_MAX; n += 32)
        CU_ASSERT_FATAL(arrival_head(&arrival, 32, NOW, &err));
    CU_ASSERT_FALSE(arrival_head(&arrival, 1, NOW, &err));
    CU_ASSERT_EQUAL(err.msg, E_PUT_ANSWER);
}

static void a_length_that_overflows_is_too_much(void)
{
    scoped(buf_clear) struct buf body = buf_upto(64);
    struct arrival arrival;
    struct error err = {0};

    arrival_begin(&arrival, &body);
    CU_ASSERT(arrival_head(&arrival, 1, NOW, &err));
    CU_ASSERT_FALSE(arrival_head(&arrival, SIZE_MAX, NOW, &err));
}

static void a_body_has_the_bound_of_its_buffer(void)
{
    scoped(buf_clear) struct buf body = buf_upto(4);
    struct arrival arrival;
    struct error err = {0};

    arrival_begin(&arrival, &body);
    CU_ASSERT(arrival_body(&arrival, span_text("body"), NOW, &err));
    CU_ASSERT_FALSE(arrival_body(&arrival, span_text("y"), NOW, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
    CU_ASSERT(span_equal(buf_span(&body), span_text("body")));
}

/* Work before the first byte is the target's affair; from then on it has to hurry. */
static void its_time_begins_with_its_first_byte(void)
{
    const int64_t most = ARRIVAL_SECONDS + 2;
    scoped(buf_clear) struct buf body = buf_upto(2 * ARRIVAL_RATE_MIN);
    struct arrival arrival;
    struct error err = {0};

    arrival_begin(&arrival, &body);
    CU_ASSERT(arrival_in_time(&arrival, NOW + 100000, &err));
    CU_ASSERT(arrival_head(&arrival, 1, NOW, &err));
    CU_ASSERT(arrival_body(&arrival, span_text("x"), NOW + most, &err));
    CU_ASSERT(arrival_in_time(&arrival, NOW + most, &err));
    CU_ASSERT_FALSE(arrival_in_time(&arrival, NOW + most + 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_PUT_ANSWER);
    arrival_begin(&arrival, &body);
    CU_ASSERT(arrival_body(&arrival, span_text("y"), NOW, &err));
    CU_ASSERT_FALSE(arrival_in_time(&arrival, NOW + most + 1, &err));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(headers_have_a_bound_however_many_answers_they_are_of),
        TEST(a_length_that_overflows_is_too_much),
        TEST(a_body_has_the_bound_of_its_buffer),
        TEST(its_time_begins_with_its_first_byte),
    };

    return run_tests("arrival", tests, COUNT(tests));
}
