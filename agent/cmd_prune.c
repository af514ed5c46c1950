/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What finished migrations have left behind and nobody needs: at the target older copies
 * that were replaced, data of failed tries, and staging areas; at the source the listings.
 * Receipts and the record stay.
 */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/listing.h"
#include "agent/state.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct prune {
    struct call *call;
    struct state state;
    uint64_t removed;
};

static void prune_clear(struct prune *prune)
{
    state_close(&prune->state);
}

static void tell(struct prune *prune, const char *directory, const char *name)
{
    char shown[2048];

    text_printable(shown, sizeof(shown), span_text(directory));
    prune->removed++;
    if (!prune->call->json)
        printf("removed %s/%s/%s\n", shown, STAGING_DIR, name);
    audit_note(&prune->state, AUDIT_MIGRATION, "pruned", name, "%s", directory);
}

/* Decided, or revoked by the operator: its staging area serves nobody. */
static bool is_over(bool *out, struct prune *prune, const char *migration,
                    struct error *err)
{
    scoped(query_end) struct query row = {0};

    *out = false;
    if (!query_begin(&row, &prune->state.db,
                     "SELECT 1 FROM migration WHERE id = ?1 AND side = 'target' AND (state"
                     " IN ('committed', 'aborted') OR (state IN ('receiving', 'sealed') AND"
                     " NOT EXISTS (SELECT 1 FROM grants WHERE migration = ?1 AND revoked ="
                     " 0)))",
                     err))
        return false;
    query_text(&row, 1, migration);
    *out = query_next(&row, err);
    return err->msg == E_NONE;
}

static bool prune_entry(struct prune *prune, int into, int above, const char *directory,
                        const char *name, struct error *err)
{
    bool over = text_starts(name, RECEIVE_OLDER) || text_starts(name, RECEIVE_KEPT);
    struct error busy = {0};

    if (over && !fs_remove_tree(above, name, err))
        return false;
    if (!over && text_starts(name, "m-")) {
        if (!is_over(&over, prune, name, err))
            return false;
        if (over && !receive_sweep(&(struct receive_place){.into = into, .migration = name},
                                   &busy)) {
            over = false; /* a listener has it, and will see to it itself */
            if (busy.msg != E_STAGING_BUSY) {
                *err = busy;
                return false;
            }
        }
    }
    if (over)
        tell(prune, directory, name);
    return true;
}

static bool prune_into(struct prune *prune, const char *directory, struct error *err)
{
    scoped(fd_close) int into = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(dir_close) DIR *dir = into >= 0 ? dir_open(into, STAGING_DIR, O_NOFOLLOW) : NULL;
    const struct dirent *entry;
    bool good = true;

    if (dir == NULL)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, directory);
    while (good && (entry = dir_next(dir)) != NULL)
        good = prune_entry(prune, into, dirfd(dir), directory, entry->d_name, err);
    if (good && errno != 0)
        good = fail_errno(err, E_FILE_READ, directory);
    unlinkat(into, STAGING_DIR, AT_REMOVEDIR);
    return good;
}

static bool prune_target(struct prune *prune, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, &prune->state.db,
                     "SELECT DISTINCT directory FROM migration WHERE side = 'target'", err))
        return false;
    while (query_next(&row, err))
        if (!prune_into(prune, query_get_text(&row, 0), err))
            return false;
    return err->msg == E_NONE;
}

static bool prune_source(struct prune *prune, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, &prune->state.db,
                     "SELECT id FROM migration WHERE side = 'source' AND state IN"
                     " ('handed-over', 'thawed')",
                     err))
        return false;
    while (query_next(&row, err))
        if (!listing_drop(prune->state.fd, query_get_text(&row, 0), err))
            return false;
    return err->msg == E_NONE;
}

static int run_prune(struct call *call, struct error *err)
{
    scoped(prune_clear) struct prune prune = {.call = call};

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&prune.state, call->state_dir, err) ||
        !state_open_db(&prune.state, err) || !prune_target(&prune, err) ||
        !prune_source(&prune, err))
        return 2;
    if (call->json)
        printf("{\"removed\":%llu}\n", (unsigned long long)prune.removed);
    else if (prune.removed == 0)
        puts("Nothing to remove.");
    return 0;
}

const struct command commands_prune[] = {
    {"prune", "",
     "Remove what migrations have left: replaced older copies, data of failed tries.",
     run_prune},
    {0},
};
