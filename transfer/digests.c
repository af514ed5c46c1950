/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/digests.h"

#include "base/fs.h"
#include "transfer/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_ROOM 24
#define BLOCK 128 /* digests read at once */
#define FILE_NAME "the file of digests"

static void name_of(char out[NAME_ROOM], unsigned generation)
{
    snprintf(out, NAME_ROOM, "digests-%u", generation);
}

bool digests_remove(int dir, unsigned generation, struct error *err)
{
    char name[NAME_ROOM];

    name_of(name, generation);
    return unlinkat(dir, name, 0) == 0 || errno == ENOENT || disk_fail(err, name);
}

bool digests_open(struct digests *out, int dir, unsigned generation, struct error *err)
{
    char name[NAME_ROOM];

    name_of(name, generation);
    out->fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    out->opened = out->fd >= 0;
    return out->opened || disk_fail(err, name);
}

bool digests_put(struct digests *digests, uint64_t segment, const struct digest *digest,
                 struct error *err)
{
    return disk_write(digests->fd, digest_span(digest), (off_t)(segment * DIGEST_BYTES),
                      FILE_NAME, err);
}

static bool is_known(const struct digest *digest)
{
    static const struct digest none;

    return memcmp(digest, &none, sizeof(none)) != 0;
}

/* What lies past the end of the file reads as zero. */
static bool read_some(const struct digests *digests, uint64_t segment, struct digest *out,
                      size_t n, struct error *err)
{
    unsigned char *to = (unsigned char *)out;
    size_t have = 0;

    memset(out, 0, n * sizeof(*out));
    while (have < n * DIGEST_BYTES) {
        const off_t at = (off_t)(segment * DIGEST_BYTES + have);
        const ssize_t got = pread(digests->fd, to + have, n * DIGEST_BYTES - have, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, E_FILE_READ, FILE_NAME);
        if (got == 0)
            return true;
        have += (size_t)got;
    }
    return true;
}

bool digests_get(const struct digests *digests, uint64_t segment, struct digest *out,
                 bool *known, struct error *err)
{
    if (!read_some(digests, segment, out, 1, err))
        return false;
    *known = is_known(out);
    return true;
}

bool digests_root(const struct digests *digests, uint64_t segments, enum digest_kind kind,
                  struct digest *out, uint64_t *missing, struct error *err)
{
    struct digest some[BLOCK];
    struct digest_run run;

    digest_begin(&run, kind);
    for (uint64_t i = 0; i < segments; i++) {
        const uint64_t left = segments - i;

        if (i % BLOCK == 0 &&
            !read_some(digests, i, some, left < BLOCK ? (size_t)left : BLOCK, err))
            return false;
        *missing = i;
        if (!is_known(&some[i % BLOCK]))
            return true;
        digest_add(&run, digest_span(&some[i % BLOCK]));
    }
    *missing = segments;
    digest_end(&run, out);
    return true;
}

bool digests_forget(struct digests *digests, struct error *err)
{
    return ftruncate(digests->fd, 0) == 0 || disk_fail(err, FILE_NAME);
}

void digests_close(struct digests *digests)
{
    if (digests->opened)
        fd_close(&digests->fd);
    digests->opened = false;
}
