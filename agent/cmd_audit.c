/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit show, audit verify: what was done here, and whether that is still what was written.
 */
#include "agent/audit_json.h"
#include "agent/ca_open.h"
#include "agent/command.h"
#include "agent/view_text.h"
#include "base/text.h"
#include "certs/ca.h"

#include <stdio.h>
#include <unistd.h>

struct show_options {
    struct audit_range range;
    enum audit_kind kind;
};

/* Stays 0 when it was not given. */
static bool read_number(uint64_t *out, struct args *args, const char *name,
                        struct error *err)
{
    const char *text = NULL;

    return args_value(args, name, &text, err) &&
           (text == NULL || text_number(out, text, 1, INT64_MAX, err));
}

static bool read_options(struct show_options *out, struct args *args, struct error *err)
{
    const char *since = NULL, *kind = NULL;

    if (!args_value(args, "--since", &since, err) ||
        !args_value(args, "--kind", &kind, err) ||
        !read_number(&out->range.after, args, "--after", err) ||
        !read_number(&out->range.before, args, "--before", err) ||
        !read_number(&out->range.limit, args, "--limit", err) || !args_end(args, err))
        return false;
    out->range.kind = kind != NULL ? &out->kind : NULL;
    return (since == NULL || text_time(&out->range.since, since, err)) &&
           (kind == NULL || audit_kind_named(&out->kind, kind, err));
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(query_end) struct query row = {0};
    struct show_options options = {0};
    bool only_ca = false;

    if (!read_options(&options, &call->args, err) ||
        !state_open_or_ca(&state, call->state_dir, &only_ca, err) ||
        !state_open_db(&state, err) || !audit_list(&row, &state.db, &options.range, err))
        return 0;
    while (query_next(&row, err)) {
        struct audit_record record;

        (void)audit_read(&record, &row); /* whether it holds is for audit verify to say */
        if (call->json)
            audit_json_show(stdout, &record);
        else
            audit_text_show(stdout, &record);
    }
    return 0;
}

static void print_check(const struct audit_check *check)
{
    if (check->first == 0)
        printf("Good: %llu records, all of them signed and as they were written.\n",
               (unsigned long long)check->records);
    else
        printf("NOT good: the record is not to be relied on from number %llu.\n\n",
               (unsigned long long)check->first);
    if (check->findings.n > 0)
        view_text_report(stdout, &check->findings);
}

static bool verify(struct audit_check *out, struct state *state, bool only_ca,
                   struct error *err)
{
    scoped(identities_clear) struct identities signers = {0};
    scoped(chain_clear) struct chain ca = {0};
    struct identity issuer = {0}; /* borrows the CA's chain */

    if (!only_ca)
        return identities_load(&signers, state->fd, err) &&
               audit_verify(out, &state->db, &signers, err);
    if (!ca_load_chain(&ca, state->fd, err))
        return false;
    issuer.chain = ca;
    return audit_verify(out, &state->db, &(struct identities){.item = &issuer, .n = 1},
                        err);
}

static int run_verify(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(audit_check_clear) struct audit_check check = {0};
    bool only_ca = false;

    if (!args_end(&call->args, err) ||
        !state_open_or_ca(&state, call->state_dir, &only_ca, err) ||
        !state_open_db(&state, err) || !verify(&check, &state, only_ca, err))
        return 0;
    if (call->json)
        audit_json_check(stdout, &check);
    else
        print_check(&check);
    return check.first == 0 ? 0 : 1;
}

const struct command commands_audit[] = {
    {"audit show", "[--since T] [--kind K] [--after N] [--before N] [--limit N]",
     "what was done here: uploads, trust, pairings, grants, migrations", run_show},
    {"audit verify", "", "whether every record is still the one that was written",
     run_verify},
    {0},
};
