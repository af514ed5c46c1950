/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of a JSON Schema. All of them new references. */
#pragma once

struct json_t;

/* Every row of api_schemas.c, by its name. */
struct json_t *api_schema_components(void);
/* {"$ref":…} to one of them. */
struct json_t *api_schema_ref(const char *name);
/* A string of the list "a|b|c". */
struct json_t *api_schema_choices(const char *list);
