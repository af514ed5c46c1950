/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all commands that change the identity have in common: --confirm-within, --apply, and
 * what is told afterwards.
 */
#pragma once

#include "agent/command.h"
#include "agent/services.h"

#define CHANGE_OPTIONS "[--confirm-within D] [--apply]"

struct change_wish {
    bool apply;      /* run the hook for the services */
    time_t now;      /* call->now */
    time_t deadline; /* 0, or call->now and --confirm-within */
    bool has_before; /* set by changes_prepare, unless the identity in use is damaged: */
    struct change_keys {
        struct digest server, client; /* SHA-256 of the SubjectPublicKeyInfo of each leaf */
    } before;
};
must_check bool changes_read(struct change_wish *out, struct call *call, struct error *err);
/* Before anything changes: a hook that is asked for is there, the keys in use are noted. */
must_check bool changes_prepare(struct change_wish *wish, const struct state *state,
                                struct error *err);

/* What follows from the identity now in use. */
struct change_facts {
    struct identity_rollback rollback;
    struct services services;
    struct report warnings; /* of what the change has brought */
};
/* `wish` NULL: nothing was changed. Warnings name the live pairings when a key has changed,
 * since a grant is for the key, and an identity that no pairing is possible with. Release
 * with changes_clear. */
must_check bool changes_facts(struct change_facts *out, const struct change_wish *wish,
                              struct state *state, const struct identity *identity,
                              struct error *err);
void changes_clear(struct change_facts *facts);
/* The services in order, the deadline; then, when asked for, the hook. `json`: nothing is
 * printed, the facts have gone into the object. Otherwise the warnings go to standard
 * error. */
must_check bool changes_finish(const struct change_facts *facts,
                               const struct change_wish *wish, struct state *state,
                               bool json, struct error *err);
void changes_print_services(const struct services *services);
