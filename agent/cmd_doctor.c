/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: is all well with the certificates of this appliance? */
#include "agent/command.h"
#include "agent/doctor_view.h"
#include "base/text.h"

static bool read_wish(struct doctor_wish *out, bool *backed_up, struct args *args,
                      struct error *err)
{
    const char *within = NULL, *policy = policy_name(POLICY_DEFAULT);

    *backed_up = args_flag(args, "--backed-up");
    return args_value(args, "--within", &within, err) &&
           args_value(args, "--policy", &policy, err) && args_end(args, err) &&
           policy_named(&out->policy, policy, err) &&
           (within == NULL || text_duration(&out->within, within, err));
}

static int run_doctor(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(doctor_clear) struct doctor doctor = {0};
    struct doctor_wish wish = {.now = call->now, .within = DOCTOR_WITHIN_SECONDS};
    bool backed_up = false;

    if (!read_wish(&wish, &backed_up, &call->args, err))
        return 0;
    if (!state_open(&state, call->state_dir, err)) /* ends with 2: broken */
        return 0;
    if (backed_up &&
        (!state_lock(&state, err) || !doctor_backed_up(state.fd, call->now, err)))
        return 0;
    doctor_examine(&doctor, &state, &wish);
    if (call->json)
        doctor_view_json(stdout, &doctor, &wish);
    else
        doctor_view_text(stdout, &doctor, &wish, call->columns);
    return (int)doctor_health(&doctor);
}

const struct command commands_doctor[] = {
    {"doctor", "[--within 30d] [--policy P] [--backed-up]",
     "what is well, what wants attention, what is broken: exit status 0, 1, 2", run_doctor},
    {0},
};
