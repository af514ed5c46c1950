/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source: start and resume migrations; on either side: look at them. */
#include "agent/command.h"
#include "agent/demands.h"
#include "agent/errand.h"
#include "agent/migration_view.h"
#include "agent/move_command.h"
#include "agent/outcome_file.h"
#include "agent/subject.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAMS_UNASKED 6 /* each takes some 6 MiB on either side */

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

/* While one stream waits for the target's disk, others have the processor. */
static unsigned streams_default(bool nowhere)
{
    const long streams = (nowhere ? 1 : 3) * sysconf(_SC_NPROCESSORS_ONLN);

    return streams < 2                 ? 2
           : streams > STREAMS_UNASKED ? STREAMS_UNASKED
                                       : (unsigned)streams;
}

/* The tree as an absolute path, and the name it shall have there. */
static bool take_tree(struct move_plan *plan, const char *tree, const char *name,
                      struct error *err)
{
    char real[PATH_MAX];
    const char *last;
    struct stat st;

    if (realpath(tree, real) == NULL)
        return fail_errno(err, E_FILE_READ, tree);
    if (stat(real, &st) == 0 && !S_ISDIR(st.st_mode))
        return fail(err, E_TREE_NO_DIRECTORY, "%s", real);
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

#define WISH_WORDS "[--skip-unreadable] [--map-owner OLD:NEW]…"

static bool wish_read(struct args *args, struct tree_wish *out, struct error *err)
{
    const char *rule = NULL;

    out->skip_unreadable = args_flag(args, "--skip-unreadable");
    while (args_next_value(args, "--map-owner", &rule, err))
        if (!owner_map_add(&out->owners, rule, err))
            return false;
    return err->msg == E_NONE;
}

struct migrate_words {
    const char *host, *tree, *name, *peer_name, *limit, *compress, *patience;
};

static bool migrate_words_read(struct call *call, struct migrate_words *w,
                               struct move_plan *plan, struct consent *consent,
                               struct error *err)
{
    struct args *args = &call->args;

    plan->nowhere = args_flag(args, "--to-nowhere");
    plan->streams = streams_default(plan->nowhere);
    plan->basis = args_flag(args, "--basis");
    plan->patience = PATIENCE_SECONDS;
    if (!consent_read(consent, args, err) || !args_value(args, "--name", &w->name, err) ||
        !args_value(args, "--peer-name", &w->peer_name, err) ||
        !args_value(args, "--limit", &w->limit, err) ||
        !args_value(args, "--compress", &w->compress, err) ||
        !args_value(args, "--patience", &w->patience, err) ||
        !wish_read(args, &plan->wish, err) ||
        !demands_read(args, &plan->policy, &plan->demands, err) ||
        !number_option(call, "--streams", STREAMS_MAX, &plan->streams, err) ||
        !args_need(args, "HOST", &w->host, err) || !args_need(args, "DIR", &w->tree, err) ||
        !args_end(args, err))
        return false;
    if (w->limit != NULL && !text_bytes(&plan->limit, w->limit, err))
        return false;
    if (w->compress != NULL && !compress_named(&plan->compress, w->compress))
        return fail(err, E_USAGE, "--compress auto, never or always, not '%s'",
                    w->compress);
    if (w->patience != NULL && !text_duration(&plan->patience, w->patience, err))
        return false;
    return endpoint_read(&plan->peer, w->host, err);
}

/* The listing of an unfinished migration was made as it was wished then. */
static bool take_up(struct move_plan *plan, const struct move_plan *before,
                    struct error *err)
{
    (void)text_fits(plan->migration, before->migration);
    return (before->wish.skip_unreadable == plan->wish.skip_unreadable &&
            owner_map_equal(&before->wish.owners, &plan->wish.owners)) ||
           fail(err, E_WISH_OTHER, "%s", before->migration);
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
            before.nowhere == plan->nowhere &&
            text_equal(before.peer.host, plan->peer.host) &&
            text_equal(before.peer.port, plan->peer.port) && !take_up(plan, &before, err))
            return false;
    }
    return err->msg == E_NONE;
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
    if (!state_open(&state, call->state_dir, err) ||
        !state_lies_apart(&state, plan->tree, E_TREE_STATE, err) ||
        !find_unfinished(plan, &state, err))
        return 2;
    if (consent.kind == CONSENT_NONE && plan->migration[0] == '\0') {
        fail(err, E_USAGE,
             "--code-file F, --user NAME or --wait is missing, and no migration of this"
             " is begun");
        return 64;
    }
    return move_part(call, &move, &state, move_run, err);
}

/* The target's signed answer, carried here by hand. */
static bool read_carried(struct outcome_file *out, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(OUTCOME_FILE_MAX);

    return fs_read(&file, path, err) && outcome_file_read(out, buf_span(&file), err);
}

/* What an older version began may hold the keys: nothing more of it is sent. */
static bool may_be_sent(const struct subject *subject, const struct move_plan *plan,
                        struct error *err)
{
    return subject->handover.state != SOURCE_SENDING ||
           state_lies_apart(&subject->state, plan->tree, E_TREE_STATE, err);
}

static int run_resume(struct call *call, struct error *err)
{
    scoped(subject_clear) struct subject subject = {0};
    scoped(move_clear) struct move move = {0};
    scoped(outcome_file_clear) struct outcome_file carried = outcome_file_none();
    const char *id = NULL, *path = NULL;

    if (!args_value(&call->args, "--receipt", &path, err) ||
        !args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!subject_load(&subject, call, id, err) || !subject_is(&subject, false, err) ||
        (path != NULL && !read_carried(&carried, path, err)) ||
        !plan_load(&move.plan, subject.state.fd, id, err) ||
        (path == NULL && !may_be_sent(&subject, &move.plan, err)))
        return 2;
    move.carried = path != NULL ? &carried : NULL;
    return move_part(call, &move, &subject.state, path != NULL ? move_by_file : move_run,
                     err);
}

static int run_status(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *id = args_operand(&call->args);

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err))
        return 2;
    return migration_list(stdout, &state, id, call->json, err) ? 0 : 2;
}

const struct command commands_migrate[] = {
    {"migrate",
     "HOST[:PORT] DIR " CONSENT_WORDS
     " [--name N] [--peer-name N] [--streams N] [--limit RATE]"
     " [--compress auto|never|always] [--patience D] [--basis] [--to-nowhere] " WISH_WORDS
     " " DEMANDS_WORDS,
     "Source: pair, be authorised, move DIR, hand it over.", run_migrate},
    {"resume", "[--receipt FILE] ID",
     "Source: go on with a migration that was interrupted.", run_resume},
    {"status", "[ID]", "The migrations of this appliance and their states.", run_status},
    {0},
};
