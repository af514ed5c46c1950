/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our structs for machines: the JSON of design 3. */
#pragma once

#include "base/error.h"
#include "certs/leaves.h"
#include "certs/policy.h"
#include "transfer/left.h"

#include <stdio.h>
#include <time.h>

struct json_t;
struct published;

/* {"error":{finding}} on one line. */
void view_json_failure(FILE *out, const struct error *err);
/* New reference; the caller gives it on (json_object_set_new) or drops it. */
struct json_t *view_json_finding(const struct error *finding);
struct json_t *view_json_report(const struct report *report);
/* A string that is JSON whatever the bytes: what cannot be shown is escaped. */
struct json_t *view_json_text(const char *text);
/* RFC 3339 UTC; null for 0. */
struct json_t *view_json_time(time_t at);
struct json_t *view_json_digest(const struct digest *digest);
/* A ladder row: issued_to, issued_by, not_before, not_after, sha256, spki_sha256. */
struct json_t *view_json_rung(const struct cert *cert);
struct json_t *view_json_ladder(const struct chain *chain);
/* Both leaves of a split identity beside its first rung: rows that are finished, and the
 * ladder's from now on. */
void view_json_both(struct json_t *rung, struct json_t *server, struct json_t *client);
/* A published list; `entries` is its own from now on. */
struct json_t *view_json_list(const struct published *list, struct json_t *entries);
/* Into the row of rung 0, when there are two leaves: "leaves", the row of each. */
void view_json_leaves(struct json_t *rung, const struct leaves *leaves);
/* What a tree has that did not move, by kind. */
struct json_t *view_json_left(const struct left_behind *left);
/* Print on one line with a newline and drop the reference. */
void view_json_print(FILE *out, struct json_t *value);
