/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The passes over the tree: one while it lives, then what changed, until nothing does. */
#include "agent/clock.h"
#include "agent/move_parts.h"
#include "base/fs.h"
#include "transfer/receipt.h"
#include "transfer/scan.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static bool scan(struct run *run, unsigned generation, struct scanned *out,
                 struct error *err)
{
    scoped(report_clear) struct report findings = {0};
    const struct scan wish = {.work = run->work,
                              .root = run->root,
                              .generation = generation,
                              .kind = run->facts.kind,
                              .wish = &run->move->plan.wish};

    if (!scan_tree(&wish, out, &findings, err))
        return false;
    verdict_merge(&run->move->findings, &findings);
    if (report_errors(&findings) == 0)
        return true;
    run->move->refused = true;
    *err = *report_first_error(&findings);
    return false;
}

static bool is_unlisted(const struct error *trouble, struct error *err)
{
    if (trouble->msg != E_MANIFEST_OPEN)
        *err = *trouble;
    return trouble->msg == E_MANIFEST_OPEN;
}

/* Take up the listing of this generation, or list the tree now if there is none: the target
 * may have one that was made before, and refuses any other. */
static bool open_generation(struct run *run, struct error *err)
{
    const unsigned generation = run->handover.generation;
    struct error unlisted = {0};
    struct scanned scanned;

    send_close(&run->send);
    if (!send_open(&run->send, run->work, run->root, generation, run->facts.kind,
                   &unlisted) &&
        (!is_unlisted(&unlisted, err) || !scan(run, generation, &scanned, err) ||
         !send_open(&run->send, run->work, run->root, generation, run->facts.kind, err)))
        return false;
    run->send.streams = run->move->plan.streams;
    run->send.compress = run->move->plan.compress;
    run->send.insists = run->move->plan.basis;
    run->send.nowhere = run->move->plan.nowhere;
    run_route(run);
    run->send.route.pace = &run->pace;
    return true;
}

static bool carry_tree(struct run *run, struct error *err)
{
    bool good;

    errand_show(&run->errand, &run->send.progress);
    good = send_tree(&run->grant, &run->send, err);
    errand_show(&run->errand, NULL);
    if (atomic_load(&run->send.progress.spared) > 0)
        event_spared(&run->move->events, atomic_load(&run->send.progress.spared));
    return good;
}

/* "I have stopped writing, and this is the last generation": signed and kept. */
static bool say_frozen(struct run *run, enum handover_event event, unsigned generation,
                       struct error *err)
{
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();
    const struct key *key = identity_key(&run->move->worker->newest->identity, LEAF_CLIENT);
    struct handover named = run->handover;
    struct digest spki;

    named.generation = generation;
    key_spki_digest(&spki, key);
    return notice_make(&statement, SIGNED_FREEZE, &named, key, &spki, clock_now(), err) &&
           run_step(run, event, NULL, &statement, err);
}

static bool tell_frozen(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();

    return authority_statement(&run->move->worker->authority, run->move->plan.migration,
                               KEPT_FREEZE, &statement, err) &&
           send_freeze(&run->grant, &run->send, &statement, err);
}

/*
 * What this generation says is what the frozen tree is. If not, the next one is listed. One
 * that was listed while this run held the tree frozen needs no look at the tree.
 */
static bool is_final(struct run *run, bool listed_frozen, bool *final, struct error *err)
{
    scoped(changed_clear) struct changed_list changed = {0};
    const unsigned generation = run->handover.generation;
    struct scanned scanned = {0};

    if (!changed_read(&changed, run->work, generation, err))
        return false;
    *final = listed_frozen && changed.n == 0;
    if (*final)
        return true;
    if (!scan(run, generation + 1, &scanned, err))
        return false;
    *final = !listed_frozen && scanned.same && changed.n == 0;
    return true;
}

struct telling {
    struct run *run;
    struct error err;
    bool told;
};

static void *tell(void *at)
{
    struct telling *telling = at;

    telling->told = tell_frozen(telling->run, &telling->err);
    return NULL;
}

/* The tree is frozen, whether the target has heard it or not: while that one makes durable
 * what it has, which is work for its disk, the tree is listed again. */
static bool look_while_told(struct run *run, bool *final, struct error *err)
{
    struct telling telling = {.run = run};
    pthread_t thread;
    bool looked;

    if (pthread_create(&thread, NULL, tell, &telling) != 0)
        return tell_frozen(run, err) && is_final(run, false, final, err);
    looked = is_final(run, false, final, err);
    pthread_join(thread, NULL);
    if (looked && !telling.told)
        *err = telling.err;
    return looked && telling.told;
}

/* Told of this generation once more, the target has made it durable: from then on only the
 * next one is sent. */
static bool next_generation(struct run *run, struct error *err)
{
    if (!tell_frozen(run, err) ||
        !say_frozen(run, WILL_NEXT, run->handover.generation + 1, err) ||
        !tell_frozen(run, err) || !open_generation(run, err))
        return false;
    event_generation(&run->move->events, run->handover.generation,
                     run->send.manifest.layout.carried);
    return true;
}

/* By name, and how many more. */
static bool keeps_changing(const struct run *run, struct error *err)
{
    scoped(changed_clear) struct changed_list changed = {0};
    struct span first = {0};

    if (!changed_read(&changed, run->work, run->handover.generation, err))
        return false;
    if (changed.n > 0)
        first = changed.path[0];
    return fail(err, E_FILE_CHANGING, "%.*s, and %zu more times", (int)first.n,
                (const char *)first.at, changed.n > 0 ? changed.n - 1 : 0);
}

static bool carry_and_look(struct run *run, bool listed_frozen, bool *final,
                           struct error *err)
{
    return carry_tree(run, err) && is_final(run, listed_frozen, final, err);
}

/* `lives`: this generation was listed and carried before the tree was frozen, which the
 * target does not know yet. */
static bool frozen_passes(struct run *run, bool lives, struct error *err)
{
    for (unsigned pass = 0;; pass++) {
        bool final = false;

        if (pass == 0 && lives ? !look_while_told(run, &final, err)
                               : !carry_and_look(run, pass > 0, &final, err))
            return false;
        if (final)
            return true;
        if (pass == FROZEN_PASSES)
            return keeps_changing(run, err);
        if (!next_generation(run, err))
            return false;
    }
}

static bool open_tree(struct run *run, struct error *err)
{
    fd_close(&run->root);
    run->root = open(run->move->plan.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->root < 0)
        return fail_errno(err, E_FILE_READ, run->move->plan.tree);
    if (!run->paced)
        pace_begin(&run->pace, run->move->plan.limit);
    run->paced = true;
    return open_generation(run, err);
}

bool move_nowhere(struct run *run, struct error *err)
{
    return open_tree(run, err) && carry_tree(run, err);
}

bool move_tree(struct run *run, struct error *err)
{
    const bool lives = run->handover.state == SOURCE_SENDING;

    /* What was frozen is frozen again: the machine may have been started since. */
    if ((!lives && !run_hook(run, HOOK_SOURCE_FREEZE, err)) || !open_tree(run, err))
        return false;
    if (lives && (!carry_tree(run, err) || !run_hook(run, HOOK_SOURCE_FREEZE, err) ||
                  !say_frozen(run, WILL_FREEZE, run->handover.generation, err)))
        return false;
    return (lives || tell_frozen(run, err)) && frozen_passes(run, lives, err);
}
