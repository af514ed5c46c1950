/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/takeover.h"

#include "agent/audit_note.h"
#include "base/fs.h"
#include "transfer/receive.h"

#include <fcntl.h>

/* What the journal says is here, and what was received since is made durable. */
static bool take_up(struct receive *receive, struct db *db, const struct handover *handover,
                    struct error *err)
{
    uint64_t from = 0;

    for (;;) {
        scoped(batch_clear) struct batch batch = {0};

        if (!journal_load(&batch, db, handover->migration, handover->generation, from, err))
            return false;
        if (batch.n == 0)
            break;
        if (!receive_restore(receive, &batch, err))
            return false;
        from = batch.item[batch.n - 1].segment + 1;
    }
    for (;;) {
        scoped(batch_clear) struct batch batch = {0};

        if (!receive_flush(receive, &batch, err))
            return false;
        if (batch.n == 0)
            return true;
        if (!journal_record(db, handover->migration, &batch, err))
            return false;
        receive_mark_durable(receive, &batch);
    }
}

static bool seal_alone(struct handover_terms *terms, struct receive *receive,
                       struct error *err)
{
    scoped(report_clear) struct report findings = {0};

    return receive_roots(receive, &terms->manifest_root, &terms->contents_root, err) &&
           receive_seal(receive, &terms->manifest_root, &terms->contents_root, &findings,
                        err);
}

static bool seal_copy(struct handover_terms *terms, struct db *db,
                      const struct handover *handover, const struct receive_place *place,
                      struct error *err)
{
    scoped(receive_close) struct receive receive = {0};

    *terms = (struct handover_terms){.generation = handover->generation,
                                     .epoch = handover->epoch};
    return receive_open(&receive, place, err) && take_up(&receive, db, handover, err) &&
           seal_alone(terms, &receive, err);
}

bool takeover_may(const struct handover *handover, bool alive, struct error *err)
{
    if (handover->state == TARGET_ABORTED)
        return fail(err, E_HANDOVER_ABORTED, "%s", handover->migration);
    return handover->state != TARGET_RECEIVING || alive ||
           fail(err, E_TAKEOVER_LIVES, "%s", handover->migration);
}

/* What is not sealed yet is sealed, and may be published. */
static bool prepare(struct handover_act *act, struct handover_terms *terms, struct db *db,
                    const struct handover *handover, const struct migration_facts *facts,
                    struct error *err)
{
    scoped(fd_close) int into = open(facts->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct receive_place place = {.into = into,
                                        .migration = handover->migration,
                                        .name = facts->name,
                                        .generation = handover->generation,
                                        .kind = facts->kind,
                                        .byte_ceiling = INT64_MAX};

    if (into < 0)
        return fail_errno(err, E_FILE_READ, facts->directory);
    if (handover->state == TARGET_RECEIVING) {
        act->event = TAKEOVER_ALIVE;
        act->terms = terms;
        return seal_copy(terms, db, handover, &place, err);
    }
    return receive_may_publish(&place, err);
}

bool takeover(struct handover *handover, struct state *state,
              const struct migration_facts *facts, bool alive, int64_t now,
              struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct handover_terms terms;
    struct handover_act act = {.event = TAKEOVER, .now = now};

    if ((handover->state == TARGET_COMMITTING && handover->typed != TYPED_HELD) ||
        handover->state == TARGET_COMMITTED)
        return true;
    return takeover_may(handover, alive, err) &&
           prepare(&act, &terms, &state->db, handover, facts, err) &&
           db_begin(&change, &state->db, err) &&
           handover_step(handover, &state->db, &act, err) &&
           audit_note_typed(state, &change, "takeover", handover->migration, err,
                            "typed by the administrator%s",
                            alive ? ", even if the source lives" : "");
}
