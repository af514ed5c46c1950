/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/remote.h"

#include "agent/demands.h"
#include "agent/passphrase.h"
#include "agent/view_json.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_FILE "PAIRGATE_PASSWORD_FILE"
#define CREDENTIALS_MAX 512
#define COMMAND_MAX 64

/* ---- the words before the command ---- */

bool remote_options(struct remote *out, int *n, int argc, char **argv, struct error *err)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--remote", &out->url},
                   {"--user", &out->user},
                   {"--ca", &out->ca},
                   {"--pin", &out->pin},
                   {"--state", &out->state}};

    for (*n = 0; *n < argc; *n += 2) {
        const char *word = argv[*n];
        size_t i = 0;

        if (text_equal(word, "--json")) { /* it is JSON anyway */
            *n -= 1;
            continue;
        }
        while (i < COUNT(options) && !text_equal(options[i].name, word))
            i++;
        if (i == COUNT(options))
            break;
        if (*n + 1 >= argc)
            return fail(err, E_USAGE, "%s needs a value", word);
        *options[i].value = argv[*n + 1];
    }
    return true;
}

/* ---- who is asked, and as whom ---- */

struct known {
    struct trust trust;
    struct chain anchors;
    struct demands pinned;
    struct remote_peer peer;
    char url[REMOTE_URL_MAX];
    char credentials[CREDENTIALS_MAX];
};

static void known_clear(struct known *known)
{
    trust_clear(&known->trust);
    chain_clear(&known->anchors);
    mem_wipe(known->credentials, sizeof(known->credentials));
}

/* https://HOST, https://HOST:PORT or https://[v6]:PORT, nothing behind it. */
static bool read_url(struct known *out, const char *url, struct error *err)
{
    static const char scheme[] = "https://";
    const char *host = url + strlen(scheme);
    const bool bracketed = text_starts(url, scheme) && *host == '[';
    size_t n = text_starts(url, scheme) ? strlen(host) : 0;

    if (n > 0 && host[n - 1] == '/')
        n--;
    if (n == 0 || strcspn(host, "/?#@ ") < n ||
        !text_copy_span(out->url, sizeof(out->url), span_of(url, strlen(scheme) + n)))
        return fail(err, E_USAGE, "--remote https://HOST[:PORT], not '%s'", url);
    host += bracketed;
    out->peer.url = out->url;
    return text_copy_span(out->peer.host, sizeof(out->peer.host),
                          span_of(host, strcspn(host, bracketed ? "]/" : ":/"))) ||
           fail(err, E_USAGE, "the name in '%s' is too long", url);
}

static bool load_anchors(struct known *out, const struct remote *remote, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(BUNDLE_FILE_MAX);
    scoped(report_clear) struct report passed_over = {0};
    scoped(fd_close) int state = -1;

    out->peer.anchors = &out->anchors;
    if (remote->pin != NULL) {
        out->peer.pin = &out->pinned.pin[0];
        return demands_pin(&out->pinned, remote->pin, err);
    }
    if (remote->ca != NULL)
        return fs_read(&file, remote->ca, err) &&
               bundle_read(&out->anchors, buf_span(&file), &passed_over, err);
    out->peer.anchors = &out->trust.anchors;
    return fs_open_dir(&state, AT_FDCWD, remote->state, err) &&
           trust_load(&out->trust, state, err);
}

static bool has_user(const struct remote *remote, struct error *err)
{
    return remote->user != NULL ||
           fail(err, E_USAGE, "--user NAME is missing before the command");
}

/* RFC 7617. The password comes from a file or the terminal, never from a word. */
static bool load_credentials(struct known *out, const struct remote *remote,
                             struct error *err)
{
    scoped(buf_clear) struct buf password = {0};
    scoped(buf_clear) struct buf pair = buf_upto(CREDENTIALS_MAX);
    scoped(buf_clear) struct buf line = buf_upto(CREDENTIALS_MAX - 1);
    const struct passphrase_source source = {.file = getenv(PASSWORD_FILE)};
    char prompt[2 * CREDENTIALS_MAX];

    snprintf(prompt, sizeof(prompt), "Password of %s at %s", remote->user, out->peer.host);
    if (!passphrase_take(&password, &source, prompt, err) ||
        !buf_print(&pair, err, "%s:", remote->user) ||
        !buf_add(&pair, buf_span(&password), err) || !buf_add_text(&line, "Basic ", err) ||
        !text_base64_encode(&line, buf_span(&pair), err))
        return false;
    out->peer.credentials = out->credentials;
    return text_copy_span(out->credentials, sizeof(out->credentials), buf_span(&line));
}

/* ---- the answer ---- */

static int tell_failure(const struct error *failure)
{
    view_json_failure(stdout, failure);
    return error_exit_status(failure);
}

/* What a proxy or another server may have said instead. */
static int print_answer(const struct remote_request *request,
                        const struct remote_answer *answer, struct error *err)
{
    const struct span body = buf_span(&answer->body);
    struct error failure = {0};

    if (answer->status >= 400 && remote_read_failure(&failure, body))
        return tell_failure(&failure);
    if (answer->status >= 400 && answer->ended < 0)
        fail(err, E_REMOTE_HTTP, "status %d", answer->status);
    if (err->msg != E_NONE)
        return 2;
    if (request->route->as == API_AS_BYTES)
        fwrite(body.at, 1, body.n, stdout);
    else if (body.n > 0 && !remote_print(request->route, body))
        fail(err, E_REMOTE_HTTP, "no JSON came back");
    return answer->ended > 0 ? answer->ended : 0;
}

/* ---- a job: its events are what the command prints ---- */

struct stream {
    struct buf line;
    bool is_end; /* the event that ends it is being read */
    int status;
};

/* What is neither, such as a comment, which tells that the job goes on, is passed over. */
static void take_line(struct stream *stream, struct span line)
{
    if (line.n == 0) {
        stream->is_end = false;
    } else if (span_equal(line, span_text("event: end"))) {
        stream->is_end = true;
    } else if (span_starts(line, "data: ")) {
        const struct span data = span_after(line, strlen("data: "));

        if (stream->is_end) {
            stream->status = remote_job_status(data);
            return;
        }
        fwrite(data.at, 1, data.n, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
}

static void at_piece(void *at, struct span bytes)
{
    struct stream *stream = at;

    for (size_t i = 0; i < bytes.n; i++) {
        struct error too_long = {0};

        if (bytes.at[i] != '\n') {
            if (!buf_add_byte(&stream->line, bytes.at[i], &too_long))
                buf_reset(&stream->line);
            continue;
        }
        take_line(stream, buf_span(&stream->line));
        buf_reset(&stream->line);
    }
}

static void stream_clear(struct stream *stream)
{
    buf_clear(&stream->line);
}

static int follow(const struct known *known, const char *job, struct error *err)
{
    scoped(stream_clear) struct stream stream = {.line = buf_upto(REMOTE_ANSWER_MAX),
                                                 .status = -1};
    scoped(remote_answer_clear) struct remote_answer answer = {.piece = at_piece,
                                                               .at = &stream};
    char path[sizeof(answer.location) + 16];

    snprintf(path, sizeof(path), "%s/events", job);
    if (!remote_http(&answer, &known->peer, "GET", path, (struct span){0}, err))
        return 2;
    if (stream.status < 0)
        fail(err, E_REMOTE_HTTP, "the events of %s ended early", job);
    return stream.status;
}

/* ---- all of it ---- */

/* The first two words, or the first, that some row runs. */
static bool find_command(char out[COMMAND_MAX], int *words, int argc, char **argv)
{
    for (*words = 2; *words > 0; --*words) {
        if (argc < *words)
            continue;
        snprintf(out, COMMAND_MAX, *words == 2 ? "%s %s" : "%s", argv[0],
                 argc > 1 ? argv[1] : "");
        if (api_route_of_command(out, NULL) != NULL)
            return true;
    }
    return false;
}

static bool read_command(struct remote_request *out, int argc, char **argv,
                         struct error *err)
{
    char command[COMMAND_MAX];
    struct args args = {0};
    int words = 0;

    if (argc == 0)
        return fail(err, E_USAGE, "a command is missing behind --remote");
    if (!find_command(command, &words, argc, argv))
        return fail(err, E_REMOTE_COMMAND, "%s", argv[0]);
    if (!args_read(&args, argc - words, argv + words, err))
        return false;
    (void)args_flag(&args, "--json");
    return remote_request_make(out, command, &args, err);
}

/* Somebody who types is asked when nothing that is known before speaks against it: the
 * words are right, and who answers is the appliance that is meant. */
static bool take_secrets(struct known *known, struct remote_request *request,
                         const struct remote *remote, struct error *err)
{
    const bool typed = getenv(PASSWORD_FILE) == NULL || request->secret != NULL;

    return (!typed || remote_greet(&known->peer, err)) &&
           load_credentials(known, remote, err) && remote_request_ask(request, err);
}

int remote_run(const struct remote *remote, int argc, char **argv, struct error *err)
{
    scoped(known_clear) struct known known = {0};
    scoped(remote_request_clear) struct remote_request request = {0};
    scoped(remote_answer_clear) struct remote_answer answer = {0};

    if (!read_url(&known, remote->url, err) || !read_command(&request, argc, argv, err) ||
        !has_user(remote, err) || !load_anchors(&known, remote, err) ||
        !take_secrets(&known, &request, remote, err) ||
        !remote_http(&answer, &known.peer, request.route->method, request.path,
                     buf_span(&request.body), err))
        return 2;
    return request.route->is_job && answer.status == 202
               ? follow(&known, answer.location, err)
               : print_answer(&request, &answer, err);
}
