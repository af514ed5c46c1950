/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target: wait, pair, receive. */
#include "agent/command.h"
#include "agent/listen.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

/* The worker's one signal: SIGTERM, passed on by the supervisor. */
static atomic_bool *stop_flag;

static void stop_now(int number)
{
    (void)number;
    atomic_store(stop_flag, true);
}

static void stop_on_sigterm(atomic_bool *flag)
{
    struct sigaction action = {.sa_handler = stop_now};

    stop_flag = flag;
    sigaction(SIGTERM, &action, NULL);
    signal(SIGINT, SIG_IGN); /* a terminal sends it to both processes */
}

struct listen_words {
    const char *peer, *into;
    enum policy policy;
    bool once;
};

static bool listen_words_read(struct call *call, struct listen_words *out,
                              struct error *err)
{
    const char *policy = NULL;

    out->peer = "0.0.0.0:" TLS_PORT_DEFAULT;
    out->once = args_flag(&call->args, "--once");
    if (!args_value(&call->args, "--peer", &out->peer, err) ||
        !args_value(&call->args, "--into", &out->into, err) ||
        !args_value(&call->args, "--policy", &policy, err) || !args_end(&call->args, err))
        return false;
    if (out->into == NULL)
        return fail(err, E_USAGE, "--into DIR is missing");
    return policy == NULL || policy_named(&out->policy, policy, err);
}

static bool serve(struct service *service, const struct listen_words *words,
                  struct listener *listener, struct error *err)
{
    scoped(fd_close) int into = -1;
    bool good;

    if (!fs_make_dir(&into, AT_FDCWD, words->into, 0755, err) ||
        !listen_open(listener, words->peer, err) ||
        !migrations_begin(&service->migrations, service->worker, into, err))
        return false;
    event_listening(&service->events, listener->address, words->into);
    good = listen_serve(listener, service, err);
    migrations_end(&service->migrations);
    return good;
}

static int run_listen(struct call *call, struct error *err)
{
    static struct service service; /* large, and reached from a signal handler */
    scoped(state_close) struct state state = {0};
    scoped(worker_clear) struct worker worker = {0};
    scoped(listen_close) struct listener listener = {.socket = -1};
    struct listen_words words = {0};

    if (!listen_words_read(call, &words, err) ||
        !state_open(&state, call->state_dir, err) ||
        !supervisor_part(&worker, &state, true, err))
        return 2;
    service.worker = &worker;
    service.policy = words.policy;
    service.once = words.once;
    service.events.json = call->json;
    if (!text_fits(service.into, words.into))
        fail(err, E_USAGE, "--into is too long");
    stop_on_sigterm(&service.stop);
    return serve(&service, &words, &listener, err) ? 0 : 2;
}

const struct command commands_listen[] = {
    {"listen", "[--peer ADDR:PORT] --into DIR [--once] [--policy P]",
     "Target: wait for a source, pair with it, receive into DIR.", run_listen},
    {0},
};
