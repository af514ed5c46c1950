/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pairgate --remote https://HOST COMMAND…`: the same command on another appliance, by its
 * management API. The row of the command says how its words become a request
 * (agent/api_route.h); what comes back is printed as the command prints it with --json.
 */
#pragma once

#include "agent/api_route.h"
#include "agent/args.h"
#include "base/buf.h"
#include "base/digest.h"
#include "certs/trust.h"
#include "pairing/admin.h"

#define REMOTE_URL_MAX 512
#define REMOTE_PATH_MAX 2048
#define REMOTE_BODY_MAX (4 * 1024 * 1024)
#define REMOTE_ANSWER_MAX (8 * 1024 * 1024)

/* What stands before the command. */
struct remote {
    const char *url;   /* NULL: it runs here */
    const char *user;  /* --user */
    const char *ca;    /* --ca: a file of anchors, or NULL */
    const char *pin;   /* --pin: SHA-256 of its public key, or NULL */
    const char *state; /* whose anchors count without --ca and --pin */
};
/* Take these options off the front of the words; *n of them were its. */
must_check bool remote_options(struct remote *out, int *n, int argc, char **argv,
                               struct error *err);
/* Run the command there; the exit status is that of the command. */
int remote_run(const struct remote *remote, int argc, char **argv, struct error *err);

/* ---- remote_request_json.c ---- */

struct remote_request {
    const struct api_route *route;
    char path[REMOTE_PATH_MAX]; /* with its query */
    struct buf body;            /* JSON; empty when the row has no properties */
    /* A property that is still to be typed, or NULL: the new password of this one. */
    const char *secret;
    char whose[ADMIN_NAME_MAX];
};
void remote_request_clear(struct remote_request *request);
/* The command's words by the first of its rows that takes all of them. */
must_check bool remote_request_make(struct remote_request *out, const char *command,
                                    const struct args *words, struct error *err);
/* Ask for the secret that the request lacks, if it lacks one. */
must_check bool remote_request_ask(struct remote_request *request, struct error *err);
/* Print a JSON answer as the command would, an item a line. False: it is none. */
bool remote_print(const struct api_route *route, struct span answer);
/* The failure that a refusal's body tells; false when it tells none. */
bool remote_read_failure(struct error *out, struct span answer);
/* The exit status in the job that ends a stream of events; -1 when there is none. */
int remote_job_status(struct span data);

/* ---- remote_http.c ---- */

/* How the server is known, and who calls. Borrowed. */
struct remote_peer {
    const char *url; /* https://HOST or https://HOST:PORT */
    char host[256];  /* of it, without brackets */
    const struct chain *anchors;
    const struct digest *pin; /* or NULL */
    const char *credentials;  /* the value of Authorization, or NULL */
};
struct remote_answer {
    int status;
    int ended; /* the command's exit status, or -1 */
    char content_type[64];
    char location[256];
    struct buf body;
    /* Or each piece as it comes, in place of `body`. */
    void (*piece)(void *at, struct span bytes);
    void *at;
};
void remote_answer_clear(struct remote_answer *answer);
/* Dial it and judge who answers: nothing is asked. */
must_check bool remote_greet(const struct remote_peer *peer, struct error *err);
/* Send it and wait; E_REMOTE_PEER when the server is not the one that is meant. */
must_check bool remote_http(struct remote_answer *out, const struct remote_peer *peer,
                            const char *method, const char *path, struct span body,
                            struct error *err);
