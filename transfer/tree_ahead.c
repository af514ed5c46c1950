/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_ahead.h"

#include "base/mem.h"
#include "transfer/attrs.h"
#include "transfer/tree_holes.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define BATCH 32        /* names that are asked for at once */
#define BATCHES 8       /* asked for and not taken yet */
#define ATTRS_ROOM 2048 /* what a row takes of a file's attributes */

struct batch {
    struct glance row[BATCH];
    bool done;
};

/* Batch b lies at b % BATCHES, from when it is claimed until the one after it is taken. */
struct ahead {
    int dir;
    const char *const *names;
    size_t n;
    bool settle;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows, but for the rows */
    pthread_cond_t news;
    size_t taken;   /* the batch whose names have their turn */
    size_t claimed; /* the next one that nobody asks for */
    bool over;      /* no further ones: the end, or a directory was met */
    bool asked;     /* the walker's own: for what has its turn */
    struct batch batch[BATCHES];
};

static struct batch *batch_of(struct ahead *ahead, size_t b)
{
    return &ahead->batch[b % BATCHES];
}

/* True unless it is a directory. Only of files a row is made: of all else, and of what may
 * have holes, more is asked, for which the moments between would be too many. */
static bool look(const struct ahead *ahead, struct glance *out, const char *name)
{
    struct error ignored = {0};
    struct stat *st = &out->st;

    if (fstatat(ahead->dir, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    out->known = S_ISREG(st->st_mode);
    out->settled = out->known && ahead->settle && !holes_are_likely(st) &&
                   faccessat(ahead->dir, name, R_OK, AT_EACCESS) == 0 &&
                   attrs_read(&out->xattrs, ahead->dir, name, &ignored);
    return !S_ISDIR(st->st_mode);
}

/* False at a directory: the walker goes down there, and what is behind it is for later. */
static bool ask(struct ahead *ahead, size_t b)
{
    struct batch *batch = batch_of(ahead, b);
    bool goes_on = true;

    for (size_t i = 0; i < BATCH; i++) {
        struct glance *row = &batch->row[i];

        row->known = row->settled = false;
        if (goes_on && b * BATCH + i < ahead->n)
            goes_on = look(ahead, row, ahead->names[b * BATCH + i]);
    }
    return goes_on;
}

/* Ask for the next batch, with the lock given up meanwhile; false when there is none now.
 */
static bool ask_next(struct ahead *ahead)
{
    const size_t b = ahead->claimed;
    bool goes_on;

    if (ahead->over || b >= ahead->taken + BATCHES)
        return false;
    ahead->claimed++;
    batch_of(ahead, b)->done = false;
    ahead->over = ahead->claimed * BATCH >= ahead->n;
    pthread_mutex_unlock(&ahead->lock);
    goes_on = ask(ahead, b);
    pthread_mutex_lock(&ahead->lock);
    batch_of(ahead, b)->done = true;
    ahead->over = ahead->over || !goes_on;
    pthread_cond_signal(&ahead->news);
    return true;
}

static void *run(void *at)
{
    struct ahead *ahead = at;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->over)
        if (!ask_next(ahead) && !ahead->over)
            pthread_cond_wait(&ahead->news, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static bool one_processor(void)
{
    cpu_set_t ours;

    return sched_getaffinity(0, sizeof(ours), &ours) == 0 && CPU_COUNT(&ours) == 1;
}

/* It handles no signals: they are for the threads that were there. */
static bool start(struct ahead *ahead)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&ahead->thread, NULL, run, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void clear(struct ahead *ahead)
{
    for (size_t i = 0; i < BATCHES * BATCH; i++)
        buf_clear(&ahead->batch[i / BATCH].row[i % BATCH].xattrs);
    pthread_cond_destroy(&ahead->news);
    pthread_mutex_destroy(&ahead->lock);
    mem_free(ahead);
}

struct ahead *ahead_begin(int dir, const char *const *names, size_t n, bool settle)
{
    struct ahead *ahead;

    if (one_processor())
        return NULL;
    ahead = mem_zeroed(1, sizeof(*ahead));
    ahead->dir = dir;
    ahead->names = names;
    ahead->n = n;
    ahead->settle = settle;
    for (size_t i = 0; i < BATCHES * BATCH; i++)
        ahead->batch[i / BATCH].row[i % BATCH].xattrs = buf_upto(ATTRS_ROOM);
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->news, NULL);
    if (start(ahead))
        return ahead;
    clear(ahead);
    return NULL;
}

/* The batches before it are free again. Instead of waiting for it later ones are asked for.
 */
static void reach(struct ahead *ahead, size_t b)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->taken = b;
    pthread_cond_signal(&ahead->news);
    while (b < ahead->claimed ? !batch_of(ahead, b)->done : !ahead->over)
        if (!ask_next(ahead))
            pthread_cond_wait(&ahead->news, &ahead->lock);
    ahead->asked = b < ahead->claimed;
    pthread_mutex_unlock(&ahead->lock);
}

const struct glance *ahead_take(struct ahead *ahead, size_t i)
{
    const struct glance *row = &batch_of(ahead, i / BATCH)->row[i % BATCH];

    if (i % BATCH == 0)
        reach(ahead, i / BATCH);
    return ahead->asked && row->known ? row : NULL;
}

void ahead_end(struct ahead **ahead)
{
    if (*ahead == NULL)
        return;
    pthread_mutex_lock(&(*ahead)->lock);
    (*ahead)->over = true;
    pthread_cond_signal(&(*ahead)->news);
    pthread_mutex_unlock(&(*ahead)->lock);
    pthread_join((*ahead)->thread, NULL);
    clear(*ahead);
    *ahead = NULL;
}
