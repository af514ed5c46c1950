/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hooks.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS_FILE HOOKS_DIR "/seconds"
#define SECONDS_TEXT_MAX 16

#define IN(state) (1U << (state))

static const struct hook_rule rules[HOOKS] = {
    [HOOK_SOURCE_PREFLIGHT] = {.name = "source-preflight",
                               .states = IN(SOURCE_SENDING),
                               .before_any = true,
                               .failed = E_HOOK_PREFLIGHT},
    [HOOK_SOURCE_FREEZE] = {.name = "source-freeze",
                            .states = IN(SOURCE_SENDING) | IN(SOURCE_FROZEN),
                            .failed = E_HOOK_FREEZE},
    [HOOK_SOURCE_THAW] = {.name = "source-thaw",
                          .states = IN(SOURCE_SENDING) | IN(SOURCE_THAWED),
                          .owed = IN(SOURCE_SENDING) | IN(SOURCE_THAWED),
                          .undoes = HOOK_SOURCE_FREEZE,
                          .failed = E_HOOK_THAW},
    [HOOK_SOURCE_RETIRE] = {.name = "source-retire",
                            .states = IN(SOURCE_HANDED_OVER),
                            .once = true,
                            .failed = E_HOOK_RETIRE},
    [HOOK_TARGET_PREFLIGHT] = {.name = "target-preflight",
                               .is_target = true,
                               .states = IN(TARGET_RECEIVING),
                               .once = true,
                               .failed = E_HOOK_REFUSES},
    [HOOK_TARGET_IMPORT] = {.name = "target-import",
                            .is_target = true,
                            .states = IN(TARGET_COMMITTING),
                            .once = true,
                            .failed = E_HOOK_IMPORT},
    [HOOK_TARGET_ACTIVATE] = {.name = "target-activate",
                              .is_target = true,
                              .states = IN(TARGET_COMMITTED),
                              .owed = IN(TARGET_COMMITTED),
                              .once = true,
                              .failed = E_HOOK_ACTIVATE},
    [HOOK_TARGET_ROLLBACK] = {.name = "target-rollback",
                              .is_target = true,
                              .states = IN(TARGET_COMMITTING) | IN(TARGET_ABORTED),
                              .owed = IN(TARGET_ABORTED),
                              .undoes = HOOK_TARGET_IMPORT,
                              .failed = E_HOOK_ROLLBACK},
};

const struct hook_rule *hook_rule(enum hook hook)
{
    return &rules[hook];
}

bool hook_may_run(enum hook hook, bool is_target, enum handover_state state)
{
    return rules[hook].is_target == is_target && (rules[hook].states & IN(state)) != 0;
}

static bool is_ours_alone(const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid()) &&
           (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Refuse what others can change, with the command that mends it. */
static bool check_owner(const struct stat *st, const char *dir, const char *name,
                        struct error *err)
{
    if (is_ours_alone(st))
        return true;
    return fail(err, E_HOOK_OPEN, "mend it with: %s '%s/%s'",
                (st->st_mode & (S_IWGRP | S_IWOTH)) != 0 ? "chmod go-w" : "chown root", dir,
                name);
}

/* Absolute: the hook does not run where we do. */
static bool take_paths(struct hook_file *out, const struct state *state, const char *name,
                       struct error *err)
{
    char dir[PATH_MAX];

    if (realpath(state->dir, dir) == NULL)
        return fail_errno(err, E_HOOK_FORM, state->dir);
    snprintf(out->home, sizeof(out->home), "PAIRGATE_STATE=%s", dir);
    out->there = snprintf(out->path, sizeof(out->path), "%s/" HOOKS_DIR "/%s", dir, name) <
                 (int)sizeof(out->path);
    return out->there || fail(err, E_HOOK_FORM, "the path of %s is too long", name);
}

bool hook_find(struct hook_file *out, const struct state *state, const char *name,
               struct error *err)
{
    char path[sizeof(HOOKS_DIR) + HOOK_NAME_MAX];
    struct stat dir, hook;

    *out = (struct hook_file){0};
    snprintf(path, sizeof(path), HOOKS_DIR "/%s", name);
    if (fstatat(state->fd, HOOKS_DIR, &dir, 0) != 0 ||
        fstatat(state->fd, path, &hook, 0) != 0)
        return errno == ENOENT || fail_errno(err, E_HOOK_FORM, path);
    if (!S_ISREG(hook.st_mode) || (hook.st_mode & S_IXUSR) == 0)
        return fail(err, E_HOOK_FORM, "mend it with: chmod u+x '%s/%s'", state->dir, path);
    return check_owner(&dir, state->dir, HOOKS_DIR, err) &&
           check_owner(&hook, state->dir, path, err) && take_paths(out, state, name, err);
}

bool hook_seconds(unsigned *out, const struct state *state, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(SECONDS_TEXT_MAX);
    uint64_t seconds = HOOK_SECONDS;
    struct error unread = {0};

    *out = HOOK_SECONDS;
    if (faccessat(state->fd, SECONDS_FILE, F_OK, 0) != 0)
        return errno == ENOENT || fail_errno(err, E_HOOK_SECONDS, SECONDS_FILE);
    if (!fs_read_at(&file, state->fd, SECONDS_FILE, err))
        return false;
    while (file.n > 0 && file.at[file.n - 1] == '\n')
        file.n--;
    if (!buf_terminate(&file, err) ||
        !text_number(&seconds, (const char *)file.at, 1, HOOK_SECONDS_MAX, &unread))
        return fail(err, E_HOOK_SECONDS, "%s/" SECONDS_FILE, state->dir);
    *out = (unsigned)seconds;
    return true;
}
