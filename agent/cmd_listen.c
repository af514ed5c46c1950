/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target: wait, pair, receive. Without a directory to receive into: be managed. */
#include "agent/command.h"
#include "agent/demands.h"
#include "agent/listen.h"
#include "agent/manager.h"
#include "agent/sandbox.h"
#include "agent/staff.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>

struct listen_words {
    const char *peer, *manage;
    const char *into; /* NULL: it is managed alone */
    enum policy policy;
    struct demands demands;
    bool once, nowhere, basis;
    int socket;          /* of the service manager, or -1 */
    char tree[PATH_MAX]; /* `into` without links, by into_find */
};

static bool listen_words_read(struct call *call, struct listen_words *out,
                              struct error *err)
{
    out->peer = "0.0.0.0:" TLS_PORT_DEFAULT;
    if (!args_value(&call->args, "--into", &out->into, err) ||
        !args_value(&call->args, "--manage", &out->manage, err))
        return false;
    if (out->into == NULL) /* and then all else is about sources */
        return out->manage != NULL
                   ? args_end(&call->args, err)
                   : fail(err, E_USAGE, "--into DIR or --manage ADDR:PORT is missing");
    out->once = args_flag(&call->args, "--once");
    out->nowhere = args_flag(&call->args, "--to-nowhere");
    out->basis = args_flag(&call->args, "--basis");
    return args_value(&call->args, "--peer", &out->peer, err) &&
           demands_read(&call->args, &out->policy, &out->demands, err) &&
           args_end(&call->args, err);
}

/* Make the directory. All of it is open to the worker, so the keys are not in it, nor is it
 * among them. */
static bool into_find(struct listen_words *words, const struct state *state,
                      struct error *err)
{
    scoped(fd_close) int into = -1;

    if (words->into == NULL)
        return true;
    if (!fs_make_dir(&into, AT_FDCWD, words->into, 0700, err))
        return false;
    if (realpath(words->into, words->tree) == NULL)
        return fail_errno(err, E_FILE_READ, words->into);
    return state_lies_apart(state, words->tree, E_INTO_STATE, err);
}

/* The directory, the socket, and then no way out. */
static bool settle_in(struct service *service, const struct listen_words *words,
                      struct listener *listener, int *into, struct sandbox *sandbox,
                      struct error *err)
{
    (void)text_fits(service->into, words->tree);
    return (words->socket >= 0 ? listen_given(listener, words->socket, err)
                               : listen_open(listener, words->peer, err)) &&
           sandbox_close(sandbox, service->into, into, err);
}

static bool serve(struct service *service, const struct listen_words *words,
                  struct listener *listener, struct error *err)
{
    scoped(fd_close) int into = -1;
    struct sandbox sandbox;

    umask(0); /* what is made is below a directory of 0700, with the mode it is to have */
    if (!settle_in(service, words, listener, &into, &sandbox, err) ||
        !migrations_begin(&service->migrations, service->worker, into, service->into,
                          &service->events, err) ||
        !authority_ready(&service->worker->authority, err))
        return false;
    witness_open(&service->witness, &service->worker->authority);
    witness_listener(&service->witness, "start", listener->address, words->into);
    event_listening(&service->events, listener->address, words->into, &sandbox);
    if (words->manage != NULL)
        event_managing(&service->events, words->manage);
    listen_serve(listener, service);
    migrations_end(&service->migrations);
    witness_listener(&service->witness, "stop", listener->address, words->into);
    witness_close(&service->witness);
    return true;
}

/* Its staff answers; this process has nothing to do but to wait for the end. */
static bool serve_management(struct service *service, const struct listen_words *words,
                             struct listener *listener, struct error *err)
{
    if (words->socket >= 0)
        return fail(err, E_USAGE, "a socket of the service manager, and no --into DIR");
    if (!listen_nowhere(listener, err) || !sandbox_close_manager(err) ||
        !authority_ready(&service->worker->authority, err))
        return false;
    witness_open(&service->witness, &service->worker->authority);
    witness_listener(&service->witness, "start", words->manage, "");
    event_managing(&service->events, words->manage);
    listen_wait(listener);
    witness_listener(&service->witness, "stop", words->manage, "");
    witness_close(&service->witness);
    return true;
}

/* Many short connections on many threads leave no memory behind: few arenas, and what is
 * large goes back to the system at once. */
static void memory_settle(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int run_listen(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(worker_clear) struct worker worker = {0};
    scoped(listen_close) struct listener listener = {.socket = -1, .signals = -1};
    scoped(manage_sockets_close) struct manage_sockets manage = {.local = -1, .remote = -1};
    struct listen_words words = {0};
    struct service *service;
    bool good;

    if (!listen_words_read(call, &words, err) || !manager_socket(&words.socket, err) ||
        !state_open(&state, call->state_dir, err) || !into_find(&words, &state, err) ||
        !manage_sockets_open(&manage, &state, words.manage, err) ||
        !supervisor_part(&worker, &state,
                         &(struct duty){.is_target = true,
                                        .hookless = words.into == NULL,
                                        .json = call->json,
                                        .manage = &manage},
                         err))
        return 2;
    memory_settle();
    service = mem_zeroed(1, sizeof(*service));
    service->worker = &worker;
    service->policy = words.policy;
    service->demands = words.demands;
    service->once = words.once;
    service->nowhere = words.nowhere;
    service->migrations.replaces = words.basis;
    service->events.json = call->json;
    if (words.manage != NULL)
        words.manage = manage.address;
    good = words.into != NULL ? serve(service, &words, &listener, err)
                              : serve_management(service, &words, &listener, err);
    mem_free(service);
    return good ? 0 : 2;
}

const struct command commands_listen[] = {
    {"listen",
     "[--peer ADDR:PORT] --into DIR [--manage ADDR:PORT] [--once] [--basis] [--to-nowhere] " DEMANDS_WORDS
     " | --manage ADDR:PORT",
     "Target: wait for a source, pair with it, receive into DIR. Or be managed, either side.",
     run_listen},
    {0},
};
