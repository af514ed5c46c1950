/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source: start and resume migrations; on either side: look at them and their receipts.
 */
#include "agent/command.h"
#include "agent/demands.h"
#include "agent/migration_view.h"
#include "agent/move.h"
#include "agent/view_pair.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/receipt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool number_option(struct call *call, const char *name, uint64_t max, unsigned *out,
                          struct error *err)
{
    const char *text = NULL;
    uint64_t value = *out;

    if (!args_value(&call->args, name, &text, err) ||
        (text != NULL && !text_number(&value, text, 1, max, err)))
        return false;
    *out = (unsigned)value;
    return true;
}

static unsigned streams_default(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > 8 ? 8 : (unsigned)cores;
}

/* The tree as an absolute path, and the name it shall have there. */
static bool take_tree(struct move_plan *plan, const char *tree, const char *name,
                      struct error *err)
{
    char real[PATH_MAX];
    const char *last;

    if (realpath(tree, real) == NULL)
        return fail_errno(err, E_FILE_READ, tree);
    if (access(real, R_OK | X_OK) != 0)
        return fail_errno(err, E_FILE_READ, real);
    last = strrchr(real, '/') + 1;
    if (!text_fits(plan->tree, real))
        return fail(err, E_FILE_READ, "the path is too long");
    if (name == NULL)
        name = last;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
        !text_is_utf8(span_text(name)) || !text_fits(plan->name, name))
        return fail(err, E_NAME_BAD, "'%s'", name);
    return true;
}

struct migrate_words {
    const char *host, *tree, *name, *peer_name, *limit;
};

static bool migrate_words_read(struct call *call, struct migrate_words *w,
                               struct move_plan *plan, struct consent *consent,
                               struct error *err)
{
    struct args *args = &call->args;

    plan->streams = streams_default();
    if (!consent_read(consent, args, err) || !args_value(args, "--name", &w->name, err) ||
        !args_value(args, "--peer-name", &w->peer_name, err) ||
        !args_value(args, "--limit", &w->limit, err) ||
        !demands_read(args, &plan->policy, &plan->demands, err) ||
        !number_option(call, "--streams", STREAMS_MAX, &plan->streams, err) ||
        !args_need(args, "HOST", &w->host, err) || !args_need(args, "DIR", &w->tree, err) ||
        !args_end(args, err))
        return false;
    if (w->limit != NULL && !text_bytes(&plan->limit, w->limit, err))
        return false;
    return endpoint_read(&plan->peer, w->host, err);
}

/* Tell how it ended: refused verdicts as the connection check does, findings as findings.
 */
static int conclude(const struct call *call, struct move *move, bool good,
                    struct error *err)
{
    struct ladder ladder = {0};
    bool at_pairing = err->msg == E_PAIR_REFUSED;

    if (good)
        return 0;
    if (!move->refused) {
        if (move->plan.migration[0] != '\0' && !call->json)
            fprintf(stderr, "pairgate: go on with: pairgate resume %s\n",
                    move->plan.migration);
        return 2;
    }
    if (!at_pairing) { /* the listing of the tree: all its findings, the first is the error
                        */
        if (!call->json)
            view_text_report(stderr, &move->findings);
        return 1;
    }
    *err = (struct error){0};
    ladder_lay(&ladder, &move->worker->identity.chain, &move->peer, SIDE_SOURCE,
               &move->worker->trust);
    if (call->json)
        view_pair_json(stdout, &ladder, &move->findings, NULL, false);
    else
        view_pair_text(stdout, &ladder, &move->findings, NULL, false);
    return 1;
}

/* An unfinished migration of this tree to this peer, whose grant may still do. */
static bool find_unfinished(struct move_plan *plan, struct state *state, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!state_open_db(state, err) ||
        !query_begin(&row, &state->db,
                     "SELECT id FROM migration WHERE side = 'source' AND directory = ?1"
                     " AND name = ?2 AND state NOT IN ('handed-over', 'thawed')"
                     " ORDER BY created DESC",
                     err))
        return false;
    query_text(&row, 1, plan->tree);
    query_text(&row, 2, plan->name);
    while (plan->migration[0] == '\0' && query_next(&row, err)) {
        struct move_plan before;
        struct error unreadable = {0};

        if (plan_load(&before, state->fd, query_get_text(&row, 0), &unreadable) &&
            text_equal(before.peer.host, plan->peer.host) &&
            text_equal(before.peer.port, plan->peer.port))
            (void)text_fits(plan->migration, before.migration);
    }
    return err->msg == E_NONE;
}

/* Part into two processes and do it. */
static int run_move(struct call *call, struct move *move, struct state *state,
                    bool (*what)(struct move *, struct error *), struct error *err)
{
    scoped(worker_clear) struct worker worker = {0};

    if (state->db.handle != NULL) /* the supervisor opens it again, after the fork */
        db_close(&state->db);
    if (!supervisor_part(&worker, state, false, err))
        return 2;
    move->worker = &worker;
    move->state = state->fd;
    move->events.json = call->json;
    return conclude(call, move, what(move, err), err);
}

static int run_migrate(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(move_clear) struct move move = {0};
    scoped(consent_clear) struct consent consent = {0};
    struct migrate_words words = {0};
    struct move_plan *plan = &move.plan;

    if (!migrate_words_read(call, &words, plan, &consent, err) ||
        !take_tree(plan, words.tree, words.name, err) ||
        !text_fits(plan->peer_name,
                   words.peer_name != NULL ? words.peer_name : plan->peer.host))
        return 64;
    move.consent = &consent;
    if (!state_open(&state, call->state_dir, err) || !find_unfinished(plan, &state, err))
        return 2;
    if (consent.kind == CONSENT_NONE && plan->migration[0] == '\0') {
        fail(err, E_USAGE,
             "--code-file F, --user NAME or --wait is missing, and no migration of this"
             " is begun");
        return 64;
    }
    return run_move(call, &move, &state, move_run, err);
}

static int with_plan(struct call *call, bool (*what)(struct move *, struct error *),
                     struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(move_clear) struct move move = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !migration_id_is_plain(id, err) ||
        !plan_load(&move.plan, state.fd, id, err))
        return 2;
    return run_move(call, &move, &state, what, err);
}

static int run_resume(struct call *call, struct error *err)
{
    return with_plan(call, move_run, err);
}

static int run_abort(struct call *call, struct error *err)
{
    return with_plan(call, move_abort, err);
}

static int run_status(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *id = args_operand(&call->args);

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err))
        return 2;
    return migration_list(stdout, &state.db, id, call->json, err) ? 0 : 2;
}

/* Body and both signatures as kept, in the form `receipt verify` reads. */
static int run_receipt_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct receipt receipt = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !handover_statement(&text, &state.db, id, KEPT_RECEIPT, err) ||
        !receipt_read(&receipt, buf_span(&text.body), err))
        return 2;
    if (call->json)
        return receipt_export(stdout, &text, err) ? 0 : 2;
    event_receipt(&(struct events){.json = false}, &receipt);
    return 0;
}

static int run_receipt_verify(struct call *call, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(STATEMENT_BODY_MAX * 4);
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    scoped(chain_clear) struct chain signer = {0};
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const char *path = NULL, *by = NULL;
    struct receipt receipt = {0};

    if (!args_value(&call->args, "--target", &by, err) ||
        !args_need(&call->args, "FILE", &path, err) || !args_end(&call->args, err))
        return 64;
    if (by == NULL) {
        fail(err, E_USAGE, "--target CHAIN.pem is missing: whose signature should it be?");
        return 64;
    }
    if (!fs_read(&file, path, err) || !fs_read(&pem, by, err) ||
        !chain_parse(&signer, buf_span(&pem), err) ||
        !receipt_import(&text, buf_span(&file), err) ||
        !receipt_signature_holds(&text, SIGNED_RECEIPT, chain_leaf(&signer)->spki, err) ||
        !receipt_read(&receipt, buf_span(&text.body), err))
        return 2;
    event_receipt(&(struct events){.json = call->json}, &receipt);
    return 0;
}

const struct command commands_migrate[] = {
    {"migrate",
     "HOST[:PORT] DIR " CONSENT_WORDS
     " [--name N] [--peer-name N] [--streams N] [--limit RATE] " DEMANDS_WORDS,
     "Source: pair, be authorised, move DIR, hand it over.", run_migrate},
    {"resume", "ID", "Source: go on with a migration that was interrupted.", run_resume},
    {"abort", "ID", "Source: end a migration for good; the target discards what it has.",
     run_abort},
    {"status", "[ID]", "The migrations of this appliance and their states.", run_status},
    {"receipt show", "ID", "The receipt of a committed migration.", run_receipt_show},
    {"receipt verify", "--target CHAIN.pem FILE",
     "Check a receipt (receipt show --json) against the target's certificate.",
     run_receipt_verify},
    {0},
};
