/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job prints, a JSON object a line (agent/events.h), and what it says of the job. */
#pragma once

#include "agent/job.h"
#include "base/span.h"

#define JOB_LINE_MAX (256 * 1024)
#define JOB_EVENTS_MAX (8 * 1024 * 1024) /* of one job's file; what comes later is lost */

/* Take up what one line says: its migration, its progress, what it failed by. *progress:
 * the line is one of many of its kind, and may be left out of the events. */
void job_take_line(struct job *job, bool *progress, struct span line);
/* A line of n bytes is kept behind so many. Progress leaves half of the room to the rest:
 * in days it would fill all of it, and the receipt comes last. */
bool job_has_room(size_t written, size_t n, bool progress);
/* The same line as a server-sent event: id, event, data (HTML, 9.2.6). */
must_check bool job_show_event(struct buf *out, struct span line, uint64_t id,
                               struct error *err);
