/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"

#include "base/fs.h"
#include "transfer/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CEILING (1ULL << 40)

static void stop_unless(bool good, const char *what, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s %s\n", what, message_of(err->msg)->id, err->about);
    exit(2);
}

static int make_dir(const struct carry *carry, const char *name)
{
    const struct error none = {0};
    int fd;

    mkdirat(carry->scratch.fd, name, 0755);
    fd = openat(carry->scratch.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    stop_unless(fd >= 0, name, &none);
    return fd;
}

void carry_make(struct carry *out, const char *shell)
{
    const struct error none = {0};
    char command[4096];

    *out = (struct carry){.kind = DIGEST_BLAKE3, .generation = 1};
    scratch_make(&out->scratch);
    out->from = make_dir(out, "from");
    out->work = make_dir(out, "work");
    out->into = make_dir(out, "into");
    segment_make(&out->segment);
    snprintf(command, sizeof(command), "cd from && { %s; }", shell);
    stop_unless(scratch_shell(&out->scratch, command), shell, &none);
}

void carry_clear(struct carry *carry)
{
    receive_close(&carry->receive);
    segment_clear(&carry->segment);
    manifest_clear(&carry->manifest);
    report_clear(&carry->findings);
    fd_close(&carry->from);
    fd_close(&carry->work);
    fd_close(&carry->into);
    if (!scratch_shell(&carry->scratch, "chmod -R u+rwX from into"))
        fprintf(stderr, "%s: permissions\n", carry->scratch.path);
    scratch_clear(&carry->scratch);
}

void carry_list(struct carry *carry)
{
    const struct scan scan = {.work = carry->work,
                              .root = carry->from,
                              .generation = carry->generation,
                              .kind = carry->kind};
    struct error err = {0};

    manifest_clear(&carry->manifest);
    segment_clear(&carry->segment); /* it holds a page of the listing before */
    segment_make(&carry->segment);
    stop_unless(scan_tree(&scan, &carry->scanned, &carry->findings, &err), "scan_tree",
                &err);
    stop_unless(
        manifest_open(&carry->manifest, carry->work, carry->generation, carry->kind, &err),
        "manifest_open", &err);
}

bool carry_open(struct carry *carry, struct error *err)
{
    const struct receive_place place = {.into = carry->into,
                                        .migration = "m-test",
                                        .name = "tree",
                                        .generation = carry->generation,
                                        .kind = carry->kind,
                                        .replaces = carry->replaces,
                                        .kept = carry->kept,
                                        .byte_ceiling = CEILING};

    return receive_open(&carry->receive, &place, err);
}

void carry_drop(struct carry *carry)
{
    struct error err = {0};

    receive_close(&carry->receive);
    stop_unless(carry_open(carry, &err), "receive_open", &err);
}

void carry_pages(struct carry *carry)
{
    scoped(buf_clear) struct buf page = buf_upto(PAGE_BYTES_MAX);
    struct error err = {0};

    for (uint64_t n = 0; n < carry->manifest.n; n++)
        stop_unless(manifest_read_page(&page, &carry->manifest, n, &err) &&
                        receive_page(&carry->receive, n, buf_span(&page),
                                     &carry->manifest.page[n].digest, &err),
                    "receive_page", &err);
    stop_unless(receive_manifest(&carry->receive, &carry->manifest.sum, &err),
                "receive_manifest", &err);
}

bool carry_deliver(struct receive *receive, const struct segment *segment,
                   struct error *err)
{
    const struct delivery delivery = {.bytes = span_of(segment->at, segment->n),
                                      .digest = segment->digest};

    return receive_segment(receive, segment->number, &delivery, err);
}

bool carry_segment(struct carry *carry, uint64_t number, struct error *err)
{
    struct segment *segment = &carry->segment;

    return segment_read(segment, &carry->manifest, carry->from, number, err) &&
           carry_deliver(&carry->receive, segment, err);
}

void carry_missing(struct carry *carry)
{
    struct ranges ranges = {0};
    struct error err = {0};

    stop_unless(receive_missing(&carry->receive, 0, &ranges, &err), "receive_missing",
                &err);
    for (size_t i = 0; i < ranges.n; i++)
        for (uint64_t n = ranges.item[i].first; n <= ranges.item[i].last; n++)
            stop_unless(carry_segment(carry, n, &err), "a segment", &err);
    ranges_clear(&ranges);
}

bool carry_seal(struct carry *carry, struct error *err)
{
    struct digest contents = {0};
    uint64_t missing = 0;

    stop_unless(digests_root(&carry->receive.digests, carry->manifest.sum.segments,
                             carry->kind, &contents, &missing, err),
                "digests_root", err);
    return receive_seal(&carry->receive, &carry->manifest.sum.root, &contents,
                        &carry->findings, err);
}

void carry_next(struct carry *carry, const char *shell)
{
    stop_unless(scratch_shell(&carry->scratch, shell), shell, &(const struct error){0});
    carry->generation++;
    carry_list(carry);
    carry_drop(carry);
}

void carry_all(struct carry *carry)
{
    struct error err = {0};

    carry_list(carry);
    stop_unless(carry_open(carry, &err), "receive_open", &err);
    carry_pages(carry);
    carry_missing(carry);
    stop_unless(carry_seal(carry, &err), "receive_seal", &err);
    stop_unless(receive_publish(&carry->receive, &err), "receive_publish", &err);
}

bool carry_is_same(const struct carry *carry)
{
    return scratch_shell(&carry->scratch,
                         "rsync -aHAXSni --checksum --delete from/ into/tree/ >differs"
                         " && cat differs && test ! -s differs");
}
