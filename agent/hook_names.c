/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hook_names.h"

#include "base/mem.h"
#include "transfer/receive.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX (PATH_MAX + 512)

static void printf_like(2, 3) add(struct hook_names *names, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    assert(names->n < RUNNER_NAMES_MAX);
    names->text[names->n++] = mem_text(text);
}

/* The target's --into may be told relative to where the listener was started. */
static void add_places(struct hook_names *out, const struct hook_rule *rule,
                       const struct handover *handover, const struct migration_facts *facts)
{
    char dir[PATH_MAX];

    if (realpath(facts->directory, dir) == NULL)
        snprintf(dir, sizeof(dir), "%s", facts->directory);
    if (!rule->is_target) {
        add(out, "PAIRGATE_DIR=%s", dir);
        return;
    }
    add(out, "PAIRGATE_DIR=%s/%s", dir, facts->name);
    add(out, "PAIRGATE_STAGING=%s/" STAGING_DIR "/%s/" TREE_DIR, dir, handover->migration);
}

void hook_names_lay(struct hook_names *out, enum hook hook, const struct hook_file *file,
                    const struct handover *handover, const struct migration_facts *facts)
{
    const struct hook_rule *rule = hook_rule(hook);

    *out = (struct hook_names){0};
    add(out, "%s", file->home);
    add(out, "PAIRGATE_HOOK=%s", rule->name);
    add(out, "PAIRGATE_ROLE=%s", side_name(rule->is_target ? SIDE_TARGET : SIDE_SOURCE));
    add(out, "PAIRGATE_MIGRATION=%s", handover->migration);
    add(out, "PAIRGATE_GENERATION=%u", handover->generation);
    add(out, "PAIRGATE_EPOCH=%llu", (unsigned long long)handover->epoch);
    add(out, "PAIRGATE_NAME=%s", facts->name);
    add(out, "PAIRGATE_PEER=%s", facts->peer);
    add_places(out, rule, handover, facts);
}

void hook_names_clear(struct hook_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        mem_free(names->text[i]);
    *names = (struct hook_names){0};
}
