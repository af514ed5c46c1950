/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an event is told, for the files that tell them. */
#pragma once

#include "agent/events.h"

struct json_t;

/* A line with the object and its event's name; the reference is dropped. */
void event_tell_json(struct json_t *object, const char *event);
/* A line for people, escaped. */
void event_tell_text(const char *fmt, ...) printf_like(1, 2);
void event_tell_findings(const struct report *findings);
/* A text from outside, escaped. */
void event_put_printable(struct json_t *object, const char *field, const char *text);
