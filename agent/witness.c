/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/witness.h"

#include "base/text.h"

#include <stdio.h>

/* What cannot be written stops no connection, but is not kept from the operator. */
static bool recorded(struct authority *authority, const struct audit_entry *entry,
                     struct error *err)
{
    if (!authority->open || (err->msg == E_NONE && authority_audit(authority, entry, err)))
        return true;
    fprintf(stderr, "pairgate: this is not in the record (audit): %s %s: %s: %s\n",
            audit_kind_name(entry->kind), entry->event, message_of(err->msg)->id,
            err->about);
    return false;
}

static void tell(struct authority *authority, const struct audit_entry *entry,
                 const struct error *before)
{
    struct error err = *before;

    (void)!recorded(authority, entry, &err);
}

void witness_open(struct witness *out, struct authority *authority)
{
    *out = (struct witness){.authority = authority, .open = true};
    pthread_mutex_init(&out->lock, NULL);
}

static void tell_place(struct witness *witness, struct witness_place *place)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    scoped(report_clear) struct report reasons = {0};
    struct error err = {0};
    bool good;

    for (size_t i = 0; i < WITNESS_REASONS && place->reason[i].times > 0; i++) {
        struct error reason = {0};

        fail(&reason, place->reason[i].msg, "%u times", place->reason[i].times);
        report_add(&reasons, &reason);
    }
    good = audit_json_refusals(&details, place->count, place->first, place->last, &reasons,
                               &err);
    (void)good; /* tell says so */
    if (place->count > 0)
        tell(witness->authority,
             &(struct audit_entry){.kind = AUDIT_REFUSED,
                                   .event = "connections",
                                   .subject = place->host,
                                   .details = buf_span(&details)},
             &err);
    *place = (struct witness_place){0};
}

void witness_tick(struct witness *witness, time_t now)
{
    if (!witness->open)
        return;
    pthread_mutex_lock(&witness->lock);
    for (size_t i = 0; i < WITNESS_PLACES; i++)
        if (witness->place[i].first != 0 &&
            (now - witness->place[i].first >= WITNESS_SECONDS ||
             now < witness->place[i].first))
            tell_place(witness, &witness->place[i]);
    pthread_mutex_unlock(&witness->lock);
}

void witness_close(struct witness *witness)
{
    if (!witness->open)
        return;
    for (size_t i = 0; i < WITNESS_PLACES; i++)
        if (witness->place[i].first != 0)
            tell_place(witness, &witness->place[i]);
    pthread_mutex_destroy(&witness->lock);
    witness->open = false;
}

/* The place of this address; a free one; else the oldest, told before its time. */
static struct witness_place *place_of(struct witness *witness, const char *host, time_t now)
{
    struct witness_place *best = &witness->place[0];

    for (size_t i = 0; i < WITNESS_PLACES; i++) {
        struct witness_place *place = &witness->place[i];

        if (place->first != 0 && text_equal(place->host, host))
            return place;
        if (place->first < best->first)
            best = place;
    }
    if (best->first != 0)
        tell_place(witness, best);
    (void)text_fits(best->host, host);
    best->first = now;
    return best;
}

static void count(struct witness_place *place, enum msg why, time_t now)
{
    place->count++;
    place->last = now;
    for (size_t i = 0; i < WITNESS_REASONS; i++) {
        if (place->reason[i].times > 0 && place->reason[i].msg != why)
            continue;
        place->reason[i].msg = why;
        place->reason[i].times++;
        return;
    }
}

void witness_refusal(struct witness *witness, const char *host, enum msg why, time_t now)
{
    if (!witness->open)
        return;
    pthread_mutex_lock(&witness->lock);
    count(place_of(witness, host, now), why, now);
    pthread_mutex_unlock(&witness->lock);
}

static bool tell_attempt(struct authority *authority, const char *subject,
                         const struct audit_attempt *attempt, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct audit_entry entry = {.kind = AUDIT_PAIRING, .subject = subject};
    bool good = audit_json_attempt(&details, attempt, err);

    (void)good; /* recorded says so */
    entry.details = buf_span(&details);
    entry.event = "broken";
    if (attempt->pair == NULL)
        entry.event = "not-reached";
    else if (attempt->pair->phase == PAIR_AGREED)
        entry.event = "paired";
    else if (attempt->pair->phase == PAIR_REFUSED)
        entry.event = "refused";
    return recorded(authority, &entry, err);
}

/* Room for one more in full? If not it is counted with the refused. */
static bool attempt_fits(struct witness *witness, const char *host, time_t now)
{
    struct witness_place *place;
    bool fits;

    pthread_mutex_lock(&witness->lock);
    place = place_of(witness, host, now);
    fits = place->attempts < ATTEMPTS_PER_ADDRESS;
    if (fits)
        place->attempts++;
    else
        count(place, E_PAIR_REFUSED, now);
    pthread_mutex_unlock(&witness->lock);
    return fits;
}

void witness_attempt(struct witness *witness, const char *host,
                     const struct audit_attempt *attempt, time_t now)
{
    struct error told = {0};

    if (witness->open &&
        (attempt->pair->phase == PAIR_AGREED || attempt_fits(witness, host, now)))
        (void)!tell_attempt(witness->authority, host, attempt, &told);
}

bool witness_dialled(struct authority *authority, const struct audit_attempt *attempt,
                     struct error *err)
{
    return tell_attempt(authority, attempt->address, attempt, err);
}

void witness_listener(struct witness *witness, const char *event, const char *address,
                      const char *into)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    const struct audit_fact facts[] = {{"into", into, 0}};
    struct error err = {0};
    bool good = audit_json_facts(&details, facts, COUNT(facts), &err);

    (void)good;
    tell(witness->authority,
         &(struct audit_entry){.kind = AUDIT_LISTENER,
                               .event = event,
                               .subject = address,
                               .details = buf_span(&details)},
         &err);
}
