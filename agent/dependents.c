/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dependents.h"

#include "base/text.h"
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/path.h"
#include "transfer/handover.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

printf_like(2, 3) static void add(struct dependents *out, const char *fmt, ...)
{
    va_list args;

    if (out->n == DEPENDENTS_MAX) {
        out->more++;
        return;
    }
    va_start(args, fmt);
    vsnprintf(out->who[out->n++], CERT_TEXT_MAX, fmt, args);
    va_end(args);
}

/* Another anchor with this very key takes over. */
static bool key_has_a_twin(int state, const struct cert *anchor, bool *twin,
                           struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};

    *twin = false;
    if (!trust_load(&trust, state, err))
        return false;
    for (size_t i = 0; i < trust.anchors.n; i++)
        *twin |= digest_equal(&trust.anchors.cert[i].spki_sha256, &anchor->spki_sha256) &&
                 !digest_equal(&trust.anchors.cert[i].sha256, &anchor->sha256);
    return true;
}

/* The chain ends in the anchor, or a path leads from its leaf to it. */
static bool reaches(const struct chain *chain, const struct cert *anchor)
{
    struct cert alone = *anchor; /* borrows its bytes */
    const struct trust trust = {.anchors = {.cert = &alone, .n = 1}, .imported = 1};
    struct path path = {0};

    if (chain->n == 0)
        return false;
    for (size_t i = 0; i < chain->n; i++)
        if (digest_equal(&chain->cert[i].spki_sha256, &anchor->spki_sha256))
            return true;
    return path_build(&path, chain_leaf(chain), chain, &trust);
}

static bool find_own(struct dependents *out, int state, const struct cert *anchor,
                     struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(chain_clear) struct chain ca = {0};
    struct error none = {0};

    if (!identity_load(&identity, state, false, err))
        return false;
    if (reaches(&identity.chain, anchor))
        add(out, "this appliance's own chain (%s)",
            cert_issued_to(chain_leaf(&identity.chain)));
    if (ca_load_chain(&ca, state, &none) && reaches(&ca, anchor))
        add(out, "the built-in CA (%s)", cert_issued_to(chain_leaf(&ca)));
    return true;
}

/* Of a migration that is decided nothing more is to come. */
bool dependents_pairings(struct dependents *out, struct state *state, time_t now,
                         struct error *err)
{
    static const enum handover_state over[] = {TARGET_COMMITTED, TARGET_ABORTED,
                                               SOURCE_HANDED_OVER, SOURCE_THAWED};
    scoped(query_end) struct query rows = {0};

    if (state->db.handle == NULL && !state_open_db(state, err))
        return false;
    if (!query_begin(&rows, &state->db,
                     "SELECT peer_name, expires FROM grants"
                     " WHERE revoked = 0 AND expires > ?1 AND migration NOT IN"
                     " (SELECT id FROM migration WHERE state IN (?2, ?3, ?4, ?5))"
                     " ORDER BY peer_name",
                     err))
        return false;
    query_int(&rows, 1, now);
    for (size_t i = 0; i < COUNT(over); i++)
        query_text(&rows, 2 + (int)i, handover_state_name(over[i]));
    while (query_next(&rows, err)) {
        char until[TIME_TEXT_MAX];

        text_show_time(until, query_get_int(&rows, 1));
        add(out, "the pairing with %.120s until %s", query_get_text(&rows, 0), until);
    }
    return err->msg == E_NONE;
}

bool dependents_find(struct dependents *out, struct state *state, const struct cert *anchor,
                     time_t now, struct error *err)
{
    bool twin = false;

    *out = (struct dependents){0};
    if (!key_has_a_twin(state->fd, anchor, &twin, err))
        return false;
    return twin || (find_own(out, state->fd, anchor, err) &&
                    dependents_pairings(out, state, now, err));
}

bool dependents_none(const struct dependents *dependents, enum msg msg, struct error *err)
{
    char text[ABOUT_MAX] = "";
    size_t used = 0;

    if (dependents->n == 0)
        return true;
    for (size_t i = 0; i < dependents->n && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i > 0 ? "; " : "", dependents->who[i]);
    if (dependents->more > 0 && used < sizeof(text))
        snprintf(text + used, sizeof(text) - used, "; and %zu more", dependents->more);
    return fail(err, msg, "%s", text);
}
