/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request at a window: row, caller, parameters, answer. */
#include "agent/bounds.h"
#include "agent/clerk_parts.h"
#include "agent/clock.h"
#include "base/text.h"

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
        clerk_refuse(window, &err);
    else
        window->stage = WINDOW_RUNS;
}

static void job_begin_at(struct clerk *clerk, struct window *window)
{
    struct error err = {0};

    if (!clerk_job_begin(&clerk->jobs, &window->visit, &err))
        clerk_refuse(window, &err);
    else
        clerk_answer(window);
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

static void turn_away(struct clerk *clerk, struct window *window, const struct error *why)
{
    clerk_record_refusal(clerk, window, why);
    clerk_refuse(window, why);
}

/* Who is calling is known. */
static void proceed(struct clerk *clerk, struct window *window)
{
    struct api_visit *visit = &window->visit;
    struct error err = {0};

    if (!may_call(visit, &err))
        turn_away(clerk, window, &err);
    else if ((!visit->route->logs_in && !read_values(window, &err)) ||
             !clerk_record_change(clerk, window, &err))
        clerk_refuse(window, &err);
    else if (visit->route->is_job)
        job_begin_at(clerk, window);
    else if (visit->route->command == NULL)
        clerk_finish(window);
    else
        wait_for(window, WINDOW_RUNS);
}

/* A password was right, or is known to be. */
static void logged_in(struct clerk *clerk, struct window *window)
{
    struct error err = {0};

    if (clerk_record_login(clerk, window, &err))
        proceed(clerk, window);
    else
        clerk_refuse(window, &err);
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
        clerk_refuse(window, &err);
        return;
    }
    switch (login(clerk, window, &err)) {
    case LOGIN_DONE:
        if (window->visit.route->logs_in)
            logged_in(clerk, window);
        else
            proceed(clerk, window);
        break;
    case LOGIN_CHECK:
        wait_for(window, WINDOW_CHECKS);
        break;
    case LOGIN_REFUSED:
        turn_away(clerk, window, &err);
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
        clerk_refuse(window, &err);
}

static void check_over(struct clerk *clerk, struct window *window)
{
    const bool right = window->task.status == 0 && !window->task.late;
    struct error err = {0};

    window->stage = WINDOW_OPEN;
    if (login_checked(&clerk->login, &window->visit, &window->try, right, &err))
        logged_in(clerk, window);
    else
        turn_away(clerk, window, &err);
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
            clerk_task_over(window);
        break;
    }
}

void clerk_begin(struct clerk *clerk, struct window *window)
{
    terminate(&window->request);
    window->visit = (struct api_visit){.state = clerk->state,
                                       .metrics = clerk->metrics,
                                       .jobs = &clerk->jobs,
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
