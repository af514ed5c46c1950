/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command of the contract (design 3): one row of the table in main.c. `run` does the work
 * and prints facts to standard output; a failure is left in err and printed by main, once,
 * as text or JSON. It returns the exit status of success: 0, or 1 when the facts are a
 * refusal that was already printed (chain check, preflight, pair). With a failure in err
 * the value is ignored.
 */
#pragma once

#include "agent/args.h"
#include "agent/state.h"
#include "base/error.h"

#include <time.h>

struct call {
    struct args args; /* the words after the command's name, --state and --json taken */
    const char *state_dir; /* --state, PAIRGATE_STATE or /var/lib/pairgate */
    bool json;
    unsigned columns; /* of standard output, for text; 0: nobody says */
    time_t now;       /* the wall clock at start */
};

struct command {
    const char *name;     /* "chain check" */
    const char *operands; /* "[--request CSR] [--policy P] [--at T] FILE" */
    const char *purpose;  /* one line */
    int (*run)(struct call *call, struct error *err);
};

/* One table per file of commands; a row with a NULL name ends it. */
extern const struct command commands_request[];   /* cmd_request.c */
extern const struct command commands_chain[];     /* cmd_chain.c */
extern const struct command commands_verify[];    /* cmd_verify.c */
extern const struct command commands_identity[];  /* cmd_identity.c */
extern const struct command commands_trust[];     /* cmd_trust.c */
extern const struct command commands_store[];     /* cmd_store.c */
extern const struct command commands_published[]; /* cmd_published.c */
extern const struct command commands_refresh[];   /* cmd_refresh.c */
extern const struct command commands_adopt[];     /* cmd_adopt.c */
extern const struct command commands_ca[];        /* cmd_ca.c */
extern const struct command commands_ca_issue[];  /* cmd_ca_issue.c */
extern const struct command commands_pair[];      /* cmd_pair.c */
extern const struct command commands_listen[];    /* cmd_listen.c */
extern const struct command commands_migrate[];   /* cmd_migrate.c */
extern const struct command commands_handover[];  /* cmd_handover.c */
extern const struct command commands_prune[];     /* cmd_prune.c */
extern const struct command commands_receipt[];   /* cmd_receipt.c */
extern const struct command commands_audit[];     /* cmd_audit.c */
extern const struct command commands_admin[];     /* cmd_admin.c */
extern const struct command commands_approve[];   /* cmd_approve.c */
extern const struct command commands_doctor[];    /* cmd_doctor.c */

extern const struct command *const command_tables[];  /* all of them; NULL ends them */
const struct command *command_find(const char *name); /* NULL when there is none */
