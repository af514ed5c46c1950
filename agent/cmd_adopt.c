/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust export, adopt, status: the published list carried from appliance to appliance. */
#include "agent/adopt.h"
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/outfile.h"
#include "agent/published_doc.h"
#include "agent/trust_status.h"
#include "agent/trust_view.h"
#include "base/fs.h"
#include "base/text.h"

#include <stdio.h>

#define DAYS_MAX 366

static void print_list(FILE *out, const char *what, const struct published *list)
{
    char until[TIME_TEXT_MAX];

    text_show_time(until, list->expires);
    fprintf(out, "%s list %s, sequence %u, %zu entries, good until %s.\n", what, list->list,
            list->sequence, list->entries.n, until);
}

static bool read_export(struct export_wish *out, const char **path, struct args *args,
                        struct error *err)
{
    const char *days = NULL, *sequence = NULL;
    uint64_t number = PUBLISHED_DAYS;

    if (!args_value(args, "--days", &days, err) ||
        !args_value(args, "--sequence", &sequence, err) ||
        !args_need(args, "FILE", path, err) || !args_end(args, err) ||
        (days != NULL && !text_number(&number, days, 1, DAYS_MAX, err)))
        return false;
    out->days = (unsigned)number;
    if (sequence == NULL)
        return true;
    if (!text_number(&number, sequence, 1, UINT32_MAX - 1, err))
        return false;
    out->sequence = (unsigned)number;
    return true;
}

static int run_export(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(published_clear) struct published list = {0};
    scoped(buf_clear) struct buf document = buf_upto(DOCUMENT_BYTES_MAX);
    struct export_wish wish = {.now = call->now};
    const char *path = NULL;

    if (!read_export(&wish, &path, &call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !adopt_export(&document, &list, state.fd, &wish, err) ||
        !outfile_write(path, buf_span(&document), 0644, err))
        return 0;
    if (call->json && !text_equal(path, "-"))
        trust_status_json_list(stdout, &list);
    else if (!call->json)
        print_list(stderr, "Signed the", &list);
    return 0;
}

static int run_adopt(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(published_clear) struct published list = {0};
    scoped(buf_clear) struct buf document = buf_upto(DOCUMENT_BYTES_MAX);
    struct adopt_wish wish = {.now = call->now};
    struct refreshed refreshed = {0};
    const char *path = NULL;

    wish.confirmed = args_flag(&call->args, "--confirm");
    wish.force = args_flag(&call->args, "--force");
    if (!args_need(&call->args, "FILE", &path, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !fs_read(&document, path, err) ||
        !adopt_document(&list, &state, buf_span(&document), &wish, err) ||
        !trust_refresh(&refreshed, state.fd, call->now, err))
        return 0;
    audit_note(&state, AUDIT_TRUST, "adopt", list.publisher,
               "%s: %zu added, %zu kept, %zu removed", path, refreshed.added,
               refreshed.kept, refreshed.removed);
    if (call->json) {
        trust_status_json_list(stdout, &list);
        return 0;
    }
    print_list(stdout, "Adopted the", &list);
    printf("Published by %s.\n", list.publisher);
    trust_view_refreshed(stdout, &refreshed);
    return 0;
}

/* Between appliances that have no network between them: the record goes as a file. */
static bool carry_status(struct call *call, const struct state *state, const char *to,
                         const char *from, struct error *err)
{
    scoped(buf_clear) struct buf document = buf_upto(DOCUMENT_BYTES_MAX);
    struct holding holding = {0};

    if (to != NULL)
        return adopt_export_holding(&document, state->fd, call->now, err) &&
               outfile_write(to, buf_span(&document), 0644, err);
    if (!fs_read(&document, from, err) ||
        !adopt_import_holding(&holding, state->fd, buf_span(&document), call->now, err))
        return false;
    if (!call->json)
        printf("Recorded what %s holds.\n", holding.holder);
    return true;
}

static int run_status(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(published_lists_clear) struct published_lists lists = {0};
    scoped(holdings_clear) struct holdings holdings = {0};
    const char *to = NULL, *from = NULL;

    if (!args_value(&call->args, "--export", &to, err) ||
        !args_value(&call->args, "--import", &from, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err))
        return 0;
    if (to != NULL && from != NULL) {
        fail(err, E_USAGE, "--export and --import exclude each other");
        return 0;
    }
    if (to != NULL || from != NULL) {
        if (state_lock(&state, err))
            (void)carry_status(call, &state, to, from, err);
        return 0;
    }
    if (!published_load_all(&lists, state.fd, err) ||
        !holdings_load(&holdings, state.fd, err))
        return 0;
    if (call->json)
        trust_status_json(stdout, &lists, &holdings, call->now);
    else
        trust_status_text(stdout, &lists, &holdings, call->now);
    return 0;
}

const struct command commands_adopt[] = {
    {"trust export", "[--days N] [--sequence N] FILE",
     "the published list as one signed document, for other appliances", run_export},
    {"trust adopt", "[--confirm] [--force] FILE",
     "take over what another appliance publishes", run_adopt},
    {"trust status", "[--export FILE | --import FILE]",
     "which lists are held here, and which appliance holds which sequence of ours",
     run_status},
    {0},
};
