/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static bool number(const char *text)
{
    struct error err = {0};
    uint64_t value = 0;

    return text_number(&value, text, 1, 4096, &err);
}

static void a_number_is_digits_within_its_limits(void)
{
    static const char *const bad[] = {"",   "0",  "4097", "+1",  "-1",
                                      " 1", "1 ", "0x1",  "1.0", "99999999999999999999"};

    CU_ASSERT(number("1") && number("4096") && number("0010"));
    for (size_t i = 0; i < COUNT(bad); i++)
        CU_ASSERT_FALSE(number(bad[i]));
}

static void a_duration_has_one_unit(void)
{
    struct error err = {0};
    int64_t seconds = 0;

    CU_ASSERT(text_duration(&seconds, "90s", &err) && seconds == 90);
    CU_ASSERT(text_duration(&seconds, "30m", &err) && seconds == 1800);
    CU_ASSERT(text_duration(&seconds, "6h", &err) && seconds == 21600);
    CU_ASSERT(text_duration(&seconds, "30d", &err) && seconds == 2592000);
    CU_ASSERT_FALSE(text_duration(&seconds, "30", &err));
    CU_ASSERT_EQUAL(err.msg, E_DURATION);
}

static void a_rate_is_bytes_with_or_without_a_unit(void)
{
    struct error err = {0};
    uint64_t bytes = 0;

    CU_ASSERT(text_bytes(&bytes, "500k", &err) && bytes == 512000);
    CU_ASSERT(text_bytes(&bytes, "20M", &err) && bytes == 20971520);
    CU_ASSERT(text_bytes(&bytes, "7", &err) && bytes == 7);
    CU_ASSERT_FALSE(text_bytes(&bytes, "M", &err));
    CU_ASSERT_FALSE(text_bytes(&bytes, "18446744073709551615G", &err));
}

static void times_go_there_and_back(void)
{
    static const char *const times[] = {"1970-01-01T00:00:00Z", "2027-06-15T12:00:00Z",
                                        "2028-02-29T23:59:59Z", "9999-12-31T23:59:59Z",
                                        "0835-02-15T12:00:00Z"};

    for (size_t i = 0; i < COUNT(times); i++) {
        struct error err = {0};
        char text[TIME_TEXT_MAX];
        time_t at = 0;

        CU_ASSERT(text_time(&at, times[i], &err));
        text_show_time(text, at);
        CU_ASSERT_STRING_EQUAL(text, times[i]);
    }
}

static void a_day_that_is_not_in_the_calendar_is_no_time(void)
{
    static const char *const bad[] = {"2027-02-29T00:00:00Z",
                                      "2027-13-01T00:00:00Z",
                                      "2027-06-15T24:00:00Z",
                                      "2027-06-15T12:00:60Z",
                                      "2027-06-15T12:00:00",
                                      "2027-06-15 12:00:00Z",
                                      "2027-06-15T12:00:00+00:00",
                                      "",
                                      "x"};

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error err = {0};
        time_t at = 0;

        CU_ASSERT_FALSE(text_time(&at, bad[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_TIME);
    }
}

static void base64_goes_there_and_back_at_every_length(void)
{
    unsigned char raw[67];

    memset(raw, 0xA7, sizeof(raw));
    for (size_t n = 0; n <= sizeof(raw); n++) {
        scoped(buf_clear) struct buf text = buf_upto(256), back = buf_upto(256);
        struct error err = {0};

        CU_ASSERT(text_base64_encode(&text, span_of(raw, n), &err));
        CU_ASSERT_EQUAL(text.n, (n + 2) / 3 * 4);
        CU_ASSERT(text_base64_decode(&back, buf_span(&text), &err));
        CU_ASSERT(span_equal(buf_span(&back), span_of(raw, n)));
    }
}

static void loose_base64_is_refused(void)
{
    static const char *const bad[] = {
        "QQ", "QQ=", "Q===", "Q Q=", "QQ==QQ==", "QR==", "QUJ=", "QUI-", "====", "QQ=A"};

    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(buf_clear) struct buf out = buf_upto(64);
        struct error err = {0};

        CU_ASSERT_FALSE(text_base64_decode(&out, span_text(bad[i]), &err));
        CU_ASSERT_EQUAL(err.msg, E_BASE64);
    }
}

static void what_could_deceive_a_terminal_is_escaped(void)
{
    char out[128];

    text_printable(out, sizeof(out), span_text("a\x1b[31mb\n"));
    CU_ASSERT_STRING_EQUAL(out, "a\\u{1b}[31mb\\u{a}");
    text_printable(out, sizeof(out),
                   span_text("\xE2\x80\xAE"
                             "gpj"));
    CU_ASSERT_STRING_EQUAL(out, "\\u{202e}gpj");
    text_printable(out, sizeof(out), span_of("\xff\xc0\xaf", 3));
    CU_ASSERT_STRING_EQUAL(out, "\\xff\\xc0\\xaf");
    text_printable(out, sizeof(out), span_text("Saint-\xC3\x89tienne"));
    CU_ASSERT_STRING_EQUAL(out, "Saint-\xC3\x89tienne");
}

static void a_long_text_is_cut_with_dots(void)
{
    char out[8];

    text_printable(out, sizeof(out), span_text("abcdefghij"));
    CU_ASSERT_STRING_EQUAL(out, "abcd...");
    text_printable(out, sizeof(out), span_text("abcdefg"));
    CU_ASSERT_STRING_EQUAL(out, "abcdefg");
}

static void utf8_is_told_from_what_only_looks_like_it(void)
{
    CU_ASSERT(text_is_utf8(span_text("\xF0\x9F\x94\x91 key")));
    CU_ASSERT_FALSE(text_is_utf8(span_of("\xED\xA0\x80", 3))); /* a surrogate */
    CU_ASSERT_FALSE(text_is_utf8(span_of("\xC0\x80", 2)));     /* overlong */
    CU_ASSERT_FALSE(text_is_utf8(span_of("a\0b", 3)));
    CU_ASSERT_FALSE(text_is_utf8(span_of("\xE2\x82", 2)));
}

static void a_copy_that_does_not_fit_says_so(void)
{
    char out[4] = "";

    CU_ASSERT(text_fits(out, "abc"));
    CU_ASSERT_FALSE(text_fits(out, "abcd"));
    CU_ASSERT_STRING_EQUAL(out, "abc");
}

static void hexadecimal_takes_colons_and_either_case(void)
{
    scoped(buf_clear) struct buf out = buf_upto(8);
    struct error err = {0};
    char hex[9];

    CU_ASSERT(text_unhex(&out, "De:AD be:ef", &err));
    text_hex(hex, buf_span(&out));
    CU_ASSERT_STRING_EQUAL(hex, "deadbeef");
    CU_ASSERT_FALSE(text_unhex(&out, "abc", &err));
}

static void bytes_are_taken_from_the_front_or_not_at_all(void)
{
    struct span rest = span_of("\1\2\3\4", 4), taken = {0};

    CU_ASSERT(span_take(&rest, 3, &taken));
    CU_ASSERT_EQUAL(span_number(taken), 0x010203);
    CU_ASSERT_FALSE(span_take(&rest, 2, &taken));
    CU_ASSERT_EQUAL(rest.n, 1);
    CU_ASSERT_EQUAL(span_number(taken), 0x010203);
    CU_ASSERT(span_take(&rest, 1, &taken));
    CU_ASSERT(span_take(&rest, 0, &taken));
    CU_ASSERT_EQUAL(span_number(taken), 0);
}

static void lines_are_taken_one_by_one(void)
{
    struct span rest = span_text("one\n\nlast");
    struct span line = {0};

    CU_ASSERT(span_take_line(&rest, &line) && span_equal(line, span_text("one")));
    CU_ASSERT(span_take_line(&rest, &line) && line.n == 0);
    CU_ASSERT(span_take_line(&rest, &line) && span_equal(line, span_text("last")));
    CU_ASSERT_FALSE(span_take_line(&rest, &line));
    rest = span_text("\n");
    CU_ASSERT(span_take_line(&rest, &line) && line.n == 0);
    CU_ASSERT_FALSE(span_take_line(&rest, &line));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_number_is_digits_within_its_limits),
        TEST(a_duration_has_one_unit),
        TEST(a_rate_is_bytes_with_or_without_a_unit),
        TEST(times_go_there_and_back),
        TEST(a_day_that_is_not_in_the_calendar_is_no_time),
        TEST(base64_goes_there_and_back_at_every_length),
        TEST(loose_base64_is_refused),
        TEST(what_could_deceive_a_terminal_is_escaped),
        TEST(a_long_text_is_cut_with_dots),
        TEST(utf8_is_told_from_what_only_looks_like_it),
        TEST(a_copy_that_does_not_fit_says_so),
        TEST(hexadecimal_takes_colons_and_either_case),
        TEST(bytes_are_taken_from_the_front_or_not_at_all),
        TEST(lines_are_taken_one_by_one),
    };

    return run_tests("text", tests, COUNT(tests));
}
