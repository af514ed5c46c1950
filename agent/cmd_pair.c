/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection check, offline and live, and the codes that authorise after it. */
#include "agent/audit_note.h"
#include "agent/clock.h"
#include "agent/command.h"
#include "agent/demands.h"
#include "agent/dial.h"
#include "agent/sandbox.h"
#include "agent/view_pair.h"
#include "agent/view_text.h"
#include "base/text.h"

#include <stdio.h>

static int show(const struct call *call, const struct pair_sides *sides,
                const struct trust *trust, const struct report *findings,
                const struct tls_facts *facts)
{
    struct ladder ladder = {0};
    const struct pair_view view = {.sides = *sides,
                                   .ladder = &ladder,
                                   .findings = findings,
                                   .facts = facts,
                                   .paired = report_errors(findings) == 0};

    ladder_lay(&ladder, sides->source.client, sides->target.server, SIDE_SOURCE, trust);
    if (call->json)
        view_pair_json(stdout, &view);
    else
        view_pair_text(stdout, &view, call->columns);
    return view.paired ? 0 : 1;
}

/* One side's file: a chain, or two leaves over one. */
struct side_file {
    struct chain server, client;
};

static void side_file_clear(struct side_file *file)
{
    chain_clear(&file->server);
    chain_clear(&file->client);
}

static bool read_side(struct side_file *out, const char *path, struct error *err)
{
    scoped(chain_clear) struct chain given = {0};

    return chain_load(&given, path, err) &&
           leaves_part(&out->server, &out->client, &given, err);
}

static int preflight(struct call *call, struct error *err)
{
    scoped(side_file_clear) struct side_file source = {0}, target = {0};
    scoped(trust_clear) struct trust trust = {0};
    scoped(report_clear) struct report findings = {0};
    const char *source_path = NULL, *target_path = NULL, *at = NULL, *duration = NULL;
    struct demands demands = {0};
    struct pair_sides sides;
    enum policy policy;

    if (!demands_read(&call->args, &policy, &demands, err) ||
        !args_value(&call->args, "--at", &at, err) ||
        !args_value(&call->args, "--duration", &duration, err) ||
        (at != NULL && !text_time(&call->now, at, err)) ||
        (duration != NULL && !text_duration(&demands.duration, duration, err)) ||
        !args_need(&call->args, "SOURCE.pem", &source_path, err) ||
        !args_need(&call->args, "TARGET.pem", &target_path, err) ||
        !args_end(&call->args, err))
        return 64;
    if (!read_side(&source, source_path, err) || !read_side(&target, target_path, err))
        return 2;
    sides.source = leaves_two(&source.server, &source.client);
    sides.target = leaves_two(&target.server, &target.client);
    if (!verdict_preflight(&findings, &sides.source, &sides.target, policy, &demands,
                           call->now, err) ||
        !verdict_own_root(&trust, sides.source.client, err))
        return 2;
    return show(call, &sides, &trust, &findings, NULL);
}

#define CODE_SELECTOR 6 /* characters of a code that may be shown again */

struct pair_words {
    struct endpoint peer;
    struct dial_wish wish;
};

static bool pair_words_read(struct call *call, struct pair_words *out, struct error *err)
{
    const char *host = NULL;

    if (!demands_read(&call->args, &out->wish.policy, &out->wish.demands, err) ||
        !args_value(&call->args, "--peer-name", &out->wish.peer_name, err) ||
        !args_need(&call->args, "HOST", &host, err) || !args_end(&call->args, err) ||
        !endpoint_read(&out->peer, host, err))
        return false;
    if (out->wish.peer_name == NULL)
        out->wish.peer_name = out->peer.host;
    return true;
}

static int pair(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(worker_clear) struct worker worker = {0};
    scoped(dial_close) struct dial dial = {0};
    scoped(report_clear) struct report findings = {0};
    struct pair_words words = {0};
    struct error unrecorded = {0};
    int status = 2;

    if (!pair_words_read(call, &words, err) || !state_open(&state, call->state_dir, err) ||
        !supervisor_part(&worker, &state, &(struct duty){.json = call->json}, err) ||
        !sandbox_close_dialler(&(struct sandbox_dialler){.peer = &words.peer, .work = -1},
                               err))
        return 2;
    if (dial_pair(&dial, &worker, &words.peer, &words.wish, err)) {
        const struct pair_sides sides = {dial.pair.setup.own, dial.pair.peer};

        pair_findings(&dial.pair, &findings);
        status = show(call, &sides, &worker.newest->trust, &findings, &dial.tls.facts);
        fflush(stdout);
    }
    /* A good one that nobody will find in the record is not done. */
    if (!dial_witness(&dial, &worker, err, &unrecorded) && status == 0) {
        *err = unrecorded;
        return 2;
    }
    return status;
}

static int invite(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(code_clear) struct code code = {0};
    const char *for_name = "", *expires = NULL;
    int64_t seconds = INVITE_SECONDS;
    char text[CODE_TEXT_MAX], until[TIME_TEXT_MAX], selector[CODE_TEXT_MAX];

    if (!args_value(&call->args, "--for", &for_name, err) ||
        !args_value(&call->args, "--expires", &expires, err) ||
        !args_end(&call->args, err) ||
        (expires != NULL && !text_duration(&seconds, expires, err)) ||
        (seconds == 0 &&
         !fail(err, E_DURATION, "'%s': the code would never count", expires)))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !invitation_make(&code, &state.db, for_name, call->now, call->now + seconds, err))
        return 2;
    code_show(text, &code);
    text_show_time(until, call->now + seconds);
    text_copy_span(selector, sizeof(selector), span_of(text, CODE_SELECTOR));
    audit_note(&state, AUDIT_INVITATION, "invite", selector, "for %s, until %s",
               for_name[0] != '\0' ? for_name : "any peer that pairs", until);
    if (call->json) {
        printf("{\"code\":\"%s\",\"expires\":\"%s\"}\n", text, until);
        return 0;
    }
    puts(text);
    fprintf(stderr,
            "One use, until %s, shown only now. At the source:\n"
            "  pairgate migrate THIS-HOST DIRECTORY --code-file FILE\n",
            until);
    return 0;
}

static const char *invitation_state(const struct invitation *invitation, time_t now)
{
    if (invitation->used != 0)
        return "used";
    if (invitation->failures >= CODE_FAILURES_MAX)
        return "locked";
    return invitation->expires <= now ? "expired" : "open";
}

static void print_invitation(const struct call *call, const struct invitation *invitation)
{
    struct code code = {.selector = invitation->selector};
    char selector[CODE_TEXT_MAX], until[TIME_TEXT_MAX], name[2 * PEER_NAME_MAX];

    code_show(selector, &code);
    selector[CODE_SELECTOR] = '\0'; /* the selector alone */
    text_show_time(until, invitation->expires);
    text_printable(name, sizeof(name), span_text(invitation->for_name));
    if (call->json)
        printf(
            "{\"selector\":\"%s\",\"state\":\"%s\",\"expires\":\"%s\",\"failures\":%u}\n",
            selector, invitation_state(invitation, call->now), until, invitation->failures);
    else
        printf("%s  %-7s  until %s  %u wrong  %s\n", selector,
               invitation_state(invitation, call->now), until, invitation->failures,
               name[0] != '\0' ? name : "any peer that pairs");
}

static int invitations(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(query_end) struct query row = {0};

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !invitation_list(&row, &state.db, err))
        return 2;
    while (query_next(&row, err)) {
        struct invitation invitation;

        invitation_read(&invitation, &row);
        print_invitation(call, &invitation);
    }
    return 0;
}

const struct command commands_pair[] = {
    {"preflight", "[--at T] [--duration D] " DEMANDS_WORDS " SOURCE.pem TARGET.pem",
     "Compare two chains offline, as the connection check would.", preflight},
    {"pair", "HOST[:PORT] [--peer-name N] " DEMANDS_WORDS,
     "Source: the connection check alone; nothing moves.", pair},
    {"invite", "[--for NAME|SHA256] [--expires D]",
     "Target: make a one-time code for one source; shown once.", invite},
    {"invitations", "", "Target: the codes made, without their secrets.", invitations},
    {0},
};
