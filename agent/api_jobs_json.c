/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_jobs.h"

#include "agent/clerk_jobs.h"
#include "agent/view_json.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? view_json_text(text) : json_null();
}

static json_t *progress_or_null(const struct job *job, int64_t number)
{
    return job->has_progress ? json_integer(number) : json_null();
}

static json_t *finding_of(const struct job *job)
{
    json_t *finding = json_loads(job->finding, 0, NULL);

    return finding != NULL ? finding : json_null();
}

static json_t *job_object(const struct job *job)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", json_integer(job->id));
    json_object_set_new(object, "command", json_string(job->command));
    json_object_set_new(object, "subject", json_string(job->subject));
    json_object_set_new(object, "by", json_string(job->by));
    json_object_set_new(object, "state", json_string(job_state_name(job->state)));
    json_object_set_new(object, "started", view_json_time(job->started));
    json_object_set_new(object, "ended", view_json_time(job->ended));
    json_object_set_new(object, "status",
                        job->state == JOB_RUNNING ? json_null()
                                                  : json_integer(job->status));
    json_object_set_new(object, "migration", text_or_null(job->migration));
    json_object_set_new(object, "bytes", progress_or_null(job, job->bytes));
    json_object_set_new(object, "total", progress_or_null(job, job->total));
    json_object_set_new(object, "rate", progress_or_null(job, job->rate));
    json_object_set_new(object, "finding", finding_of(job));
    return object;
}

bool api_job_write(struct buf *out, const struct job *job, struct error *err)
{
    return json_write(out, job_object(job), err) && buf_add_byte(out, '\n', err);
}

bool api_jobs_list(struct api_visit *visit, struct error *err)
{
    scoped(query_end) struct query row = {0};
    json_t *array = json_array();

    if (!job_list(&row, &visit->state->db, -1, 0, err)) {
        json_decref(array);
        return false;
    }
    while (query_next(&row, err)) {
        struct job job;

        job_read(&job, &row);
        json_array_append_new(array, job_object(&job));
    }
    return json_write(&visit->out, json_pack("{s:o}", "jobs", array), err) &&
           err->msg == E_NONE;
}

static bool job_of(struct job *out, const struct api_visit *visit, struct error *err)
{
    return job_load(out, &visit->state->db, strtoll(api_value_of(visit, "id"), NULL, 10),
                    err);
}

bool api_jobs_show(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_of(&job, visit, err) && api_job_write(&visit->out, &job, err);
}

bool api_jobs_stop(struct api_visit *visit, struct error *err)
{
    struct job job;

    if (!job_of(&job, visit, err))
        return false;
    clerk_job_stop(visit->jobs, job.id);
    return api_job_write(&visit->out, &job, err);
}
