/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of routes, described as OpenAPI 3.1. */
#pragma once

#include "agent/api_visit.h"

/* The whole document, as JSON. */
must_check bool api_openapi_write(struct buf *out, struct error *err);
/* The answer of its route. */
bool api_openapi_answer(struct api_visit *visit, struct error *err);
