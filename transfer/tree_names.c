/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_names.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void add_name(struct names *names, const char *name)
{
    const size_t n = strlen(name) + 1;

    if (names->bytes_n + n > names->bytes_room) {
        names->bytes_room = 2 * names->bytes_room + 4096 + n;
        names->bytes = mem_resize(names->bytes, names->bytes_room, 1);
    }
    memcpy(names->bytes + names->bytes_n, name, n);
    names->bytes_n += n;
    names->n++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(struct names *names)
{
    const char *next = names->bytes;

    names->at = mem_zeroed(names->n, sizeof(*names->at));
    for (size_t i = 0; i < names->n; i++) {
        names->at[i] = next;
        next += strlen(next) + 1;
    }
    qsort(names->at, names->n, sizeof(*names->at), compare_names);
}

bool names_read(struct names *out, int dir, const char *what, struct error *err)
{
    scoped(dir_close) DIR *listing = dir_open(dir, ".", 0);
    const struct dirent *found;

    if (listing == NULL)
        return fail_errno(err, E_NOT_READABLE, what);
    while ((found = dir_next(listing)) != NULL)
        if (!text_equal(found->d_name, ".") && !text_equal(found->d_name, ".."))
            add_name(out, found->d_name);
    if (errno != 0)
        return fail_errno(err, E_NOT_READABLE, what);
    sort_names(out);
    return true;
}

void names_clear(struct names *names)
{
    mem_free(names->bytes);
    mem_free(names->at);
    *names = (struct names){0};
}
