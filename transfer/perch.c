/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/perch.h"

#include "base/fs.h"
#include "base/text.h"
#include "transfer/manifest.h"

#include <fcntl.h>
#include <string.h>

static bool holds(const struct perch *perch, int root, struct span parent)
{
    return perch->held && perch->root == root && strlen(perch->parent) == parent.n &&
           (parent.n == 0 || memcmp(perch->parent, parent.at, parent.n) == 0);
}

bool perch_reach(struct perch *perch, int root, struct span path, struct error *err)
{
    const size_t n = entry_parent_length(path);
    const struct span parent = span_head(path, n);
    const struct span name = span_after(path, n > 0 ? n + 1 : 0);

    if (path.n == 0)
        text_fits(perch->name, ".");
    else if (!text_copy_span(perch->name, sizeof(perch->name), name))
        return fail(err, E_PATH_ESCAPES, "a name of %zu bytes", name.n);
    if (holds(perch, root, parent))
        return true;
    perch_clear(perch);
    if (!text_copy_span(perch->parent, sizeof(perch->parent), parent))
        return fail(err, E_PATH_ESCAPES, "a path of %zu bytes", path.n);
    if (!fs_open_beneath(&perch->dir, root, n > 0 ? perch->parent : ".",
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, err))
        return false;
    perch->root = root;
    perch->held = true;
    return true;
}

void perch_clear(struct perch *perch)
{
    if (perch->held)
        fd_close(&perch->dir);
    perch->held = false;
    perch->parent[0] = '\0';
}
