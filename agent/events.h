/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens, one line each on standard output: text for people, JSON for machines. Any
 * thread may tell an event; lines never mix.
 */
#pragma once

#include "agent/sandbox.h"
#include "base/error.h"
#include "base/span.h"
#include "pairing/grant.h"
#include "transfer/handover.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct credentials;
struct receipt;

struct events {
    bool json;
};

void event_listening(const struct events *events, const char *address, const char *into,
                     const struct sandbox *sandbox);
/* The management API can be called there. */
void event_managing(const struct events *events, const char *address);
/* Identity, anchors or revocation lists have changed and count from this connection on. */
void event_credentials(const struct events *events, const struct credentials *own);
/* A peer that was sent away; `peer` is its leaf's name, or empty. */
void event_refused(const struct events *events, const char *address, const char *peer,
                   const struct report *findings);
void event_paired(const struct events *events, const char *address, const char *peer);
/* A pairing waits for the target's operator, who compares the code; on both sides. */
void event_waiting(const struct events *events, const char *address, const char *peer,
                   const char *code);
void event_granted(const struct events *events, const struct grant *grant);
/* A migration's state and how much of it is here. */
void event_migration(const struct events *events, const char *migration, const char *state,
                     uint64_t bytes);
/* Source: while segments travel. So many bytes are on their way or there, of which the
 * target has accepted some. */
void event_progress(const struct events *events, uint64_t bytes, uint64_t accepted,
                    uint64_t total, double rate);
/* Source: the other side cannot be heard; it is tried again until then. */
void event_trouble(const struct events *events, const struct error *why, time_t until);
/* Source: it answers again. */
void event_recovered(const struct events *events);
/* The drawn-over line, if one was drawn, is finished. */
void event_progress_end(const struct events *events);
/* Source: a state that is on disk. */
void event_state(const struct events *events, enum handover_state state);
/* Source: what changed until it was frozen, `bytes` of it, comes as this generation. */
void event_generation(const struct events *events, unsigned generation, uint64_t bytes);
/* A hook has ended: `how` NULL when it succeeded, else with the end of what it said. */
void event_hook(const struct events *events, const char *migration, const char *hook,
                const char *how, struct span said);
/* Source: so much of a pass was not sent, because the target had it. */
void event_spared(const struct events *events, uint64_t bytes);
/* Source: what of the tree stays behind, and why. */
void event_left_behind(const struct events *events, const struct report *findings);
/* What both sides let pass with a warning, before a byte moves; nothing when there is none.
 */
void event_warned(const struct events *events, const struct report *findings);
/* The line that ends a migration. */
void event_receipt(const struct events *events, const struct receipt *receipt);
