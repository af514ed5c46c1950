/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded strings, strict numbers, times, durations, base64 and hexadecimal. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdint.h>
#include <time.h>

#define TIME_TEXT_MAX 24 /* "2027-06-15T12:00:00Z" and its NUL, with room to spare */

/* Copy into a bounded array; false when it did not fit (what fits is there, terminated). */
bool text_copy(char *out, size_t room, const char *from);
bool text_copy_span(char *out, size_t room, struct span from);
#define text_fits(array, from) text_copy((array), sizeof(array), (from))
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *with);
bool text_ends(const char *text, const char *with);

/* The whole string is a decimal number between min and max: no sign, blank or leading plus.
 */
must_check bool text_number(uint64_t *out, const char *text, uint64_t min, uint64_t max,
                            struct error *err);
/* "90s", "30m", "6h", "30d" in seconds. */
must_check bool text_duration(int64_t *out, const char *text, struct error *err);
/* "500k", "20M", "2G" (powers of 1024) or a plain number of bytes. */
must_check bool text_bytes(uint64_t *out, const char *text, struct error *err);

#define DAY_SECONDS ((time_t)86400)
/* RFC 3339 UTC with seconds and Z, years 0000 to 9999. */
must_check bool text_time(time_t *out, const char *text, struct error *err);
void text_show_time(char out[TIME_TEXT_MAX], time_t time);
/* Seconds since 1970 of a calendar time in UTC; false when there is no such time. */
bool text_calendar(time_t *out, int year, int month, int day, int hour, int minute,
                   int second);

/* Strict base64 (RFC 4648 section 4): padding required, nothing outside the alphabet. */
must_check bool text_base64_decode(struct buf *out, struct span text, struct error *err);
must_check bool text_base64_encode(struct buf *out, struct span bytes, struct error *err);
/* Lower-case hexadecimal; `out` has 2 n + 1 bytes. */
void text_hex(char *out, struct span bytes);
/* Hexadecimal in either case, colons and blanks between bytes allowed. */
must_check bool text_unhex(struct buf *out, const char *text, struct error *err);

/*
 * One line that cannot deceive a terminal or a log: control characters, DEL, invalid UTF-8
 * and bidirectional controls become \xNN or \u{N}. Cut with "..." when it does not fit.
 */
void text_printable(char *out, size_t room, struct span from);
/* Valid UTF-8 without NUL (RFC 3629). */
bool text_is_utf8(struct span text);
/* Length and code point of the UTF-8 sequence at the start (RFC 3629 section 4); 0 when
 * there is none. */
size_t text_character(unsigned *code, struct span s);
