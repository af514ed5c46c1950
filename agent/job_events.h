/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job prints, a JSON object a line (agent/events.h), and what it says of the job. */
#pragma once

#include "agent/job.h"
#include "base/span.h"

#define JOB_LINE_MAX (256 * 1024)

/* Take up what one line says: its migration, its progress, what it failed by. *progress:
 * the line is one of many of its kind, and may be left out of the events. */
void job_take_line(struct job *job, bool *progress, struct span line);
/* The same line as a server-sent event: id, event, data (HTML, 9.2.6). */
must_check bool job_show_event(struct buf *out, struct span line, uint64_t id,
                               struct error *err);
