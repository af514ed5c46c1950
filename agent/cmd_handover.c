/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person decides about who owns the data: abort, give-up, takeover, reclaim. */
#include "agent/audit_note.h"
#include "agent/clock.h"
#include "agent/command.h"
#include "agent/confirm.h"
#include "agent/finish.h"
#include "agent/migration_view.h"
#include "agent/migrations.h"
#include "agent/move_command.h"
#include "agent/office_hook.h"
#include "agent/subject.h"
#include "agent/takeover.h"
#include "base/fs.h"
#include "transfer/receipt.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DECIDED_MS 10000 /* to wait for a listener that has the staging area */
#define LOOK_US 50000

/* -y, or the name typed. */
static bool confirmed(const struct subject *subject, bool yes, const char *question,
                      struct error *err)
{
    return yes ||
           confirm_typed(question, subject->facts.name, subject->handover.migration, err);
}

static int show(const struct call *call, struct subject *subject, struct error *err)
{
    return migration_list(stdout, &subject->state, subject->handover.migration, call->json,
                          err)
               ? 0
               : 2;
}

static bool decide(struct subject *subject, enum handover_event event, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    const struct handover_act act = {.event = event, .now = clock_now()};
    struct handover *handover = &subject->handover;

    return db_begin(&change, &subject->state.db, err) &&
           handover_step(handover, &subject->state.db, &act, err) &&
           audit_note_typed(&subject->state, &change, handover_event_name(event),
                            handover->migration, err,
                            "typed by the administrator: epoch %llu",
                            (unsigned long long)handover->epoch);
}

/* A move of the source that needs no peer: before it, if it may be made, its name is typed.
 */
static int decide_alone(struct call *call, enum handover_event event, const char *question,
                        struct error *err)
{
    scoped(subject_clear) struct subject subject = {0};
    const struct handover_act act = {.event = event, .now = call->now};
    const bool yes = args_flag(&call->args, "-y");
    struct handover after;
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!subject_load(&subject, call, id, err) || !subject_is(&subject, false, err) ||
        !handover_judge(&subject.handover, &act, &after, err) ||
        !confirmed(&subject, yes, question, err) || !decide(&subject, event, err))
        return 2;
    if (!office_hook_settle(&subject.state, id, call->json, err))
        return 2;
    return show(call, &subject, err);
}

static int run_give_up(struct call *call, struct error *err)
{
    return decide_alone(call, WILL_GIVE_UP,
                        "The migration ends here, without its target being asked. This "
                        "source owns the data.",
                        err);
}

static int run_reclaim(struct call *call, struct error *err)
{
    return decide_alone(call, RECLAIM,
                        "This source takes the data back. If the target is not lost, there "
                        "will be TWO OWNERS,\nand what was written at the target is lost.",
                        err);
}

/* Published and decided here, unless a listener has the staging area: then by that. */
static bool decided(struct worker *worker, const struct subject *subject,
                    struct handover *after, struct error *err)
{
    const char *id = subject->handover.migration;
    struct migration_facts facts;
    unsigned seconds = 0; /* that target-import may take */
    int64_t end;

    if (!hook_seconds(&seconds, &subject->state, err))
        return false;
    end = clock_steady_ms() + DECIDED_MS + seconds * INT64_C(1000);
    do {
        if (!authority_migration(&worker->authority, id, after, &facts, err))
            return false;
        if (after->state == TARGET_COMMITTED)
            return true;
        if (after->state == TARGET_ABORTED)
            return fail(err, E_HANDOVER_ABORTED, "%s", id);
        if (after->typed == TYPED_HELD)
            return fail(err, E_TAKEOVER_UNDONE, "%s", id);
        usleep(LOOK_US);
    } while (clock_steady_ms() < end);
    return fail(err, E_HANDOVER_IN_DOUBT, "%s is %s", id,
                handover_state_name(after->state));
}

static bool publish(struct worker *worker, const struct subject *subject,
                    const struct events *events, struct receipt *out, struct error *err)
{
    scoped(fd_close) int into =
        open(subject->facts.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct migrations migrations = {0};
    struct handover after = {0};
    bool begun;

    if (into < 0)
        return fail_errno(err, E_FILE_READ, subject->facts.directory);
    begun =
        migrations_begin(&migrations, worker, into, subject->facts.directory, events, err);
    begun = begun && decided(worker, subject, &after, err);
    migrations_end(&migrations);
    return begun &&
           authority_statement(&worker->authority, subject->handover.migration,
                               KEPT_RECEIPT, &text, err) &&
           receipt_read(out, buf_span(&text.body), err);
}

static int run_takeover(struct call *call, struct error *err)
{
    scoped(subject_clear) struct subject subject = {0};
    scoped(worker_clear) struct worker worker = {0};
    const bool alive = args_flag(&call->args, "--even-if-source-lives");
    const bool yes = args_flag(&call->args, "-y");
    const struct events events = {.json = call->json};
    const struct duty duty = {.is_target = true, .json = call->json};
    struct receipt receipt = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!subject_load(&subject, call, id, err) || !subject_is(&subject, true, err) ||
        !takeover_may(&subject.handover, alive, err) ||
        !confirmed(&subject, yes || subject.handover.state == TARGET_COMMITTED,
                   "This target takes the data without its source. If the source is not "
                   "lost, there may be TWO OWNERS.",
                   err) ||
        !takeover(&subject.handover, &subject.state, &subject.facts, alive, call->now, err))
        return 2;
    db_close(&subject.state.db);
    if (!supervisor_part(&worker, &subject.state, &duty, err) ||
        !publish(&worker, &subject, &events, &receipt, err))
        return 2;
    event_receipt(&events, &receipt);
    return 0;
}

/* Both sides in two processes, as when they speak to each other. */
static int abort_at_target(struct call *call, struct subject *subject, struct error *err)
{
    scoped(worker_clear) struct worker worker = {0};
    scoped(fd_close) int into = -1;
    const struct events events = {.json = call->json};
    const struct handover_act act = {.event = ASKED_ABORT, .now = call->now};
    struct handover after = {0};
    struct error busy = {0};

    db_close(&subject->state.db);
    if (!supervisor_part(&worker, &subject->state,
                         &(struct duty){.is_target = true, .json = call->json}, err) ||
        !authority_move(&worker.authority, subject->handover.migration, &act, &after, err))
        return 2;
    into = open(subject->facts.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* A listener that has it open removes it itself. */
    if (into >= 0 &&
        !finish_remove(&worker.authority, into, subject->handover.migration, &busy) &&
        busy.msg != E_STAGING_BUSY)
        fprintf(stderr, "pairgate: %s: %s\n", message_of(busy.msg)->id, busy.about);
    event_migration(&events, subject->handover.migration, "aborted", 0);
    return 0;
}

static int run_abort(struct call *call, struct error *err)
{
    scoped(subject_clear) struct subject subject = {0};
    scoped(move_clear) struct move move = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!subject_load(&subject, call, id, err))
        return 2;
    if (subject.is_target)
        return abort_at_target(call, &subject, err);
    if (!plan_load(&move.plan, subject.state.fd, id, err))
        return 2;
    return move_part(call, &move, &subject.state, move_abort, err);
}

const struct command commands_handover[] = {
    {"abort", "ID", "End a migration for good, at either side.", run_abort},
    {"give-up", "[-y] ID",
     "Source: end a migration without its target, before commit was asked for.",
     run_give_up},
    {"takeover", "[--even-if-source-lives] [-y] ID",
     "Target: own what was sealed although the source is lost.", run_takeover},
    {"reclaim", "[-y] ID", "Source: own the data again although the target is lost.",
     run_reclaim},
    {0},
};
