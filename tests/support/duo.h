/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two appliances in conversation, in memory: no socket, the facts of a connection made up.
 * Whatever fails that should not stops the program.
 */
#pragma once

#include "pairing/pair.h"
#include "tests/support/family.h"

#define NOON_MS (INT64_C(1000) * AT_NOON)

/* One end: who it is, what it saw of the connection, its conversation. */
struct talker {
    struct appliance appliance;
    struct tls_facts facts;
    struct pair pair;
};

struct duo {
    struct family family;
    struct talker source, target;
};

/* Two appliances under one EC family of this many rungs, and their first connection. */
struct duo *duo_make(size_t rungs);
/* The same; a side that is split has two leaves. */
struct duo *duo_make_of(size_t rungs, bool source_split, bool target_split);
void duo_free(struct duo **duo);
/* Another connection: a new exporter value, and new conversations under these policies. */
void duo_connect(struct duo *duo, enum policy source, enum policy target);

/* What this end says next; judges and signs first when it is the verdict's turn. */
void talker_says(struct talker *talker, struct buf *out);
/* Judge, then sign whatever body is there now. */
void talker_judges(struct talker *talker);
void talker_signs(struct talker *talker);
bool talker_hears(struct talker *talker, struct span message, struct error *err);
/* Held until the source is in this phase; both sides hear what the other says. */
void duo_converse(struct duo *duo, enum pair_phase until);
struct talker *duo_speaker(struct duo *duo);
struct talker *duo_listener(struct duo *duo);
