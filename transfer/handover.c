/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/handover.h"

#include "base/text.h"

static const char *const state_names[HANDOVER_STATES] = {
    [TARGET_RECEIVING] = "receiving",     [TARGET_SEALED] = "sealed",
    [TARGET_COMMITTING] = "committing",   [TARGET_COMMITTED] = "committed",
    [TARGET_ABORTED] = "aborted",         [SOURCE_SENDING] = "sending",
    [SOURCE_FROZEN] = "frozen",           [SOURCE_COMMIT_ASKED] = "commit-asked",
    [SOURCE_HANDED_OVER] = "handed-over", [SOURCE_THAWED] = "thawed",
};

static const char *const event_names[HANDOVER_EVENTS] = {
    [ASKED_FREEZE] = "freeze",
    [ASKED_NEXT] = "next-generation",
    [ASKED_SEAL] = "seal",
    [ASKED_COMMIT] = "commit",
    [ASKED_COUNTERSIGN] = "countersign",
    [ASKED_ABORT] = "abort",
    [DID_PUBLISH] = "published",
    [DID_ROLL_BACK] = "rolled-back",
    [DID_HOLD] = "held",
    [TAKEOVER] = "takeover",
    [TAKEOVER_ALIVE] = "takeover-alive",
    [WILL_FREEZE] = "will-freeze",
    [WILL_NEXT] = "will-next",
    [WILL_ASK] = "will-ask",
    [GOT_RECEIPT] = "receipt",
    [GOT_ABORTED] = "aborted",
    [WILL_GIVE_UP] = "give-up",
    [WILL_COUNTERSIGN] = "will-countersign",
    [RECLAIM] = "reclaim",
};

static bool same_roots(const struct handover_terms *a, const struct handover_terms *b)
{
    return a->generation == b->generation &&
           digest_equal(&a->manifest_root, &b->manifest_root) &&
           digest_equal(&a->contents_root, &b->contents_root);
}

/* Guards: may the move be made, and what it changes beside the state. */

static bool anyhow(const struct handover_act *act, struct handover *after,
                   struct error *err)
{
    (void)act;
    (void)after;
    (void)err;
    return true;
}

static bool with_statement(const struct handover_act *act, struct handover *after,
                           struct error *err)
{
    (void)after;
    return act->statement != NULL || fail(err, E_STATEMENT_NONE, "%s without a statement",
                                          handover_event_name(act->event));
}

static bool note_freeze(const struct handover_act *act, struct handover *after,
                        struct error *err)
{
    if (!with_statement(act, after, err))
        return false;
    after->has_freeze = true;
    return true;
}

/* What was sealed, if anything, is sealed no more. */
static bool next_generation(const struct handover_act *act, struct handover *after,
                            struct error *err)
{
    if (!note_freeze(act, after, err))
        return false;
    after->generation++;
    after->has_terms = false;
    return true;
}

/* A late duplicate of a freeze that was told before. */
static bool was_frozen(const struct handover_act *act, struct handover *after,
                       struct error *err)
{
    (void)act;
    return after->has_freeze || fail(err, E_HANDOVER_MOVE, "never frozen");
}

static bool names_terms(const struct handover_act *act, const struct handover *after,
                        struct error *err)
{
    if (act->terms == NULL)
        return fail(err, E_HANDOVER_TERMS, "%s names nothing",
                    handover_event_name(act->event));
    return act->terms->generation == after->generation ||
           fail(err, E_HANDOVER_TERMS, "generation %u, not %u", act->terms->generation,
                after->generation);
}

static bool same_seal(const struct handover_act *act, struct handover *after,
                      struct error *err)
{
    if (!names_terms(act, after, err))
        return false;
    return (after->has_terms && same_roots(&after->terms, act->terms)) ||
           fail(err, E_HANDOVER_TERMS, "other roots");
}

static bool same_terms(const struct handover_act *act, struct handover *after,
                       struct error *err)
{
    if (!same_seal(act, after, err))
        return false;
    return after->terms.epoch == act->terms->epoch ||
           fail(err, E_HANDOVER_TERMS, "epoch %llu, not %llu",
                (unsigned long long)act->terms->epoch,
                (unsigned long long)after->terms.epoch);
}

/* Whatever a person has typed: the source waits for an answer from now on. */
static bool asked_for(const struct handover_act *act, struct handover *after,
                      struct error *err)
{
    after->typed = NOT_TYPED;
    return same_terms(act, after, err);
}

static bool take_terms(const struct handover_act *act, struct handover *after,
                       struct error *err)
{
    if (!names_terms(act, after, err))
        return false;
    if (act->terms->epoch != after->epoch)
        return fail(err, E_HANDOVER_TERMS, "epoch %llu, not %llu",
                    (unsigned long long)act->terms->epoch,
                    (unsigned long long)after->epoch);
    after->terms = *act->terms;
    after->has_terms = true;
    return true;
}

static bool seal_frozen(const struct handover_act *act, struct handover *after,
                        struct error *err)
{
    return was_frozen(act, after, err) && take_terms(act, after, err);
}

static bool take_sealed(const struct handover_act *act, struct handover *after,
                        struct error *err)
{
    after->typed = TYPED;
    return was_frozen(act, after, err);
}

static bool take_copy(const struct handover_act *act, struct handover *after,
                      struct error *err)
{
    after->typed = TYPED;
    return take_terms(act, after, err);
}

static bool hold(const struct handover_act *act, struct handover *after, struct error *err)
{
    (void)act;
    if (after->typed != TYPED)
        return fail(err, E_HANDOVER_IN_DOUBT, "no takeover is under way");
    after->typed = TYPED_HELD;
    return true;
}

/* What its person may do with one that is held. */
static bool held(const struct handover_act *act, struct handover *after, struct error *err)
{
    (void)act;
    return after->typed == TYPED_HELD ||
           fail(err, E_HANDOVER_IN_DOUBT, "it is committing now");
}

static bool take_again(const struct handover_act *act, struct handover *after,
                       struct error *err)
{
    if (!held(act, after, err))
        return false;
    after->typed = TYPED;
    return true;
}

/* The decision: the next epoch, and the receipt beside it. */
static bool next_epoch(const struct handover_act *act, struct handover *after,
                       struct error *err)
{
    if (!with_statement(act, after, err))
        return false;
    after->epoch = after->terms.epoch + 1;
    return true;
}

/* A receipt of an older epoch takes nothing from an owner that has reclaimed since. */
static bool newer_epoch(const struct handover_act *act, struct handover *after,
                        struct error *err)
{
    if (!with_statement(act, after, err))
        return false;
    if (act->terms == NULL || act->terms->epoch <= after->epoch)
        return fail(err, E_HANDOVER_OLDER, "epoch %llu",
                    act->terms != NULL ? (unsigned long long)act->terms->epoch : 0);
    after->epoch = act->terms->epoch;
    return true;
}

/* Past the epoch that the target has, or would have had. */
static bool reclaim_before_receipt(const struct handover_act *act, struct handover *after,
                                   struct error *err)
{
    (void)act;
    (void)err;
    after->epoch += 2;
    return true;
}

static bool reclaim_after_receipt(const struct handover_act *act, struct handover *after,
                                  struct error *err)
{
    (void)act;
    (void)err;
    after->epoch += 1;
    return true;
}

/* What is not here cannot happen. A row that stays where it is answers a repeated question
 * as the first time. */
static const struct {
    enum handover_state from;
    enum handover_event event;
    bool (*allows)(const struct handover_act *act, struct handover *after,
                   struct error *err);
    enum handover_state to;
} moves[] = {
    {TARGET_RECEIVING, ASKED_FREEZE, note_freeze, TARGET_RECEIVING},
    {TARGET_RECEIVING, ASKED_NEXT, next_generation, TARGET_RECEIVING},
    {TARGET_RECEIVING, ASKED_SEAL, seal_frozen, TARGET_SEALED},
    {TARGET_RECEIVING, ASKED_ABORT, anyhow, TARGET_ABORTED},
    {TARGET_RECEIVING, TAKEOVER_ALIVE, take_copy, TARGET_COMMITTING},

    {TARGET_SEALED, ASKED_FREEZE, was_frozen, TARGET_SEALED},
    {TARGET_SEALED, ASKED_NEXT, next_generation, TARGET_RECEIVING},
    {TARGET_SEALED, ASKED_SEAL, same_seal, TARGET_SEALED},
    {TARGET_SEALED, ASKED_COMMIT, asked_for, TARGET_COMMITTING},
    {TARGET_SEALED, ASKED_ABORT, anyhow, TARGET_ABORTED},
    {TARGET_SEALED, TAKEOVER, take_sealed, TARGET_COMMITTING},

    {TARGET_COMMITTING, ASKED_FREEZE, was_frozen, TARGET_COMMITTING},
    {TARGET_COMMITTING, ASKED_SEAL, same_seal, TARGET_COMMITTING},
    {TARGET_COMMITTING, ASKED_COMMIT, asked_for, TARGET_COMMITTING},
    {TARGET_COMMITTING, DID_PUBLISH, next_epoch, TARGET_COMMITTED},
    {TARGET_COMMITTING, DID_ROLL_BACK, anyhow, TARGET_ABORTED},
    {TARGET_COMMITTING, DID_HOLD, hold, TARGET_COMMITTING},
    {TARGET_COMMITTING, TAKEOVER, take_again, TARGET_COMMITTING},
    {TARGET_COMMITTING, ASKED_ABORT, held, TARGET_ABORTED},

    {TARGET_COMMITTED, ASKED_FREEZE, was_frozen, TARGET_COMMITTED},
    {TARGET_COMMITTED, ASKED_SEAL, same_seal, TARGET_COMMITTED},
    {TARGET_COMMITTED, ASKED_COMMIT, same_terms, TARGET_COMMITTED},
    {TARGET_COMMITTED, DID_PUBLISH, anyhow, TARGET_COMMITTED},
    {TARGET_COMMITTED, ASKED_COUNTERSIGN, with_statement, TARGET_COMMITTED},

    {TARGET_ABORTED, ASKED_ABORT, anyhow, TARGET_ABORTED},
    {TARGET_ABORTED, DID_ROLL_BACK, anyhow, TARGET_ABORTED},

    {SOURCE_SENDING, WILL_FREEZE, with_statement, SOURCE_FROZEN},
    {SOURCE_SENDING, GOT_ABORTED, with_statement, SOURCE_THAWED},
    {SOURCE_SENDING, WILL_GIVE_UP, anyhow, SOURCE_THAWED},
    {SOURCE_SENDING, GOT_RECEIPT, newer_epoch, SOURCE_HANDED_OVER}, /* a takeover's */

    {SOURCE_FROZEN, WILL_FREEZE, anyhow, SOURCE_FROZEN},
    {SOURCE_FROZEN, WILL_NEXT, next_generation, SOURCE_FROZEN},
    {SOURCE_FROZEN, WILL_ASK, take_terms, SOURCE_COMMIT_ASKED},
    {SOURCE_FROZEN, GOT_RECEIPT, newer_epoch, SOURCE_HANDED_OVER}, /* a takeover's */
    {SOURCE_FROZEN, GOT_ABORTED, with_statement, SOURCE_THAWED},
    {SOURCE_FROZEN, WILL_GIVE_UP, anyhow, SOURCE_THAWED},
    {SOURCE_FROZEN, RECLAIM, reclaim_before_receipt, SOURCE_THAWED},

    {SOURCE_COMMIT_ASKED, WILL_ASK, same_terms, SOURCE_COMMIT_ASKED},
    {SOURCE_COMMIT_ASKED, GOT_RECEIPT, newer_epoch, SOURCE_HANDED_OVER},
    {SOURCE_COMMIT_ASKED, GOT_ABORTED, with_statement, SOURCE_THAWED},
    {SOURCE_COMMIT_ASKED, RECLAIM, reclaim_before_receipt, SOURCE_THAWED},

    {SOURCE_HANDED_OVER, GOT_RECEIPT, anyhow, SOURCE_HANDED_OVER},
    {SOURCE_HANDED_OVER, WILL_COUNTERSIGN, with_statement, SOURCE_HANDED_OVER},
    {SOURCE_HANDED_OVER, RECLAIM, reclaim_after_receipt, SOURCE_THAWED},

    {SOURCE_THAWED, GOT_ABORTED, anyhow, SOURCE_THAWED},
    {SOURCE_THAWED, WILL_GIVE_UP, anyhow, SOURCE_THAWED},
    {SOURCE_THAWED, GOT_RECEIPT, newer_epoch, SOURCE_HANDED_OVER}, /* it had given up */
};

/* Why a state refuses what it has no move for. */
static enum msg refusal_of(enum handover_state state)
{
    switch (state) {
    case TARGET_ABORTED:
    case SOURCE_THAWED:
        return E_HANDOVER_ABORTED;
    case TARGET_COMMITTED:
    case SOURCE_HANDED_OVER:
        return E_HANDOVER_COMMITTED;
    case TARGET_COMMITTING:
    case SOURCE_COMMIT_ASKED:
        return E_HANDOVER_IN_DOUBT;
    case TARGET_RECEIVING:
    case TARGET_SEALED:
    case SOURCE_SENDING:
    case SOURCE_FROZEN:
        break;
    }
    return E_HANDOVER_MOVE;
}

bool handover_judge(const struct handover *before, const struct handover_act *act,
                    struct handover *after, struct error *err)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        if (moves[i].from != before->state || moves[i].event != act->event)
            continue;
        *after = *before;
        after->state = moves[i].to;
        return moves[i].allows(act, after, err);
    }
    return fail(err, refusal_of(before->state), "%s in state %s",
                handover_event_name(act->event), handover_state_name(before->state));
}

const char *handover_state_name(enum handover_state state)
{
    return state < HANDOVER_STATES ? state_names[state] : "unknown";
}

bool handover_state_named(enum handover_state *out, const char *name, bool is_target)
{
    for (enum handover_state state = 0; state < HANDOVER_STATES; state++) {
        if (handover_is_target(state) != is_target || !text_equal(state_names[state], name))
            continue;
        *out = state;
        return true;
    }
    return false;
}

const char *handover_event_name(enum handover_event event)
{
    return event < HANDOVER_EVENTS ? event_names[event] : "unknown";
}

bool handover_is_target(enum handover_state state)
{
    return state <= TARGET_ABORTED;
}

bool handover_is_over(enum handover_state state)
{
    return state == TARGET_COMMITTED || state == TARGET_ABORTED ||
           state == SOURCE_HANDED_OVER || state == SOURCE_THAWED;
}

bool handover_owns(enum handover_state state)
{
    return state == TARGET_COMMITTED || state == SOURCE_SENDING || state == SOURCE_THAWED;
}

const char *handover_owner(enum handover_state state)
{
    static const char *const owners[HANDOVER_STATES] = {
        [TARGET_RECEIVING] = "source",   [TARGET_SEALED] = "nobody",
        [TARGET_COMMITTING] = "nobody",  [TARGET_COMMITTED] = "target",
        [TARGET_ABORTED] = "source",     [SOURCE_SENDING] = "source",
        [SOURCE_FROZEN] = "nobody",      [SOURCE_COMMIT_ASKED] = "in doubt",
        [SOURCE_HANDED_OVER] = "target", [SOURCE_THAWED] = "source",
    };

    return state < HANDOVER_STATES ? owners[state] : "unknown";
}
