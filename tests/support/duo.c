/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/duo.h"

#include "base/mem.h"
#include "certs/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop_unless(bool good, const char *what, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s %s\n", what, message_of(err->msg)->id, err->about);
    exit(2);
}

static void talker_begin(struct talker *talker, enum side self, enum policy policy)
{
    const struct pair_setup setup = {.self = self,
                                     .own = identity_leaves(&talker->appliance.identity),
                                     .facts = &talker->facts,
                                     .trust = &talker->appliance.trust,
                                     .policy = policy};
    struct error err = {0};

    pair_clear(&talker->pair);
    stop_unless(pair_begin(&talker->pair, &setup, &err), "pair_begin", &err);
}

/* In the part of a handshake that each plays. */
static void talker_sees(struct talker *talker, const struct talker *other,
                        enum leaf_use theirs, const unsigned char *exporter)
{
    struct error err = {0};

    tls_facts_clear(&talker->facts);
    talker->facts.key = &talker->appliance.identity.key;
    stop_unless(chain_copy(&talker->facts.peer,
                           identity_chain(&other->appliance.identity, theirs), &err),
                "a chain", &err);
    memcpy(talker->facts.exporter, exporter, TLS_EXPORTER_BYTES);
}

void duo_connect(struct duo *duo, enum policy source, enum policy target)
{
    unsigned char exporter[TLS_EXPORTER_BYTES];
    struct error err = {0};

    stop_unless(random_fill(exporter, sizeof(exporter), &err), "random bytes", &err);
    talker_sees(&duo->source, &duo->target, LEAF_SERVER, exporter);
    talker_sees(&duo->target, &duo->source, LEAF_CLIENT, exporter);
    talker_begin(&duo->source, SIDE_SOURCE, source);
    talker_begin(&duo->target, SIDE_TARGET, target);
}

static void member(struct appliance *out, const struct family *family, bool split,
                   const char *name)
{
    (split ? appliance_split : appliance_make)(out, family, KEY_CHOICE_EC, name);
}

struct duo *duo_make_of(size_t rungs, bool source_split, bool target_split)
{
    struct duo *duo = mem_zeroed(1, sizeof(*duo));

    family_make(&duo->family, KEY_CHOICE_EC, rungs);
    member(&duo->source.appliance, &duo->family, source_split, "source.example.com");
    member(&duo->target.appliance, &duo->family, target_split, "target.example.com");
    duo_connect(duo, POLICY_DEFAULT, POLICY_DEFAULT);
    return duo;
}

struct duo *duo_make(size_t rungs)
{
    return duo_make_of(rungs, false, false);
}

static void talker_clear(struct talker *talker)
{
    pair_clear(&talker->pair);
    tls_facts_clear(&talker->facts);
    appliance_clear(&talker->appliance);
}

void duo_free(struct duo **duo)
{
    talker_clear(&(*duo)->source);
    talker_clear(&(*duo)->target);
    family_clear(&(*duo)->family);
    mem_free(*duo);
    *duo = NULL;
}

void talker_judges(struct talker *talker)
{
    struct error err = {0};

    stop_unless(pair_judge(&talker->pair, NOON_MS, &err), "pair_judge", &err);
}

void talker_signs(struct talker *talker)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    const struct key *key =
        identity_key(&talker->appliance.identity, leaf_use_of(talker->pair.setup.self));
    struct error err = {0};

    stop_unless(statement_sign(&signature, key, STATEMENT_VERDICT,
                               side_name(talker->pair.setup.self),
                               buf_span(&talker->pair.body), &err) &&
                    pair_sign(&talker->pair, buf_span(&signature), &err),
                "signing", &err);
}

void talker_says(struct talker *talker, struct buf *out)
{
    struct error err = {0};

    *out = buf_upto(PAIR_MESSAGE_MAX);
    if (talker->pair.phase == PAIR_SAY_VERDICT && talker->pair.body.n == 0)
        talker_judges(talker);
    if (talker->pair.phase == PAIR_SAY_VERDICT && talker->pair.signature.n == 0)
        talker_signs(talker);
    stop_unless(pair_say(&talker->pair, NOON_MS, out, &err), "pair_say", &err);
}

bool talker_hears(struct talker *talker, struct span message, struct error *err)
{
    return pair_hear(&talker->pair, NOON_MS, message, err);
}

struct talker *duo_speaker(struct duo *duo)
{
    return pair_speaks_next(&duo->source.pair) ? &duo->source : &duo->target;
}

struct talker *duo_listener(struct duo *duo)
{
    return duo_speaker(duo) == &duo->source ? &duo->target : &duo->source;
}

void duo_converse(struct duo *duo, enum pair_phase until)
{
    while (duo->source.pair.phase != until) {
        scoped(buf_clear) struct buf message = {0};
        struct error err = {0};
        struct talker *listener = duo_listener(duo);

        talker_says(duo_speaker(duo), &message);
        stop_unless(talker_hears(listener, buf_span(&message), &err), "pair_hear", &err);
        if (pair_step(&duo->source.pair) == NULL)
            return;
    }
}
