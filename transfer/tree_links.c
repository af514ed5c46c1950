/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_links.h"

#include "base/mem.h"

#define ROOM_AT_FIRST 64 /* a power of two */

static struct link_row *row_for(const struct links *links, uint64_t device, uint64_t inode)
{
    uint64_t at = (inode ^ device << 32) * 0x9e3779b97f4a7c15U; /* Fibonacci hashing */

    for (at >>= 32;; at++) {
        struct link_row *row = &links->row[at & (links->room - 1)];

        if (row->path == NULL || (row->device == device && row->inode == inode))
            return row;
    }
}

static void grow(struct links *links)
{
    struct links wider = {.room = links->room > 0 ? 2 * links->room : ROOM_AT_FIRST};

    wider.row = mem_zeroed(wider.room, sizeof(*wider.row));
    for (size_t i = 0; i < links->room; i++)
        if (links->row[i].path != NULL)
            *row_for(&wider, links->row[i].device, links->row[i].inode) = links->row[i];
    mem_free(links->row);
    links->row = wider.row;
    links->room = wider.room;
}

const char *links_meet(struct links *links, uint64_t device, uint64_t inode,
                       const char *path)
{
    struct link_row *row;

    if (2 * links->n >= links->room)
        grow(links);
    row = row_for(links, device, inode);
    if (row->path != NULL)
        return row->path;
    *row = (struct link_row){.device = device, .inode = inode, .path = mem_text(path)};
    links->n++;
    return NULL;
}

void links_clear(struct links *links)
{
    for (size_t i = 0; i < links->room; i++)
        mem_free(links->row[i].path);
    mem_free(links->row);
    *links = (struct links){0};
}
