/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request at a window: row, caller, parameters, answer. */
#include "agent/api_error.h"
#include "agent/bounds.h"
#include "agent/clerk_parts.h"
#include "agent/clock.h"
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
static void window_answer(struct window *window)
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
    window_answer(window);
}

static void refuse(struct window *window, const struct error *why)
{
    scoped(report_clear) struct report findings = {0};

    report_add(&findings, why);
    refuse_with(window, &findings);
}

/* ---- a row that has a function ---- */

/* The reply's status is that of the row unless the function has set another. */
static void finish(struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    if (visit->route->answer != NULL && !visit->route->answer(visit, &err)) {
        refuse(window, &err);
        return;
    }
    if (visit->route->content_type != NULL && visit->reply.content_type[0] == '\0')
        (void)text_fits(visit->reply.content_type, visit->route->content_type);
    if (visit->reply.status == 0)
        visit->reply.status = visit->route->status != 0 ? visit->route->status : 200;
    window_answer(window);
}

/* ---- a row that has a command ---- */

static bool add_items(struct buf *out, struct span printed, struct error *err)
{
    bool first = true;

    if (!buf_add_text(out, "{\"items\":[", err))
        return false;
    while (printed.n > 0) {
        size_t n = printed.n;

        if (!span_find(printed, "\n", &n))
            n = printed.n;
        if (n > 0 && ((!first && !buf_add_byte(out, ',', err)) ||
                      !buf_add(out, span_head(printed, n), err)))
            return false;
        first = first && n == 0;
        printed = span_after(printed, n + 1);
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
        refuse(window, &err);
    else
        finish(window);
}

/* OpenManage's clients get the findings in their envelope, whatever else was printed. */
static void task_over(struct window *window)
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
        refuse(window, &err);
        return;
    }
    visit->printed = buf_span(&printed);
    answer_printed(window);
}

static void command_begin(const struct clerk *clerk, struct window *window)
{
    scoped(api_words_clear) struct api_words words = {0};
    const struct api_route *route = window->visit.route;
    const unsigned seconds = route->seconds != 0 ? route->seconds : API_COMMAND_SECONDS;
    struct error err = {0};

    if (!api_words_make(&words, route, window->visit.value, window->visit.n, &err) ||
        !api_task_start(&window->task,
                        &(struct api_order){.command = route->command,
                                            .words = &words,
                                            .state = clerk->state->dir,
                                            .output = -1,
                                            .seconds = seconds},
                        &err))
        refuse(window, &err);
    else
        window->stage = WINDOW_RUNS;
}

static void job_begin_at(struct clerk *clerk, struct window *window)
{
    struct error err = {0};

    if (!clerk_job_begin(&clerk->jobs, &window->visit, &err))
        refuse(window, &err);
    else
        window_answer(window);
}

/* ---- who, what, with what ---- */

/* The worker is not trusted to terminate its strings. */
static void terminate(struct api_request *request)
{
    request->method[sizeof(request->method) - 1] = '\0';
    request->path[sizeof(request->path) - 1] = '\0';
    request->query[sizeof(request->query) - 1] = '\0';
    request->authorization[sizeof(request->authorization) - 1] = '\0';
    request->token[sizeof(request->token) - 1] = '\0';
    request->content_type[sizeof(request->content_type) - 1] = '\0';
    request->address[sizeof(request->address) - 1] = '\0';
    request->last_event[sizeof(request->last_event) - 1] = '\0';
}

static bool find_route(struct window *window, struct error *err)
{
    struct api_visit *visit = &window->visit;
    const struct api_request *request = &window->request;

    visit->route = api_route_find(&window->path, request->method, request->path,
                                  visit->reply.allow, sizeof(visit->reply.allow));
    if (visit->route != NULL)
        return true;
    return visit->reply.allow[0] != '\0' ? fail(err, E_API_METHOD, "%s", request->method)
                                         : fail(err, E_API_ROUTE, "%s", request->path);
}

static bool may_call(const struct api_visit *visit, struct error *err)
{
    if (visit->caller.role >= visit->route->role)
        return true;
    return visit->caller.role == API_ANYBODY
               ? fail(err, E_API_LOGIN, "no credentials")
               : fail(err, E_API_ROLE, "%s", visit->caller.name);
}

static bool has_properties(const struct api_route *route)
{
    for (const struct api_param *param = route->params;
         param != NULL && param->name != NULL; param++)
        if (param->in == API_BODY)
            return true;
    return false;
}

/* A body of ours is JSON and says so: no form of a web page can send it. */
static bool is_json(const struct api_visit *visit, struct error *err)
{
    return visit->route->dialect == API_OME || !has_properties(visit->route) ||
           span_is_blank(visit->body) ||
           text_starts(visit->request->content_type, "application/json") ||
           fail(err, E_API_TYPE, "'%s'", visit->request->content_type);
}

static bool read_values(struct window *window, struct error *err)
{
    struct api_visit *visit = &window->visit;

    if (!is_json(visit, err) ||
        !api_values_read(&window->values, visit->route, &window->path,
                         window->request.query, visit->body, err) ||
        (visit->route->prepare != NULL && !visit->route->prepare(&window->values, err)))
        return false;
    visit->value = window->values.value;
    visit->n = window->values.n;
    return true;
}

static void wait_for(struct window *window, enum window_stage next)
{
    window->stage = WINDOW_WAITS;
    window->next = next;
}

/* Who is calling is known. */
static void proceed(struct clerk *clerk, struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    if (!may_call(visit, &err) || (!visit->route->logs_in && !read_values(window, &err)))
        refuse(window, &err);
    else if (visit->route->is_job)
        job_begin_at(clerk, window);
    else if (visit->route->command == NULL)
        finish(window);
    else
        wait_for(window, WINDOW_RUNS);
}

static enum login_result login(struct clerk *clerk, struct window *window,
                               struct error *err)
{
    struct api_visit *visit = &window->visit;

    if (visit->route->logs_in)
        return read_values(window, err)
                   ? login_begin_with(&clerk->login, visit, &window->try,
                                      api_value_of(visit, "UserName"),
                                      api_value_of(visit, "Password"), err)
                   : LOGIN_REFUSED;
    if (visit->route->role == API_ANYBODY)
        return LOGIN_DONE;
    return login_begin(&clerk->login, visit, &window->try, err);
}

static void judge(struct clerk *clerk, struct window *window)
{
    struct error err = {0};

    if (!find_route(window, &err)) {
        refuse(window, &err);
        return;
    }
    switch (login(clerk, window, &err)) {
    case LOGIN_DONE:
        proceed(clerk, window);
        break;
    case LOGIN_CHECK:
        wait_for(window, WINDOW_CHECKS);
        break;
    case LOGIN_REFUSED:
        refuse(window, &err);
        break;
    }
    clerk_go_on(clerk, window);
}

/* ---- what takes a process ---- */

static size_t tasks_running(const struct clerk *clerk)
{
    size_t n = 0;

    for (size_t i = 0; i < clerk->n; i++)
        n += clerk->window[i].stage >= WINDOW_CHECKS;
    return n;
}

static void check_begin(struct window *window)
{
    struct error err = {0};

    if (login_check(&window->task, &window->try, &err))
        window->stage = WINDOW_CHECKS;
    else
        refuse(window, &err);
}

static void check_over(struct clerk *clerk, struct window *window)
{
    const bool right = window->task.status == 0 && !window->task.late;
    struct error err = {0};

    window->stage = WINDOW_OPEN;
    if (login_checked(&clerk->login, &window->visit, &window->try, right, &err))
        proceed(clerk, window);
    else
        refuse(window, &err);
}

/* What it waits for, when there is room. */
static void begin_next(struct clerk *clerk, struct window *window)
{
    if (window->stage != WINDOW_WAITS || tasks_running(clerk) >= API_TASKS_MAX)
        return;
    if (window->next == WINDOW_CHECKS)
        check_begin(window);
    else
        command_begin(clerk, window);
}

void clerk_go_on(struct clerk *clerk, struct window *window)
{
    switch (window->stage) {
    case WINDOW_OPEN:
        break;
    case WINDOW_WAITS:
        begin_next(clerk, window);
        break;
    case WINDOW_CHECKS:
        if (!api_task_has_ended(&window->task))
            break;
        check_over(clerk, window);
        begin_next(clerk, window); /* its command */
        break;
    case WINDOW_RUNS:
        if (api_task_has_ended(&window->task))
            task_over(window);
        break;
    }
}

void clerk_begin(struct clerk *clerk, struct window *window)
{
    terminate(&window->request);
    window->visit = (struct api_visit){.state = clerk->state,
                                       .metrics = clerk->metrics,
                                       .now = clock_now(),
                                       .request = &window->request,
                                       .body = buf_span(&window->body),
                                       .out = buf_upto(API_ANSWER_MAX)};
    if (window->end.local)
        window->visit.caller.role = API_ADMINISTRATOR;
    judge(clerk, window);
}

const char *api_value_of(const struct api_visit *visit, const char *name)
{
    for (size_t i = 0; i < visit->n; i++)
        if (text_equal(visit->value[i].param->name, name))
            return (const char *)visit->value[i].bytes.at;
    return NULL;
}
