/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the worker has seen, for the record: attempts to pair, and connections that came to
 * nothing, which are one record for each address and minute.
 */
#pragma once

#include "agent/audit_json.h"
#include "agent/authority.h"
#include "agent/origins.h"

#define WITNESS_PLACES 256
#define WITNESS_REASONS 4
#define WITNESS_SECONDS 60
#define ATTEMPTS_PER_ADDRESS                                                               \
    10 /* failed ones written in full, a minute; others counted                            \
        */

struct witness {
    struct authority *authority;
    bool open; /* while it is not, nothing is told */
    pthread_mutex_t lock;
    struct witness_place {
        char host[ORIGIN_HOST_MAX];
        time_t first, last; /* first 0: free */
        unsigned count;     /* refused */
        unsigned attempts;  /* to pair, written in full */
        struct {
            enum msg msg;
            unsigned times;
        } reason[WITNESS_REASONS];
    } place[WITNESS_PLACES];
};

void witness_open(struct witness *out, struct authority *authority);
/* Tell what was counted. */
void witness_close(struct witness *witness);
/* Tell the minutes that are over. */
void witness_tick(struct witness *witness, time_t now);
/* A connection from there came to nothing. */
void witness_refusal(struct witness *witness, const char *host, enum msg why, time_t now);
/* The target's attempt to pair with whoever called from `host`. */
void witness_attempt(struct witness *witness, const char *host,
                     const struct audit_attempt *attempt, time_t now);
/* The source's; false, and told on standard error, when it could not be recorded. */
must_check bool witness_dialled(struct authority *authority,
                                const struct audit_attempt *attempt, struct error *err);
/* "start", "stop". */
void witness_listener(struct witness *witness, const char *event, const char *address,
                      const char *into);
