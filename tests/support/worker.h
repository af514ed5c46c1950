/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker and supervisor over their socket pair, the supervisor in a thread. */
#pragma once

#include "agent/authority.h"
#include "tests/support/state_db.h"

#include <pthread.h>

#define NOON 1813060800

struct fixture {
    struct state_db state;
    struct authority authority;
    struct office office;
    int supervisor;
    struct error ended; /* why the supervisor stopped serving */
    pthread_t thread;
    struct code code;
    const char *migration; /* asked for with the next proofs, or NULL */
    const char *name;      /* to publish as, or NULL: "data" */
};

/* With one invitation. */
struct fixture *fixture_make(bool is_target);
void fixture_free(struct fixture **at);
/* Serves in a thread; to be begun again after the channel has ended. */
void *fixture_supervise(void *at);
/* A request on this connection by the peer with this key. */
void ask_make(struct authority_ask *out, enum authority_op op, uint64_t connection,
              char key);
enum msg ask_do(struct fixture *f, struct authority_ask *ask,
                struct authority_answer *answer);
/* Prove the code on a connection, both sides to their end. */
enum msg prove(struct fixture *f, const struct code *code, uint64_t connection, char key,
               char exporter, struct authority_answer *answer);
/* The first message of a proof, so that an exchange is under way. */
enum msg begin(struct fixture *f, uint64_t connection, uint32_t selector);
enum msg again(struct fixture *f, const char *migration, char key, int64_t now,
               struct authority_answer *answer);
