/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request of the management API inside the clerk, the process that has the state
 * directory and is not on the network: what the worker handed over, who is calling, which
 * row it is, its parameters, and the answer.
 */
#pragma once

#include "agent/api_route.h"
#include "agent/state.h"
#include "base/buf.h"
#include "pairing/admin.h"

#include <stdint.h>

#define API_METHOD_MAX 8
#define API_PATH_MAX 1024
#define API_CREDENTIALS_MAX 512
#define API_TOKEN_MAX 64
#define API_ADDRESS_MAX 64
#define API_BODY_MAX (4 * 1024 * 1024)   /* of a request */
#define API_ANSWER_MAX (8 * 1024 * 1024) /* of an answer */

/* What the worker hands over; `body_n` bytes of body follow. */
struct api_request {
    char method[API_METHOD_MAX];
    char path[API_PATH_MAX];  /* as it came, percent-encoded, without the query */
    char query[API_PATH_MAX]; /* behind '?', or empty */
    char authorization[API_CREDENTIALS_MAX];
    char token[API_TOKEN_MAX]; /* X-Auth-Token, or empty */
    char content_type[API_TOKEN_MAX];
    char address[API_ADDRESS_MAX];  /* without the port; empty on the Unix socket */
    unsigned uid;                   /* who it is on the Unix socket */
    char last_event[API_TOKEN_MAX]; /* Last-Event-ID, or empty */
    uint64_t cursor;                /* of a stream that goes on: as answered; else 0 */
    bool goes_on;                   /* the next piece of a stream */
    size_t body_n;
};

/* The fixed part of an answer; `body_n` bytes of body follow. */
struct api_reply {
    int status;
    char content_type[64];
    char location[256];        /* Location, or empty */
    char token[API_TOKEN_MAX]; /* X-Auth-Token, or empty */
    char allow[64];            /* with 405 */
    bool has_ended;            /* a command ran, and */
    int ended;                 /* its exit status goes out as Pairgate-Status */
    unsigned retry_after;      /* seconds, or 0 */
    unsigned pause;            /* seconds to let pass before it is told */
    bool ome;                  /* the number as reason phrase */
    /* A stream (server-sent events): this is a piece of it. After `wait_ms` the worker asks
     * for the next with the same request and this cursor; the caller's right is looked at
     * each time. */
    bool more;
    uint64_t cursor;
    unsigned wait_ms;
    size_t body_n;
};

struct api_caller {
    char name[ADMIN_NAME_MAX]; /* empty: nobody, or on the Unix socket */
    enum api_role role;
    char session[API_TOKEN_MAX]; /* its id, or empty */
};

/* A parameter as it was given; of an array each item is one. Strings end with a NUL. */
struct api_value {
    const struct api_param *param;
    struct buf bytes; /* of API_FLAG and API_NUMBER as text: "true", "12" */
};

struct metrics;
struct clerk_jobs;

struct api_visit {
    struct state *state;     /* opened, with its database */
    struct metrics *metrics; /* what has been counted so far */
    struct clerk_jobs *jobs; /* those that run */
    time_t now;
    const struct api_request *request;
    struct span body;
    struct api_caller caller;
    const struct api_route *route;
    struct api_value *value; /* n of them */
    size_t n;
    struct span printed; /* what the command printed, when the row has one */
    int ended;           /* its exit status */
    struct api_reply reply;
    struct buf out; /* the body of the answer */
};

/* The first value of this name, or NULL. */
const char *api_value_of(const struct api_visit *visit, const char *name);
