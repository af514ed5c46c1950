/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What answers look like, for the description of the API. One row a kind of object, its
 * fields as words:
 *
 *   name            a string            name:int name:bool       also :time :sha256 :object
 *   name=a|b        one of these        name:Other name:[Other]  another row, several of it
 *   …?              or null             …*                       may be absent
 *   &Other          its fields too      ...                      others may follow
 */
#pragma once

struct api_schema {
    const char *name;
    const char *fields;
};

/* A row without a name ends them. */
extern const struct api_schema api_schemas[];
