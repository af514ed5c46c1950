/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs over the management API: ours, as streams of events, and as OpenManage's clients
 * know them. */
#pragma once

#include "agent/api_visit.h"
#include "agent/job.h"

must_check bool api_job_write(struct buf *out, const struct job *job, struct error *err);

bool api_jobs_list(struct api_visit *visit, struct error *err);
bool api_jobs_show(struct api_visit *visit, struct error *err);
/* Tell it to end; it is over a little later. */
bool api_jobs_stop(struct api_visit *visit, struct error *err);
bool api_jobs_events(struct api_visit *visit, struct error *err);
/* Of the job that moves it; where none does, changes of its state as they are stored. */
bool api_jobs_migration_events(struct api_visit *visit, struct error *err);
