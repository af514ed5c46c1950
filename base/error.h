/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong: one entry of the message catalogue (messages.def) and what it was about.
 * A fallible function returns bool and takes `struct error *err` last; the first failure
 * wins. A finding is the same struct in a report, so one view shows both.
 */
#pragma once

#include "base/scope.h"

#include <stdbool.h>
#include <stddef.h>

#define ABOUT_MAX 512  /* bytes of detail, NUL included; longer is cut */
#define REPORT_MAX 512 /* findings kept; more are counted, not kept */

enum msg {
    E_NONE,
#define MSG(name, id, kind, rule, ome, text, remedy) name,
#include "base/messages.def"
#undef MSG
    MSG_COUNT
};

/* What the failure means for the exit status (design: 1 refused, 2 could not, 64 usage). */
enum kind { REFUSED, COULD_NOT, USAGE };

/* What an OpenManage client is told; the words are in error.c. */
enum ome { OME_NONE, OME_CSR_KEY, OME_CHAIN, OME_EKU, OME_WEB_SERVER, OME_NAME, OME_FILE };

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

enum side { SIDE_NONE, SIDE_SOURCE, SIDE_TARGET, SIDE_BOTH };

struct error {
    enum msg msg; /* E_NONE while nothing has failed */
    enum severity severity;
    enum side side;
    bool has_rung; /* `rung` counts: 0 is the leaf */
    unsigned rung;
    char about[ABOUT_MAX];
};

struct report {
    struct error *item; /* n of them, on the heap */
    size_t n;
    size_t room;
    size_t dropped; /* findings beyond REPORT_MAX */
};

/* One row of the catalogue. */
struct message {
    const char *name; /* E_… */
    const char *id;   /* PGC1004: stable for ever */
    enum kind kind;
    const char *rule; /* the rule of design 4 and 5 it belongs to, or NULL */
    enum ome ome;
    const char *text;
    const char *remedy;
};
const struct message *message_of(enum msg msg);
/* The row with this id, E_NONE when there is none (ids also come from the peer). */
enum msg message_by_id(const char *id);

/* The id, argument and sentence of an OME answer; NULL where there is none. */
struct ome_words {
    const char *id;       /* CGEN1008 */
    const char *argument; /* or NULL */
    const char *text;
    const char *resolution;
};
const struct ome_words *ome_words_of(enum ome ome);

/* Record a failure unless one is recorded already. Always false, so a guard is one line. */
bool fail(struct error *err, enum msg msg, const char *fmt, ...) printf_like(3, 4);
/* The same, with strerror(errno) behind `what`. */
bool fail_errno(struct error *err, enum msg msg, const char *what);
/* The same with a rung. */
bool fail_at(struct error *err, enum msg msg, size_t rung, const char *fmt, ...)
    printf_like(4, 5);

/* Exit status of a command that ended with this error; 0 for E_NONE. */
int error_exit_status(const struct error *err);
const char *severity_name(enum severity severity);
const char *side_name(enum side side);

void report_add(struct report *report, const struct error *finding);
/* Errors among the findings: what refuses. */
size_t report_errors(const struct report *report);
/* The first of them; of a report whose errors were all dropped, its first finding. */
const struct error *report_first_error(const struct report *report);
/* The first finding of this message, or NULL. */
const struct error *report_find(const struct report *report, enum msg msg);
/* The same one of before (message, side, rung and words), or NULL. */
struct error *report_same(const struct report *report, const struct error *finding);
void report_clear(struct report *report);
