/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Borrowed bytes: never freed, valid as long as what they were taken from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct span {
    const unsigned char *at;
    size_t n;
};

/* The bytes of a string, without its NUL. */
struct span span_text(const char *text);
/* The n bytes at `at`. */
struct span span_of(const void *at, size_t n);
/* From `from` (at most n) to the end. */
struct span span_after(struct span span, size_t from);
/* At most the first n bytes. */
struct span span_head(struct span span, size_t n);

/* The same bytes. Not constant in time: digest_equal compares secrets. */
bool span_equal(struct span a, struct span b);
bool span_starts(struct span span, const char *text);
/* True when `text` occurs; its offset goes to *where unless that is NULL. */
bool span_find(struct span span, const char *text, size_t *where);
bool span_is_blank(struct span span);
