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
    _Atomic uint64_t *passing; /* the same */
};
must_check bool ask(struct send *send, struct put *put, const struct question *question,
                    struct reply *out, struct error *err);
/* What the target says of the migration. */
must_check bool ask_status(struct send *send, struct put *put, struct send_status *out,
                           struct error *err);
/*
 * The connection that all questions share, to be asked by send->route. It is opened when it
 * is first asked for, and by libcurl anew when it has broken or was idle too long; its
 * owner closes it. NULL with err set.
 */
must_check struct put *send_line(struct send *send, const struct grant *grant,
                                 struct error *err);
/* Bring what is missing with as many streams as asked for, the first of them on the line.
 */
must_check bool send_segments(const struct grant *grant, struct send *send,
                              struct error *err);
/* Offer a segment by digests, then with what is wanted of it. *taken is false when it is to
 * be sent whole. */
must_check bool send_offer(struct send *send, struct put *put, struct segment *segment,
                           bool *taken, struct error *err);
