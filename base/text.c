/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 16 /* bytes of one character, escaped */
#define DOTS_BYTES 3

bool text_copy_span(char *out, size_t room, struct span from)
{
    size_t n = from.n < room ? from.n : room - 1;

    if (n > 0)
        memcpy(out, from.at, n);
    out[n] = '\0';
    return n == from.n;
}

bool text_copy(char *out, size_t room, const char *from)
{
    return text_copy_span(out, room, span_text(from));
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool text_ends(const char *text, const char *with)
{
    size_t n = strlen(text), m = strlen(with);

    return m <= n && strcmp(text + n - m, with) == 0;
}

/* The digits text[0..n) as a number. */
static bool digits(uint64_t *out, const char *text, size_t n)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(*out, 10U, out) ||
            __builtin_add_overflow(*out, (uint64_t)(text[i] - '0'), out))
            return false;
    }
    return n > 0;
}

bool text_number(uint64_t *out, const char *text, uint64_t min, uint64_t max,
                 struct error *err)
{
    if (!digits(out, text, strlen(text)) || *out < min || *out > max)
        return fail(err, E_NUMBER, "'%s', not a number from %llu to %llu", text,
                    (unsigned long long)min, (unsigned long long)max);
    return true;
}

struct unit {
    char letter;
    uint64_t factor;
};

/* A number and a one-letter unit of the table. */
static bool with_unit(uint64_t *out, const char *text, const struct unit *units, size_t n)
{
    size_t length = strlen(text);

    for (size_t i = 0; length > 0 && i < n; i++)
        if (text[length - 1] == units[i].letter)
            return digits(out, text, length - 1) &&
                   !__builtin_mul_overflow(*out, units[i].factor, out);
    return false;
}

bool text_duration(int64_t *out, const char *text, struct error *err)
{
    static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    uint64_t seconds = 0;

    if (!with_unit(&seconds, text, units, COUNT(units)) || seconds > 100ULL * 366 * 86400)
        return fail(err, E_DURATION, "'%s'", text);
    *out = (int64_t)seconds;
    return true;
}

bool text_bytes(uint64_t *out, const char *text, struct error *err)
{
    static const struct unit units[] = {
        {'k', 1024}, {'K', 1024}, {'M', 1 << 20}, {'G', 1 << 30}};

    if (digits(out, text, strlen(text)) || with_unit(out, text, units, COUNT(units)))
        return true;
    return fail(err, E_NUMBER, "'%s', not a number of bytes such as 500k, 20M or 2G", text);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

bool text_calendar(time_t *out, int year, int month, int day, int hour, int minute,
                   int second)
{
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};

    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    if (day > days_in_month(year, month))
        return false;
    *out = timegm(&tm);
    return true;
}

bool text_time(time_t *out, const char *text, struct error *err)
{
    static const char shape[] = "0000-00-00T00:00:00Z";
    uint64_t field[6] = {0};
    static const struct {
        size_t from, n;
    } where[6] = {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}};
    bool good = strlen(text) == sizeof(shape) - 1;

    for (size_t i = 0; good && i < sizeof(shape) - 1; i++)
        good = shape[i] == '0' || text[i] == shape[i];
    for (size_t i = 0; good && i < COUNT(field); i++)
        good = digits(&field[i], text + where[i].from, where[i].n);
    if (!good || !text_calendar(out, (int)field[0], (int)field[1], (int)field[2],
                                (int)field[3], (int)field[4], (int)field[5]))
        return fail(err, E_TIME, "'%s'", text);
    return true;
}

void text_show_time(char out[TIME_TEXT_MAX], time_t time)
{
    struct tm tm = {0};

    if (gmtime_r(&time, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099) {
        (void)text_copy(out, TIME_TEXT_MAX, "beyond year 9999");
        return;
    }
    snprintf(out, TIME_TEXT_MAX, "%04d", tm.tm_year + 1900); /* %Y has no leading zeros */
    strftime(out + 4, TIME_TEXT_MAX - 4, "-%m-%dT%H:%M:%SZ", &tm);
}

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters to 1..3 bytes, for which there is room; `pad` of them are '='. Unused
 * bits must be zero. */
static bool base64_group(struct buf *out, const unsigned char *in, size_t pad,
                         struct error *err)
{
    unsigned bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - pad ? base64_value(in[i]) : 0;

        if (value < 0)
            return fail(err, E_BASE64, "a character outside the alphabet");
        bits = bits << 6 | (unsigned)value;
    }
    if ((bits & ((1U << 8 * pad) - 1)) != 0)
        return fail(err, E_BASE64, "unused bits are not zero");
    for (size_t i = 0; i < 3 - pad; i++)
        out->at[out->n++] = (unsigned char)(bits >> (16 - 8 * i));
    return true;
}

bool text_base64_decode(struct buf *out, struct span text, struct error *err)
{
    size_t pad = 0;

    if (text.n % 4 != 0)
        return fail(err, E_BASE64, "%zu characters, not a multiple of four", text.n);
    if (text.n > 0 && text.at[text.n - 1] == '=')
        pad = text.at[text.n - 2] == '=' ? 2 : 1;
    if (!buf_reserve(out, text.n / 4 * 3 - pad, err))
        return false;
    for (size_t i = 0; i < text.n; i += 4)
        if (!base64_group(out, text.at + i, i + 4 == text.n ? pad : 0, err))
            return false;
    return true;
}

bool text_base64_encode(struct buf *out, struct span bytes, struct error *err)
{
    if (!buf_reserve(out, (bytes.n + 2) / 3 * 4, err))
        return false;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t have = bytes.n - i < 3 ? bytes.n - i : 3;
        unsigned bits = 0;
        char four[4] = {'=', '=', '=', '='};

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? bytes.at[i + k] : 0U);
        for (size_t k = 0; k <= have; k++)
            four[k] = base64_alphabet[bits >> (18 - 6 * k) & 63];
        if (!buf_add(out, span_of(four, 4), err))
            return false;
    }
    return true;
}

void text_hex(char *out, struct span bytes)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = hex[bytes.at[i] >> 4];
        out[2 * i + 1] = hex[bytes.at[i] & 15];
    }
    out[2 * bytes.n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_unhex(struct buf *out, const char *text, struct error *err)
{
    while (*text != '\0') {
        int high, low;

        if (*text == ':' || *text == ' ') {
            text++;
            continue;
        }
        high = hex_value(text[0]);
        low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0)
            return fail(err, E_NUMBER, "not hexadecimal");
        if (!buf_add_byte(out, (unsigned)(high << 4 | low), err))
            return false;
        text += 2;
    }
    return true;
}

size_t text_character(unsigned *code, struct span s)
{
    static const struct {
        unsigned char mask, lead;
        unsigned first; /* smallest code point of this length */
    } form[] = {
        {0x80, 0, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (size_t n = 0; n < COUNT(form); n++) {
        if (s.n <= n || (s.at[0] & form[n].mask) != form[n].lead)
            continue;
        *code = s.at[0] & (unsigned char)~form[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((s.at[i] & 0xC0) != 0x80)
                return 0;
            *code = *code << 6 | (s.at[i] & 0x3FU);
        }
        if (*code < form[n].first || *code > 0x10FFFF ||
            (*code >= 0xD800 && *code < 0xE000))
            return 0;
        return n + 1;
    }
    return 0;
}

bool text_is_utf8(struct span text)
{
    unsigned code = 0;

    while (text.n > 0) {
        size_t n = text_character(&code, text);

        if (n == 0 || code == 0)
            return false;
        text = span_after(text, n);
    }
    return true;
}

/* Characters that move or hide what stands around them. */
static bool deceives(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xE0000 && code <= 0xE007F);
}

/* One character as it may be shown; gives how many bytes of `from` it took. */
static size_t show_character(char piece[SHOWN_MAX], struct span from)
{
    unsigned code = 0;
    size_t length = text_character(&code, from);

    if (length == 0) {
        snprintf(piece, SHOWN_MAX, "\\x%02x", from.at[0]);
        return 1;
    }
    if (deceives(code))
        snprintf(piece, SHOWN_MAX, "\\u{%x}", code);
    else
        (void)text_copy_span(piece, SHOWN_MAX, span_head(from, length));
    return length;
}

void text_printable(char *out, size_t room, struct span from)
{
    size_t n = 0, cut = 0; /* where "..." still fits */

    while (from.n > 0) {
        char piece[SHOWN_MAX];
        size_t taken = show_character(piece, from), m = strlen(piece);

        if (n + m >= room) {
            n = cut + (room > DOTS_BYTES ? DOTS_BYTES : 0);
            memcpy(out + cut, "...", n - cut);
            break;
        }
        memcpy(out + n, piece, m);
        n += m;
        if (n + DOTS_BYTES < room)
            cut = n;
        from = span_after(from, taken);
    }
    out[n] = '\0';
}
