/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a hook of a migration is told: its environment. */
#pragma once

#include "agent/authority.h"
#include "agent/hooks.h"

/* NAME=value each, on the heap. */
struct hook_names {
    char *text[RUNNER_NAMES_MAX];
    size_t n;
};

/* `handover` is zeroed before there is a migration. */
void hook_names_lay(struct hook_names *out, enum hook hook, const struct hook_file *file,
                    const struct handover *handover, const struct migration_facts *facts);
void hook_names_clear(struct hook_names *names);
