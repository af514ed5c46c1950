/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 20000
#define DEPTH_MAX 8
#define OTHERS (S_IRWXG | S_IRWXO)

struct walk {
    struct report *out;
    const char *dir; /* of the state */
    size_t seen;
};

/* A key or the database; everything else is merely untidy. */
static bool is_secret(const char *name)
{
    return text_ends(name, "key.pem") || text_starts(name, STATE_DB_FILE);
}

static void judge(struct walk *walk, const char *path, const char *name,
                  const struct stat *st)
{
    struct error why = {0};

    if ((st->st_mode & OTHERS) == 0)
        return;
    fail(&why, E_DOCTOR_OPEN, "%s has mode %04o; mend it with: chmod %o %s/%s",
         path[0] != '\0' ? path : ".", (unsigned)(st->st_mode & 07777),
         S_ISDIR(st->st_mode) ? 0700U : 0600U, walk->dir, path);
    why.severity = is_secret(name) ? SEVERITY_ERROR : SEVERITY_WARNING;
    report_add(walk->out, &why);
}

/* Says errno; what is gone since it was listed is no finding. */
static void tell_unseen(struct walk *walk, const char *path)
{
    struct error why = {0};

    if (errno == ENOENT)
        return;
    fail_errno(&why, E_FILE_READ, path[0] != '\0' ? path : walk->dir);
    why.severity = SEVERITY_WARNING;
    report_add(walk->out, &why);
}

static void descend(struct walk *walk, int at, const char *name, const char *path,
                    unsigned depth);

/* An entry of the directory `path`. */
static void look(struct walk *walk, int at, const char *name, const char *path,
                 unsigned depth)
{
    char below[PATH_MAX];
    struct stat st;

    if (snprintf(below, sizeof(below), "%s%s%s", path, path[0] != '\0' ? "/" : "", name) >=
        (int)sizeof(below))
        return;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        tell_unseen(walk, below);
        return;
    }
    if (S_ISLNK(st.st_mode))
        return;
    walk->seen++;
    judge(walk, below, name, &st);
    if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
        descend(walk, at, name, below, depth + 1);
}

static void descend(struct walk *walk, int at, const char *name, const char *path,
                    unsigned depth)
{
    scoped(dir_close) DIR *list = dir_open(at, name, O_NOFOLLOW);
    const struct dirent *row = NULL;

    if (list == NULL) {
        tell_unseen(walk, path);
        return;
    }
    while (walk->seen < ENTRIES_MAX && (row = dir_next(list)) != NULL)
        if (!text_equal(row->d_name, ".") && !text_equal(row->d_name, ".."))
            look(walk, dirfd(list), row->d_name, path, depth);
    if (row == NULL && errno != 0)
        tell_unseen(walk, path);
}

/* The state directory itself: state_open refuses one that is open. */
void doctor_permissions(struct report *out, const struct state *state)
{
    struct walk walk = {.out = out, .dir = state->dir};

    descend(&walk, state->fd, ".", "", 0);
}
