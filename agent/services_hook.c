/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running the hook of the integrator. */
#include "agent/hooks.h"
#include "agent/services.h"

#include <stdio.h>

static bool find_hook(struct hook_file *out, const struct state *state, struct error *err)
{
    return hook_find(out, state, SERVICES_HOOK, err) &&
           (out->there ||
            fail(err, E_HOOK_ABSENT, "%s/" HOOKS_DIR "/" SERVICES_HOOK, state->dir));
}

bool services_hook_is_good(const struct state *state, struct error *err)
{
    struct hook_file hook;

    return find_hook(&hook, state, err);
}

static bool run_step(const struct hook_file *hook, const struct services *services,
                     const struct service_step *step, struct error *err)
{
    scoped(runner_clear) struct runner runner = {0};
    char purpose[sizeof(services->purpose) + 20], how[ABOUT_MAX / 2];
    const struct program program = {.path = hook->path,
                                    .word = {step->verb, step->name},
                                    .name = {hook->home, purpose},
                                    .seconds = SERVICE_SECONDS,
                                    .echo = true};

    snprintf(purpose, sizeof(purpose), "PAIRGATE_PURPOSE=%s", services->purpose);
    if (!runner_start(&runner, &program, err))
        return false;
    runner_wait(&runner);
    runner_describe(how, sizeof(how), &runner);
    return runner_succeeded(&runner) ||
           fail(err, E_HOOK_FAILED, "%s %s %s", step->verb, step->name, how);
}

bool services_apply(const struct services *services, const struct state *state,
                    struct error *err)
{
    struct hook_file hook;

    if (services->n > 0 && !find_hook(&hook, state, err))
        return false;
    for (size_t i = 0; i < services->n; i++)
        if (!run_step(&hook, services, &services->step[i], err))
            return false;
    return true;
}
