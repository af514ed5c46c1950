/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/marks.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BOOT_BYTES 36 /* a UUID in text */
#define HEAD_BYTES 64 /* boot identity, then zeros; one byte a segment follows */
#define BLOCK 4096
#define FILE_NAME "the file of marks"
#define NAME_ROOM 24

static bool bit(const unsigned char *bits, uint64_t n)
{
    return (bits[n / 8] >> (n % 8) & 1) != 0;
}

static void set_bit(unsigned char *bits, uint64_t n)
{
    bits[n / 8] = (unsigned char)(bits[n / 8] | 1U << (n % 8));
}

static void clear_bit(unsigned char *bits, uint64_t n)
{
    bits[n / 8] = (unsigned char)(bits[n / 8] & ~(1U << (n % 8)));
}

static void name_of(char out[NAME_ROOM], unsigned generation)
{
    snprintf(out, NAME_ROOM, "marks-%u", generation);
}

/* All zero when the kernel does not tell: then no mark is believed. */
static void read_boot(unsigned char out[HEAD_BYTES])
{
    scoped(fd_close) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(out, 0, HEAD_BYTES);
    if (fd >= 0 && read(fd, out, BOOT_BYTES) != BOOT_BYTES)
        memset(out, 0, HEAD_BYTES);
}

static void note(struct marks *marks, uint64_t segment)
{
    if (bit(marks->received_bit, segment))
        return;
    set_bit(marks->received_bit, segment);
    marks->received++;
}

static bool read_marks(struct marks *marks, struct error *err)
{
    unsigned char block[BLOCK];

    for (uint64_t at = 0; at < marks->n; at += BLOCK) {
        const uint64_t left = marks->n - at;
        const size_t n = left < BLOCK ? (size_t)left : BLOCK;

        if (!disk_read(marks->fd, block, n, (off_t)(HEAD_BYTES + at), FILE_NAME, err))
            return false;
        for (size_t i = 0; i < n; i++)
            if (block[i] == 1)
                note(marks, at + i);
    }
    return true;
}

/* An empty file of the right length for this boot. */
static bool start_over(struct marks *marks, const unsigned char boot[HEAD_BYTES],
                       struct error *err)
{
    if (ftruncate(marks->fd, 0) != 0 ||
        ftruncate(marks->fd, (off_t)(HEAD_BYTES + marks->n)) != 0)
        return disk_fail(err, FILE_NAME);
    return disk_write(marks->fd, span_of(boot, HEAD_BYTES), 0, FILE_NAME, err);
}

static bool is_of_this_boot(const struct marks *marks, const unsigned char *boot)
{
    static const unsigned char unknown[HEAD_BYTES];
    unsigned char head[HEAD_BYTES];
    const off_t end = lseek(marks->fd, 0, SEEK_END);

    return end == (off_t)(HEAD_BYTES + marks->n) &&
           pread(marks->fd, head, HEAD_BYTES, 0) == HEAD_BYTES &&
           memcmp(head, boot, HEAD_BYTES) == 0 && memcmp(head, unknown, HEAD_BYTES) != 0;
}

enum marks_found marks_look(int dir, unsigned generation)
{
    scoped(fd_close) int fd = -1;
    unsigned char block[BLOCK];
    char name[NAME_ROOM];
    off_t at = HEAD_BYTES;
    ssize_t got;

    name_of(name, generation);
    fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return MARKS_NONE;
    while ((got = pread(fd, block, BLOCK, at)) > 0) {
        if (memchr(block, 1, (size_t)got) != NULL)
            return MARKS_SOME;
        at += got;
    }
    return MARKS_EMPTY;
}

bool marks_open(struct marks *out, int dir, unsigned generation, uint64_t n,
                struct error *err)
{
    unsigned char boot[HEAD_BYTES];
    char name[NAME_ROOM];

    name_of(name, generation);
    out->n = n;
    out->received_bit = mem_zeroed((size_t)(n / 8 + 1), 1);
    out->durable_bit = mem_zeroed((size_t)(n / 8 + 1), 1);
    out->settled_bit = mem_zeroed((size_t)(n / 8 + 1), 1);
    out->fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    out->opened = out->fd >= 0;
    if (!out->opened)
        return disk_fail(err, name);
    read_boot(boot);
    out->same_boot = is_of_this_boot(out, boot);
    return out->same_boot ? read_marks(out, err) : start_over(out, boot, err);
}

bool marks_has(const struct marks *marks, uint64_t segment)
{
    return bit(marks->received_bit, segment);
}

bool marks_is_durable(const struct marks *marks, uint64_t segment)
{
    return bit(marks->durable_bit, segment);
}

static bool write_mark(struct marks *marks, uint64_t segment, unsigned char value,
                       struct error *err)
{
    return disk_write(marks->fd, span_of(&value, 1), (off_t)(HEAD_BYTES + segment),
                      FILE_NAME, err);
}

bool marks_receive(struct marks *marks, uint64_t segment, struct error *err)
{
    if (!write_mark(marks, segment, 1, err))
        return false;
    note(marks, segment);
    return true;
}

void marks_set_durable(struct marks *marks, uint64_t segment)
{
    note(marks, segment);
    if (!bit(marks->durable_bit, segment))
        marks->durable++;
    set_bit(marks->durable_bit, segment);
}

void marks_set_settled(struct marks *marks, uint64_t segment)
{
    set_bit(marks->settled_bit, segment);
}

bool marks_is_settled(const struct marks *marks, uint64_t segment)
{
    return bit(marks->settled_bit, segment);
}

bool marks_forget(struct marks *marks, uint64_t segment, struct error *err)
{
    if (bit(marks->received_bit, segment))
        marks->received--;
    if (bit(marks->durable_bit, segment))
        marks->durable--;
    clear_bit(marks->received_bit, segment);
    clear_bit(marks->durable_bit, segment);
    clear_bit(marks->settled_bit, segment);
    return write_mark(marks, segment, 0, err);
}

bool marks_missing(const struct marks *marks, uint64_t from, uint64_t *first,
                   uint64_t *last)
{
    while (from < marks->n && bit(marks->received_bit, from))
        from++;
    if (from >= marks->n)
        return false;
    *first = from;
    while (from + 1 < marks->n && !bit(marks->received_bit, from + 1))
        from++;
    *last = from;
    return true;
}

void marks_close(struct marks *marks)
{
    if (marks->opened)
        fd_close(&marks->fd);
    mem_free(marks->received_bit);
    mem_free(marks->durable_bit);
    mem_free(marks->settled_bit);
    *marks = (struct marks){0};
}
