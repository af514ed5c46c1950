/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes back through a window: an answer, a refusal, what a command printed. */
#include "agent/api_error.h"
#include "agent/clerk_parts.h"
#include "agent/pipe.h"
#include "agent/view_text.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void clerk_reset(struct window *window)
{
    api_task_clear(&window->task);
    api_values_clear(&window->values);
    buf_clear(&window->visit.out);
    buf_clear(&window->body);
    mem_wipe(&window->request, sizeof(window->request));
    mem_wipe(&window->try, sizeof(window->try));
    window->visit = (struct api_visit){0};
    window->stage = WINDOW_OPEN;
}

/* A worker that takes no answer is gone, which the next turn sees. */
void clerk_answer(struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    visit->reply.body_n = visit->out.n;
    if (visit->reply.content_type[0] == '\0')
        (void)text_fits(visit->reply.content_type, "application/json");
    if (!pipe_send(window->end.socket, span_of(&visit->reply, sizeof(visit->reply)),
                   buf_span(&visit->out), (struct span){0}, &err))
        view_text_failure(stderr, &err);
    clerk_reset(window);
}

static enum api_dialect dialect_of(const struct api_visit *visit)
{
    return visit->route != NULL ? visit->route->dialect
                                : api_dialect_of(visit->request->path);
}

static void refuse_with(struct window *window, const struct report *findings)
{
    struct api_visit *visit = &window->visit;
    const enum api_dialect dialect = dialect_of(visit);
    struct error err = {0};

    buf_reset(&visit->out);
    visit->reply.status = api_error_status(dialect, findings);
    visit->reply.ome = dialect == API_OME;
    if (!api_error_write(&visit->out, dialect, findings, &err))
        view_text_failure(stderr, &err);
    clerk_answer(window);
}

void clerk_refuse(struct window *window, const struct error *why)
{
    scoped(report_clear) struct report findings = {0};

    report_add(&findings, why);
    refuse_with(window, &findings);
}

/* ---- a row that has a function ---- */

/* The reply's status is that of the row unless the function has set another. */
void clerk_finish(struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    if (visit->route->answer != NULL && !visit->route->answer(visit, &err)) {
        clerk_refuse(window, &err);
        return;
    }
    if (visit->route->content_type != NULL && visit->reply.content_type[0] == '\0')
        (void)text_fits(visit->reply.content_type, visit->route->content_type);
    if (visit->reply.status == 0)
        visit->reply.status = visit->route->status != 0 ? visit->route->status : 200;
    clerk_answer(window);
}

/* ---- a row that has a command ---- */

static bool add_items(struct buf *out, struct span printed, struct error *err)
{
    struct span line;
    bool first = true;

    if (!buf_add_text(out, "{\"items\":[", err))
        return false;
    while (span_take_line(&printed, &line)) {
        if (line.n == 0)
            continue;
        if ((!first && !buf_add_byte(out, ',', err)) || !buf_add(out, line, err))
            return false;
        first = false;
    }
    return buf_add_text(out, "]}\n", err);
}

static bool take_printed(struct api_visit *visit, struct error *err)
{
    return visit->route->as == API_AS_ITEMS ? add_items(&visit->out, visit->printed, err)
                                            : buf_add(&visit->out, visit->printed, err);
}

/* It ended well, or with facts that say no. */
static void answer_printed(struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    if (visit->ended != 0)
        visit->reply.status = visit->route->refused != 0 ? visit->route->refused : 400;
    if (visit->route->answer == NULL && !take_printed(visit, &err))
        clerk_refuse(window, &err);
    else
        clerk_finish(window);
}

/* OpenManage's clients get the findings in their envelope, whatever else was printed. */
void clerk_task_over(struct window *window)
{
    scoped(buf_clear) struct buf printed = buf_upto(API_PRINTED_MAX);
    scoped(report_clear) struct report findings = {0};
    struct api_visit *visit = &window->visit;
    struct error err = {0};
    bool has_findings;

    visit->ended = visit->reply.ended = window->task.status;
    visit->reply.has_ended = true;
    if (window->task.late) {
        fail(&err, E_API_LATE, "%s", visit->route->command);
    } else if (api_task_read(&window->task, &printed, &err) && visit->ended != 0) {
        has_findings = api_error_read(&findings, buf_span(&printed));
        if (has_findings &&
            (visit->route->dialect == API_OME || api_error_is_all(buf_span(&printed)))) {
            refuse_with(window, &findings);
            return;
        }
        if (printed.n == 0)
            fail(&err, E_API_BROKEN, "%s: status %d", visit->route->command, visit->ended);
    }
    if (err.msg != E_NONE) {
        clerk_refuse(window, &err);
        return;
    }
    visit->printed = buf_span(&printed);
    answer_printed(window);
}
