/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Path validation (RFC 5280 section 6.1): find a way from a certificate to an anchor over
 * candidates in no order (certs/path.h), and judge the whole of it: signatures, dates,
 * purposes, names, constraints, form, revocation. Looks only; touches no disk, clock or
 * network.
 */
#pragma once

#include "certs/crl.h"
#include "certs/path.h"
#include "certs/policy.h"

#define VALIDATE_PATHS_MAX 16 /* ways judged before giving up, for each kind of link */

enum purpose { PURPOSE_ANY, PURPOSE_SERVER, PURPOSE_CLIENT };

/* What is asked. Borrowed. */
struct question {
    const struct cert *leaf;
    const struct chain *untrusted;
    const struct chain *anchors;
    const struct crls *crls; /* NULL: revocation is not asked about */
    enum purpose purpose;
    const char *const *names; /* all of them: DNS name, address, or e-mail with its '@' */
    size_t names_n;
    time_t now;
    bool has_depth;
    unsigned depth; /* intermediates allowed; self-issued ones do not count */
};

/*
 * True when there is a way without an error; *out is the path. Otherwise *out is the best
 * way that failed (its last certificate an anchor only when `reached`), and the report says
 * everything that is wrong with it. Warnings and notes are told in either case.
 */
struct answer {
    bool valid;
    bool reached; /* the path ends at an anchor */
    struct path path;
};
void validate(struct answer *out, const struct question *question, struct report *report);
must_check bool purpose_named(enum purpose *out, const char *name, struct error *err);
