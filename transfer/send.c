/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/send.h"

#include "transfer/segment.h"
#include "transfer/send_parts.h"
#include "transfer/wire_json.h"

#include <stdio.h>
#include <time.h>

#define FIRST_WAIT_MS 250
#define DOUBLINGS 5
#define LONGEST_WAIT_MS 8000
#define SLICE_MS 50
#define PATH_ROOM 256
#define JSON_MAX 4096

static bool is_weary(const struct send *send)
{
    return send->contact != NULL && atomic_load(&send->contact->weary);
}

/* Doubling from the first on. In slices, so that a stop is not waited out. */
static void wait_before_retry(const struct send *send, const struct put *put,
                              unsigned tries)
{
    const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
    int left = tries < DOUBLINGS ? FIRST_WAIT_MS << tries : LONGEST_WAIT_MS;

    for (; left > 0 && !put_is_stopped(put) && !is_weary(send); left -= SLICE_MS)
        nanosleep(&slice, NULL);
}

/* The network, or a target that is busy, until patience is over; damage only so often. */
static bool may_retry(const struct send *send, enum msg trouble, unsigned tries)
{
    const bool damaged = trouble == E_SEGMENT_DIGEST || trouble == E_MANIFEST_DIGEST;
    const bool counted = damaged || send->contact == NULL;

    return !is_weary(send) && !(counted && tries + 1 >= SEND_TRIES);
}

static void note_trouble(struct send *send, const struct error *trouble)
{
    struct contact *contact = send->contact;

    atomic_fetch_add(&send->progress.retries, 1);
    if (contact == NULL)
        return;
    pthread_mutex_lock(&contact->lock);
    contact->trouble = *trouble;
    pthread_mutex_unlock(&contact->lock);
    atomic_fetch_add(&contact->retries, 1);
}

static void note_answer(struct send *send)
{
    if (send->contact != NULL)
        atomic_fetch_add(&send->contact->answers, 1);
}

bool ask(struct send *send, struct put *put, const struct question *question,
         struct reply *out, struct error *err)
{
    char path[PATH_ROOM];
    const struct request request = {.method = question->method,
                                    .path = path,
                                    .kind = question->kind,
                                    .body = question->body,
                                    .digest = question->digest,
                                    .plain = question->plain,
                                    .patience = question->patience,
                                    .passing = question->passing};

    snprintf(path, sizeof(path), "%s%s", send->base, question->below);
    for (unsigned tries = 0, sent = 0;; tries++, sent++) {
        struct error trouble = {0};
        bool again = false;

        if (put_request(put, &request, out, &again, &trouble)) {
            note_answer(send);
            out->repeated = sent > 0;
            return true;
        }
        if (trouble.msg == E_HOOK_RUNNING) { /* it says so itself: that is no failure */
            note_answer(send);
            tries = 0;
        }
        if (!again || !may_retry(send, trouble.msg, tries)) {
            *err = trouble;
            return false;
        }
        if (trouble.msg != E_HOOK_RUNNING)
            note_trouble(send, &trouble);
        wait_before_retry(send, put, tries);
    }
}

bool send_open(struct send *out, int work, int root, unsigned generation,
               enum digest_kind kind, struct error *err)
{
    *out = (struct send){.work = work, .root = root, .streams = 1};
    if (manifest_open(&out->manifest, work, generation, kind, err) &&
        (out->manifest.closed || fail(err, E_MANIFEST_OPEN, "not listed yet")) &&
        digests_open(&out->digests, work, generation, err) &&
        changed_open(&out->changed, work, generation, err))
        return true;
    send_close(out);
    return false;
}

void send_close(struct send *send)
{
    manifest_clear(&send->manifest);
    digests_close(&send->digests);
    changed_close(&send->changed);
}

bool ask_status(struct send *send, struct put *put, struct send_status *out,
                struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();
    const struct question question = {.method = "GET", .below = ""};

    return ask(send, put, &question, &reply, err) &&
           wire_read_status(out, buf_span(&reply.body), err);
}

static bool send_page(struct send *send, struct put *put, uint64_t n, struct error *err)
{
    scoped(buf_clear) struct buf bytes = buf_upto(PAGE_BYTES_MAX);
    scoped(reply_clear) struct reply reply = reply_none();
    char below[64];
    struct question question = {.method = "PUT",
                                .below = below,
                                .kind = BODY_BYTES,
                                .digest = &send->manifest.page[n].digest};

    if (!manifest_read_page(&bytes, &send->manifest, n, err))
        return false;
    question.body = buf_span(&bytes);
    snprintf(below, sizeof(below), "/generations/%u/pages/%llu", send->manifest.generation,
             (unsigned long long)n);
    return ask(send, put, &question, &reply, err);
}

/* The target's first pages are ours; else it begins again with page 0. */
static bool pages_agree(const struct send *send, const struct send_status *status)
{
    struct manifest first = send->manifest;
    struct digest root;

    if (status->pages > send->manifest.n)
        return false;
    first.n = (size_t)status->pages;
    manifest_root_so_far(&first, &root);
    return digest_equal(&root, &status->pages_root);
}

static bool send_sum(struct send *send, struct put *put, struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(JSON_MAX);
    scoped(reply_clear) struct reply reply = reply_none();
    char below[64];
    struct question question = {.method = "PUT",
                                .below = below,
                                .kind = BODY_JSON,
                                .patience = PUT_PATIENCE_SECONDS};

    if (!wire_write_sum(&json, &send->manifest.sum, err))
        return false;
    question.body = buf_span(&json);
    snprintf(below, sizeof(below), "/generations/%u/manifest", send->manifest.generation);
    return ask(send, put, &question, &reply, err);
}

static bool send_manifest(struct send *send, struct put *put, struct error *err)
{
    struct send_status status;

    if (!ask_status(send, put, &status, err))
        return false;
    send->offers = status.offers && !send->nowhere;
    if (send->insists && !send->offers && send->manifest.generation == 1)
        return fail(err, E_BASIS_NONE, "generation 1");
    if (!status.closed) {
        const uint64_t from = pages_agree(send, &status) ? status.pages : 0;

        for (uint64_t n = from; n < send->manifest.n; n++)
            if (!send_page(send, put, n, err))
                return false;
    }
    return send_sum(send, put, err);
}

struct put *send_line(struct send *send, const struct grant *grant, struct error *err)
{
    struct put *line = send->line;

    if (line->curl == NULL)
        return put_open(line, grant, &send->route, err) ? line : NULL;
    put_reroute(line, grant, &send->route);
    return line;
}

bool send_tree(const struct grant *grant, struct send *send, struct error *err)
{
    struct put *line;

    if (send->manifest.sum.bytes > grant->byte_ceiling)
        return fail(err, E_BYTES_CEILING, "%llu bytes, %llu allowed",
                    (unsigned long long)send->manifest.sum.bytes,
                    (unsigned long long)grant->byte_ceiling);
    line = send_line(send, grant, err);
    return line != NULL && send_manifest(send, line, err) &&
           send_segments(grant, send, err);
}

/* Segments sent in an earlier run whose digest did not reach the disk are read again. */
static bool fill_digests(struct send *send, uint64_t from, struct error *err)
{
    scoped(segment_clear) struct segment segment = {0};

    segment_make(&segment);
    for (uint64_t n = from; n < send->manifest.sum.segments; n++) {
        struct digest digest;
        bool known;

        if (!digests_get(&send->digests, n, &digest, &known, err))
            return false;
        if (known)
            continue;
        if (!segment_read(&segment, &send->manifest, send->root, n, err) ||
            !digests_put(&send->digests, n, &segment.digest, err))
            return false;
    }
    return true;
}

bool send_contents_root(struct send *send, struct digest *out, struct error *err)
{
    const struct manifest_sum *sum = &send->manifest.sum;
    uint64_t missing;

    if (!digests_root(&send->digests, sum->segments, sum->kind, out, &missing, err))
        return false;
    if (missing == sum->segments)
        return true;
    return fill_digests(send, missing, err) &&
           digests_root(&send->digests, sum->segments, sum->kind, out, &missing, err) &&
           (missing == sum->segments || fail(err, E_SEGMENTS_MISSING, "of our own"));
}

bool send_forget_digests(struct send *send, struct error *err)
{
    return digests_forget(&send->digests, err);
}
