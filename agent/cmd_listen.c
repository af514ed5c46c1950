/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target: wait, pair, receive. */
#include "agent/command.h"
#include "agent/demands.h"
#include "agent/listen.h"
#include "agent/manager.h"
#include "agent/staff.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct listen_words {
    const char *peer, *into, *manage;
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
    out->once = args_flag(&call->args, "--once");
    out->nowhere = args_flag(&call->args, "--to-nowhere");
    out->basis = args_flag(&call->args, "--basis");
    if (!args_value(&call->args, "--peer", &out->peer, err) ||
        !args_value(&call->args, "--into", &out->into, err) ||
        !args_value(&call->args, "--manage", &out->manage, err) ||
        !demands_read(&call->args, &out->policy, &out->demands, err) ||
        !args_end(&call->args, err))
        return false;
    if (out->into == NULL)
        return fail(err, E_USAGE, "--into DIR is missing");
    return true;
}

/* Whether this path is dir or lies below it; both absolute and without links. */
static bool is_within(const char *path, const char *dir)
{
    const size_t n = text_equal(dir, "/") ? 0 : strlen(dir);

    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Make the directory. All of it is open to the worker, so the keys are not in it, nor is it
 * among them. */
static bool into_find(struct listen_words *words, const struct state *state,
                      struct error *err)
{
    scoped(fd_close) int into = -1;
    char keys[PATH_MAX];

    if (!fs_make_dir(&into, AT_FDCWD, words->into, 0700, err))
        return false;
    if (realpath(words->into, words->tree) == NULL)
        return fail_errno(err, E_FILE_READ, words->into);
    if (realpath(state->dir, keys) == NULL)
        return fail_errno(err, E_FILE_READ, state->dir);
    return (!is_within(keys, words->tree) && !is_within(words->tree, keys)) ||
           fail(err, E_INTO_STATE, "%s and %s", words->tree, keys);
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
        !supervisor_part(
            &worker, &state,
            &(struct duty){.is_target = true, .json = call->json, .manage = &manage}, err))
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
    good = serve(service, &words, &listener, err);
    mem_free(service);
    return good ? 0 : 2;
}

const struct command commands_listen[] = {
    {"listen",
     "[--peer ADDR:PORT] --into DIR [--manage ADDR:PORT] [--once] [--basis] [--to-nowhere] " DEMANDS_WORDS,
     "Target: wait for a source, pair with it, receive into DIR.", run_listen},
    {0},
};
