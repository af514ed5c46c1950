/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of send*.c share. */
#pragma once

#include "transfer/receive.h"
#include "transfer/segment.h"
#include "transfer/send.h"

/* One request below the migration's address, tried again as long as that may help. */
struct question {
    const char *method;
    const char *below; /* "/seal" */
    enum body_kind kind;
    struct span body;
    const struct digest *digest;
    size_t plain; /* as in struct request */
    int patience;
};
must_check bool ask(struct send *send, struct put *put, const struct question *question,
                    struct reply *out, struct error *err);
/* Bring what is missing with as many streams as asked for. `put` serves the questions. */
must_check bool send_segments(const struct grant *grant, struct send *send, struct put *put,
                              struct error *err);
/* Offer a segment by digests, then with what is wanted of it. *taken is false when it is to
 * be sent whole. */
must_check bool send_offer(struct send *send, struct put *put, struct segment *segment,
                           bool *taken, struct error *err);
