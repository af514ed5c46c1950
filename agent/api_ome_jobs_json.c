/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs as OpenManage's clients read them: the fields and status numbers that
 * dellemc.openmanage.ome_job_info shows (its documentation, RETURN). A job of ours runs
 * once: its one execution has the number of the job.
 */
#include "agent/api_jobs.h"
#include "agent/api_rows.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define JOBS "/api/JobService/Jobs"
#define OME_TIME_MAX 32
#define TOP_UNASKED 100

struct ome_status {
    int id;
    const char *name;
};

static const struct ome_status ome_states[JOB_STATES] = {
    [JOB_RUNNING] = {2050, "Running"}, [JOB_DONE] = {2060, "Completed"},
    [JOB_REFUSED] = {2070, "Failed"},  [JOB_FAILED] = {2070, "Failed"},
    [JOB_STOPPED] = {2100, "Aborted"},
};

static json_t *status_object(const struct job *job)
{
    return json_pack("{s:s, s:i, s:s}", "@odata.type", "#JobService.JobStatus", "Id",
                     ome_states[job->state].id, "Name", ome_states[job->state].name);
}

/* "2026-01-31 07:22:43.000", UTC. */
static json_t *ome_time(time_t at)
{
    char text[TIME_TEXT_MAX], shown[OME_TIME_MAX];

    if (at == 0)
        return json_null();
    text_show_time(text, at);
    snprintf(shown, sizeof(shown), "%.10s %.8s.000", text, text + 11);
    return json_string(shown);
}

/* What is sent is not there yet: its end is when it is done. */
static json_t *progress_of(const struct job *job)
{
    char percent[8];
    double done = 0;

    if (job->has_progress && job->total > 0)
        done = 100.0 * (double)job->bytes / (double)job->total;
    if (done > 99)
        done = 99;
    snprintf(percent, sizeof(percent), "%d", job->state == JOB_DONE ? 100 : (int)done);
    return json_string(percent);
}

static json_t *elapsed(const struct job *job)
{
    char text[32];
    const long long seconds =
        job->ended > job->started ? (long long)(job->ended - job->started) : 0;

    snprintf(text, sizeof(text), "%02lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
             seconds % 60);
    return json_string(text);
}

static json_t *job_object(const struct job *job)
{
    char path[64], name[2 * JOB_SUBJECT_MAX];
    json_t *object;

    snprintf(path, sizeof(path), JOBS "(%lld)", (long long)job->id);
    snprintf(name, sizeof(name), "%s %s", job->command, job->subject);
    object = json_pack(
        "{s:s, s:s, s:I, s:s, s:s, s:n, s:o, s:o, s:o, s:s, s:s, s:s, s:s}", "@odata.type",
        "#JobService.Job", "@odata.id", path, "Id", (json_int_t)job->id, "JobName", name,
        "JobDescription", name, "NextRun", "LastRun", ome_time(job->started), "StartTime",
        ome_time(job->started), "EndTime", ome_time(job->ended), "Schedule", "startnow",
        "State", "Enabled", "CreatedBy", job->by, "UpdatedBy", job->by);
    json_object_set_new(object, "Visible", json_true());
    json_object_set_new(object, "Editable", json_false());
    json_object_set_new(object, "Builtin", json_false());
    json_object_set_new(object, "UserGenerated", json_true());
    json_object_set_new(object, "Targets", json_array());
    json_object_set_new(object, "Params", json_array());
    json_object_set_new(object, "LastRunStatus", status_object(job));
    json_object_set_new(object, "JobStatus", status_object(job));
    json_object_set_new(
        object, "JobType",
        json_pack("{s:i, s:s, s:b}", "Id", 1, "Name", "Migration_Task", "Internal", 0));
    return object;
}

/* What it came to, with id, sentence and remedy when it failed. */
static json_t *value_of(const struct job *job)
{
    scoped(json_drop) json_t *finding = json_loads(job->finding, 0, NULL);

    if (finding == NULL)
        return json_string(ome_states[job->state].name);
    return json_sprintf("%s\n%s %s (%s)\n%s", ome_states[job->state].name,
                        json_string_value(json_object_get(finding, "id")),
                        json_string_value(json_object_get(finding, "message")),
                        json_string_value(json_object_get(finding, "detail")),
                        json_string_value(json_object_get(finding, "remedy")));
}

static json_t *detail_object(const struct job *job)
{
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:i, s:o}",
                     "@odata.type", "#JobService.ExecutionHistoryDetail", "Id",
                     (json_int_t)job->id, "Progress", progress_of(job), "StartTime",
                     ome_time(job->started), "EndTime", ome_time(job->ended), "ElapsedTime",
                     elapsed(job), "Key", job->subject, "Value", value_of(job),
                     "ExecutionHistoryId", (json_int_t)job->id, "IdBaseEntity", 0,
                     "JobStatus", status_object(job));
}

static json_t *history_object(const struct job *job)
{
    char details[96], name[2 * JOB_SUBJECT_MAX];

    snprintf(details, sizeof(details),
             JOBS "(%lld)/ExecutionHistories(%lld)/ExecutionHistoryDetails",
             (long long)job->id, (long long)job->id);
    snprintf(name, sizeof(name), "%s %s", job->command, job->subject);
    return json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:I, s:o, s:s}",
                     "@odata.type", "#JobService.ExecutionHistory", "Id",
                     (json_int_t)job->id, "JobName", name, "Progress", progress_of(job),
                     "StartTime", ome_time(job->started), "EndTime", ome_time(job->ended),
                     "LastUpdateTime",
                     ome_time(job->ended != 0 ? job->ended : job->started), "ExecutedBy",
                     job->by, "JobId", (json_int_t)job->id, "JobStatus", status_object(job),
                     "ExecutionHistoryDetails@odata.navigationLink", details);
}

static bool write_collection(struct api_visit *visit, const char *type, int64_t count,
                             json_t *value, struct error *err)
{
    char context[96];

    snprintf(context, sizeof(context), "/api/$metadata#Collection(JobService.%s)", type);
    return json_write(&visit->out,
                      json_pack("{s:s, s:I, s:o}", "@odata.context", context,
                                "@odata.count", (json_int_t)count, "value", value),
                      err);
}

static bool job_of(struct job *out, const struct api_visit *visit, struct error *err)
{
    return job_load(out, &visit->state->db, strtoll(api_value_of(visit, "id"), NULL, 10),
                    err);
}

static int64_t number_or(const struct api_visit *visit, const char *name, int64_t other)
{
    const char *text = api_value_of(visit, name);

    return text != NULL ? strtoll(text, NULL, 10) : other;
}

static bool answer_list(struct api_visit *visit, struct error *err)
{
    scoped(query_end) struct query row = {0};
    json_t *jobs = json_array();
    int64_t count = 0;
    struct job job;

    if (!job_count(&count, &visit->state->db, err) ||
        !job_list(&row, &visit->state->db, number_or(visit, "$top", TOP_UNASKED),
                  number_or(visit, "$skip", 0), err)) {
        json_decref(jobs);
        return false;
    }
    while (query_next(&row, err)) {
        job_read(&job, &row);
        json_array_append_new(jobs, job_object(&job));
    }
    return write_collection(visit, "Job", count, jobs, err) && err->msg == E_NONE;
}

static bool answer_job(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_of(&job, visit, err) && json_write(&visit->out, job_object(&job), err);
}

static bool answer_last(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_of(&job, visit, err) && json_write(&visit->out, detail_object(&job), err);
}

static bool answer_histories(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_of(&job, visit, err) &&
           write_collection(visit, "ExecutionHistory", 1,
                            json_pack("[o]", history_object(&job)), err);
}

static bool answer_details(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_of(&job, visit, err) &&
           write_collection(visit, "ExecutionHistoryDetail", 1,
                            json_pack("[o]", detail_object(&job)), err);
}

#define NUMBER_IN(where, n, line)                                                          \
    {                                                                                      \
        .name = (n), .in = (where), .type = API_NUMBER, .to = API_NOWHERE,                 \
        .required = (where) == API_PATH, .summary = (line)                                 \
    }

static const struct api_param page[] = {
    NUMBER_IN(API_QUERY, "$top", "At most so many."),
    NUMBER_IN(API_QUERY, "$skip", "Pass over so many."),
    {0},
};
static const struct api_param job_id[] = {
    NUMBER_IN(API_PATH, "id", "The number of a job."),
    {0},
};
static const struct api_param history_id[] = {
    NUMBER_IN(API_PATH, "id", "The number of a job."),
    NUMBER_IN(API_PATH, "history", "The number of its one execution: the same."),
    {0},
};

#define OME_ROW(pattern, list, function, line)                                             \
    {                                                                                      \
        .method = "GET", .path = (pattern), .role = API_OBSERVER, .params = (list),        \
        .answer = (function), .summary = (line), .tag = "openmanage", .dialect = API_OME,  \
    }

const struct api_route api_routes_ome_jobs[] = {
    OME_ROW(JOBS, page, answer_list, "The jobs, the newest first."),
    OME_ROW(JOBS "({id})", job_id, answer_job, "One job."),
    OME_ROW(JOBS "({id})/LastExecutionDetail", job_id, answer_last, "How it went."),
    OME_ROW(JOBS "({id})/ExecutionHistories", job_id, answer_histories, "Its execution."),
    OME_ROW(JOBS "({id})/ExecutionHistories({history})/ExecutionHistoryDetails", history_id,
            answer_details, "How that went."),
    {0},
};
