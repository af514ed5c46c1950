/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a generation whose contents are not to be believed, because they were not as
 * listed when they were read. Their paths lie in the work directory before the segment is
 * sent, so no crash makes one of them look good. The next generation sends them again.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <pthread.h>

/* Noting them; one for all streams. */
struct changed {
    pthread_mutex_t lock;
    int fd; /* counts only with `opened` */
    bool opened;
    struct buf last; /* noted last: the next segment often has more of it */
};
must_check bool changed_open(struct changed *out, int dir, unsigned generation,
                             struct error *err);
/* On disk with the next changed_sync, which comes before the segment is sent. */
must_check bool changed_note(struct changed *changed, struct span path, struct error *err);
must_check bool changed_sync(const struct changed *changed, struct error *err);
void changed_close(struct changed *changed);

/* What was noted. */
struct changed_list {
    struct buf bytes;
    struct span *path; /* n of them, sorted, each once, into `bytes` */
    size_t n;
};
must_check bool changed_read(struct changed_list *out, int dir, unsigned generation,
                             struct error *err);
bool changed_has(const struct changed_list *list, struct span path);
void changed_clear(struct changed_list *list);
/* Before a generation is listed anew. */
must_check bool changed_forget(int dir, unsigned generation, struct error *err);
