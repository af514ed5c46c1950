/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/job_events.h"

#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *field)
{
    return json_integer_value(json_object_get(object, field));
}

static void take_progress(struct job *job, const json_t *object)
{
    job->has_progress = true;
    job->bytes = number_of(object, "bytes");
    job->total = number_of(object, "total");
    job->rate = number_of(object, "rate");
}

static void keep_finding(struct job *job, const json_t *finding)
{
    const size_t n =
        json_dumpb(finding, job->finding, sizeof(job->finding) - 1, JSON_COMPACT);

    job->finding[n < sizeof(job->finding) ? n : 0] = '\0';
}

/* The first that refuses. */
static void take_findings(struct job *job, const json_t *findings)
{
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding)
    {
        if (!text_equal(text_of(finding, "severity"), "error"))
            continue;
        keep_finding(job, finding);
        return;
    }
}

void job_take_line(struct job *job, bool *progress, struct span line)
{
    scoped(json_drop) json_t *object = NULL;
    struct error no_json = {0};
    const char *event;

    *progress = false;
    if (!json_open(&object, line, &no_json))
        return;
    event = text_of(object, "event");
    *progress = text_equal(event, "progress");
    if (*progress)
        take_progress(job, object);
    if (text_starts(text_of(object, "migration"), "m-"))
        (void)text_fits(job->migration, text_of(object, "migration"));
    if (json_is_object(json_object_get(object, "error")))
        keep_finding(job, json_object_get(object, "error"));
    else if (event[0] == '\0')
        take_findings(job, json_object_get(object, "findings"));
}

bool job_has_room(size_t written, size_t n, bool progress)
{
    const size_t room = progress ? JOB_EVENTS_MAX / 2 : JOB_EVENTS_MAX;

    return written <= room && n <= room - written;
}

bool job_show_event(struct buf *out, struct span line, uint64_t id, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    struct error no_json = {0};
    const char *event = "message";

    if (json_open(&object, line, &no_json)) {
        event = text_of(object, "event");
        if (event[0] == '\0')
            event = json_object_get(object, "error") != NULL ? "error" : "result";
    }
    return buf_print(out, err, "id: %llu\nevent: %s\ndata: ", (unsigned long long)id,
                     event) &&
           buf_add(out, line, err) && buf_add_text(out, "\n\n", err);
}
