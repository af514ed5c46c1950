/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parameters of a request, from its path, query and body, each checked against the row
 * of its route (agent/api_route.h). The first that does not fit is named in the failure.
 */
#pragma once

#include "agent/api_visit.h"

#define API_VALUES_MAX 200 /* of one request, each item of an array is one */

struct api_values {
    struct api_value *value; /* n of them, in the order of the row */
    size_t n;
};

/*
 * Read all of them into an empty struct. `query`: behind the '?', percent-encoded, or "".
 * E_JSON: the body is no object; E_API_PROPERTY: a value that does not fit; E_API_UNKNOWN:
 * of no such name (API_OURS alone: OpenManage's are passed over); E_API_MISSING.
 */
must_check bool api_values_read(struct api_values *out, const struct api_route *route,
                                const struct api_path *path, const char *query,
                                struct span body, struct error *err);
/* Bytes that one text of it may have. */
size_t api_param_max(const struct api_param *param);
/* One more, for the `prepare` of a row; judged as if it had come with the request. */
must_check bool api_values_put(struct api_values *out, const struct api_param *param,
                               const char *text, struct error *err);
/* The first of this name, or NULL. */
const struct api_value *api_values_find(const struct api_values *values, const char *name);
/* They are wiped: some are secrets. */
void api_values_clear(struct api_values *values);
