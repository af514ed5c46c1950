/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of users and groups for numbers and numbers for names, each asked for once. One
 * struct serves one direction. */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define OWNER_NAME_MAX 256
#define OWNERS_MAX 64 /* remembered of each kind; more are asked for again */

enum owner_kind { OWNER_USER, OWNER_GROUP };
#define OWNER_KINDS 2

struct owner {
    uint32_t id;
    bool known; /* there is such a name or number */
    char name[OWNER_NAME_MAX];
};
struct owners {
    struct owner item[OWNER_KINDS][OWNERS_MAX];
    size_t n[OWNER_KINDS]; /* asked for so far */
};

/* The name, or empty. Valid until the next call. */
struct span owners_user(struct owners *owners, uint32_t uid);
struct span owners_group(struct owners *owners, uint32_t gid);
/* The number there is for the name; `otherwise` when there is none. */
uint32_t owners_uid(struct owners *owners, struct span name, uint32_t otherwise);
uint32_t owners_gid(struct owners *owners, struct span name, uint32_t otherwise);

/* By name, or by number when `name` is empty. Fills the other; false when unknown. */
bool owner_ask_system(enum owner_kind kind, struct owner *owner);
/*
 * Who knows: the system (getpwnam and its kin) unless another is named here, once and
 * before any thread starts. A process that may open no file asks another one.
 */
typedef bool owner_ask(void *at, enum owner_kind kind, struct owner *owner);
void owners_ask_of(owner_ask *ask, void *at);
