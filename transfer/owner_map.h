/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Other owners than those of the source, as asked for by its administrator. Applied when
 * the tree is listed, so both manifest and receipt speak of the new ones.
 */
#pragma once

#include "base/error.h"
#include "transfer/owners.h"

#define OWNER_RULES_MAX 32

struct owner_rule {
    bool holds[OWNER_KINDS];
    char from[OWNER_NAME_MAX]; /* a name or a number, as is `to` */
    char to[OWNER_NAME_MAX];
};
struct owner_map {
    struct owner_rule rule[OWNER_RULES_MAX]; /* the first that fits */
    size_t n;
};

/* "OLD:NEW" for users and groups, "user:OLD:NEW", "group:OLD:NEW". */
must_check bool owner_map_add(struct owner_map *map, const char *text, struct error *err);
/* As owner_map_add reads it. */
#define OWNER_RULE_TEXT_MAX (2 * OWNER_NAME_MAX + 8)
void owner_rule_show(char out[OWNER_RULE_TEXT_MAX], const struct owner_rule *rule);
/* The same rules in the same order. */
bool owner_map_equal(const struct owner_map *a, const struct owner_map *b);
/* The owner that shall be: a name, or a number and no name. `name` then borrows from map.
 */
void owner_map_apply(const struct owner_map *map, enum owner_kind kind, struct span *name,
                     uint32_t *id);
