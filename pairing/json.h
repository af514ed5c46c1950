/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strict reading of JSON from outside: one object, no duplicate keys, every field present,
 * of its type and within bounds. `what` of each failure names the field. Used by *_json.c
 * only.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

#include <stdint.h>

struct json_t;

/* jansson asks base/mem.h from now on. Once, before anything else of it. */
void json_use_mem(void);

/* Parse one object; the caller clears with json_drop. E_JSON otherwise. */
must_check bool json_open(struct json_t **out, struct span text, struct error *err);
void json_drop(struct json_t **value);
/* Append as compact text; drops the reference also on failure. */
must_check bool json_write(struct buf *out, struct json_t *value, struct error *err);

must_check bool json_get_text(char *out, size_t room, const struct json_t *object,
                              const char *field, struct error *err);
must_check bool json_get_int(int64_t *out, const struct json_t *object, const char *field,
                             int64_t min, int64_t max, struct error *err);
must_check bool json_get_bool(bool *out, const struct json_t *object, const char *field,
                              struct error *err);
must_check bool json_get_digest(struct digest *out, const struct json_t *object,
                                const char *field, struct error *err);
/* base64 into an empty buf with a ceiling. */
must_check bool json_get_bytes(struct buf *out, const struct json_t *object,
                               const char *field, struct error *err);
must_check bool json_get_object(const struct json_t **out, const struct json_t *object,
                                const char *field, struct error *err);

void json_put_text(struct json_t *object, const char *field, const char *text);
void json_put_int(struct json_t *object, const char *field, int64_t value);
void json_put_bool(struct json_t *object, const char *field, bool value);
void json_put_digest(struct json_t *object, const char *field, const struct digest *digest);
void json_put_bytes(struct json_t *object, const char *field, struct span bytes);

/* F of design 3: id, rule, severity, side, rung, message, detail, remedy, ome. */
struct json_t *json_finding(const struct error *finding);
/* An id this program does not know becomes E_PEER_SAYS with the peer's own words. */
must_check bool json_read_finding(struct error *out, const struct json_t *object,
                                  struct error *err);
struct json_t *json_findings(const struct report *report);
/* As many as fit into so many bytes of text, in their order. */
struct json_t *json_findings_within(const struct report *report, size_t bytes_max);
must_check bool json_read_findings(struct report *out, const struct json_t *object,
                                   struct error *err);
