/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source's end of authorisation: what it has to show, or whom it waits for. */
#pragma once

#include "agent/args.h"
#include "agent/dial.h"
#include "agent/events.h"
#include "agent/passphrase.h"

enum consent_kind {
    CONSENT_NONE, /* only the grant of before will do */
    CONSENT_CODE,
    CONSENT_PASSWORD,
    CONSENT_WAIT
};

struct consent {
    enum consent_kind kind;
    const char *user;
    struct passphrase_source password; /* neither file nor descriptor: the terminal */
    struct code code;
};
#define CONSENT_WORDS                                                                      \
    "[--code-file F | --user NAME [--password-file F | --password-fd N] | --wait]"

/* The words above; reads the code, but no password yet. */
must_check bool consent_read(struct consent *out, struct args *args, struct error *err);
/* On a connection whose conversation has agreed. */
must_check bool consent_get(const struct consent *consent, struct dial *dial,
                            const struct dial_request *request, const struct events *events,
                            struct grant *out, struct error *err);
void consent_clear(struct consent *consent);
