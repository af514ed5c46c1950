/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/changes.h"

#include "agent/dependents.h"
#include "agent/view_text.h"
#include "base/text.h"

#include <stdio.h>

#define CONFIRM_SECONDS_MAX (30 * 24 * 60 * 60)

bool changes_read(struct change_wish *out, struct call *call, struct error *err)
{
    const char *within = NULL;
    int64_t seconds = 0;

    out->now = call->now;
    out->apply = args_flag(&call->args, "--apply");
    if (!args_value(&call->args, "--confirm-within", &within, err))
        return false;
    if (within == NULL)
        return true;
    if (!text_duration(&seconds, within, err))
        return false;
    if (seconds < 1 || seconds > CONFIRM_SECONDS_MAX)
        return fail(err, E_DURATION, "--confirm-within %s: 1s to 30d", within);
    out->deadline = call->now + (time_t)seconds;
    return true;
}

static struct change_keys keys_of(const struct identity *identity)
{
    return (struct change_keys){
        .server = chain_leaf(identity_chain(identity, LEAF_SERVER))->spki_sha256,
        .client = chain_leaf(identity_chain(identity, LEAF_CLIENT))->spki_sha256};
}

bool changes_prepare(struct change_wish *wish, const struct state *state, struct error *err)
{
    scoped(identity_clear) struct identity before = {0};
    struct error damaged = {0}; /* a change is also the way out of a damaged one */

    wish->has_before = identity_load(&before, state->fd, false, &damaged);
    if (wish->has_before)
        wish->before = keys_of(&before);
    return !wish->apply || services_hook_is_good(state, err);
}

/* No grant tells which key of ours it was given to, so every live one is named. */
static void warn_of_pairings(struct report *out, time_t now, struct state *state)
{
    struct dependents pairings = {0};
    struct error warning = {0};

    if (dependents_pairings(&pairings, state, now, &warning) &&
        dependents_none(&pairings, E_KEY_OF_PAIRINGS, &warning))
        return;
    warning.severity = SEVERITY_WARNING;
    report_add(out, &warning);
}

static void warn_of_no_chain(struct report *out, enum identity_origin origin)
{
    struct error warning = {0};

    (void)fail(&warning, E_DOCTOR_SELF_SIGNED, "the identity is %s",
               identity_origin_name(origin));
    warning.severity = SEVERITY_WARNING;
    report_add(out, &warning);
}

static void warn(struct report *out, const struct change_wish *wish, struct state *state,
                 const struct identity *identity)
{
    const struct change_keys now = keys_of(identity);

    if (wish->has_before && (!digest_equal(&wish->before.server, &now.server) ||
                             !digest_equal(&wish->before.client, &now.client)))
        warn_of_pairings(out, wish->now, state);
    if (identity->origin != IDENTITY_CHAIN)
        warn_of_no_chain(out, identity->origin);
}

bool changes_facts(struct change_facts *out, const struct change_wish *wish,
                   struct state *state, const struct identity *identity, struct error *err)
{
    if (wish != NULL)
        warn(&out->warnings, wish, state, identity);
    return identity_rollback_read(&out->rollback, state->fd, err) &&
           services_load(&out->services, state->fd, services_purpose_of(identity), err);
}

void changes_clear(struct change_facts *facts)
{
    report_clear(&facts->warnings);
}

void changes_print_services(const struct services *services)
{
    if (services->n == 0)
        printf("Nothing has to be restarted for the purpose %s.\n", services->purpose);
    else
        printf("Services, in this order (purpose %s):\n", services->purpose);
    for (size_t i = 0; i < services->n; i++) {
        char name[2 * SERVICE_NAME_MAX];

        text_printable(name, sizeof(name), span_text(services->step[i].name));
        printf("  %zu. %s %s\n", i + 1, services->step[i].verb, name);
    }
}

static void print_deadline(const struct identity_rollback *rollback)
{
    char deadline[TIME_TEXT_MAX];

    if (!rollback->pending)
        return;
    text_show_time(deadline, rollback->deadline);
    printf("Goes back to identity %u at %s unless you run: pairgate identity confirm\n",
           rollback->back, deadline);
}

bool changes_finish(const struct change_facts *facts, const struct change_wish *wish,
                    struct state *state, bool json, struct error *err)
{
    if (!json) {
        for (size_t i = 0; i < facts->warnings.n; i++)
            view_text_finding(stderr, &facts->warnings.item[i]);
        print_deadline(&facts->rollback);
        changes_print_services(&facts->services);
    }
    if (!wish->apply)
        return true;
    if (!services_apply(&facts->services, state, err))
        return false;
    if (!json && facts->services.n > 0)
        printf("All of it was done by %s.\n", SERVICES_HOOK);
    return true;
}
