/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of users and groups for numbers and numbers for names, asked of the system once.
 * One struct serves one direction. */
#pragma once

#include "base/span.h"

#include <stdint.h>

#define OWNER_NAME_MAX 256
#define OWNERS_MAX 64 /* remembered; more are asked for again */

struct owner {
    uint32_t id;
    bool known; /* the system has this name or number */
    char name[OWNER_NAME_MAX];
};
struct owners {
    struct owner user[OWNERS_MAX];
    struct owner group[OWNERS_MAX];
    size_t users;
    size_t groups;
};

/* The name, or empty. Valid until the next call. */
struct span owners_user(struct owners *owners, uint32_t uid);
struct span owners_group(struct owners *owners, uint32_t gid);
/* The number this system has for the name; `otherwise` when it has none. */
uint32_t owners_uid(struct owners *owners, struct span name, uint32_t otherwise);
uint32_t owners_gid(struct owners *owners, struct span name, uint32_t otherwise);
