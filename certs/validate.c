/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/validate.h"

#include "base/text.h"
#include "certs/judging_path.h"

/* The best way so far: with the fewest errors. */
struct best {
    bool found;
    struct path path;
    struct report report;
};

static void best_clear(struct best *best)
{
    report_clear(&best->report);
}

static void keep_better(struct best *best, const struct path *path, struct report *report)
{
    if (best->found && report_errors(&best->report) <= report_errors(report)) {
        report_clear(report);
        return;
    }
    report_clear(&best->report);
    *best = (struct best){.found = true, .path = *path, .report = *report};
    *report = (struct report){0};
}

/* A certificate that is itself trusted needs no issuer. */
static bool try_leaf_alone(struct best *best, const struct question *question)
{
    const struct path alone = {.n = 1, .cert = {question->leaf}};

    for (size_t i = 0; i < question->anchors->n; i++) {
        struct report report = {0};

        if (!digest_equal(&question->anchors->cert[i].sha256, &question->leaf->sha256))
            continue;
        judge_path(&report, &alone, question);
        keep_better(best, &alone, &report);
        return report_errors(&best->report) == 0;
    }
    return false;
}

/* Judge ways of one kind until one is good; true when one was. */
static bool try_ways(struct best *best, struct path_walk *walk, enum path_links links,
                     const struct question *question)
{
    struct path path = {0};

    path_walk_again(walk, links);
    for (unsigned i = 0; i < VALIDATE_PATHS_MAX; i++) {
        struct report report = {0};

        if (!path_walk_next(&path, walk))
            return false;
        judge_path(&report, &path, question);
        keep_better(best, &path, &report);
        if (report_errors(&best->report) == 0)
            return true;
    }
    walk->given_up = true;
    return false;
}

static void tell_no_way(struct report *out, const struct path_walk *walk)
{
    const struct cert *top = walk->furthest.cert[walk->furthest.n - 1];
    struct error finding = {0};

    fail_at(&finding, E_PATH_NONE, walk->furthest.n - 1, "%s was issued by %s, which %s",
            cert_issued_to(top), top->issuer_text,
            cert_is_self_issued(top) ? "is no anchor" : "is not there");
    report_add(out, &finding);
}

static void tell_limits(struct report *out, const struct path_walk *walk)
{
    struct error finding = {0};

    if (!walk->given_up && report_errors(out) > 0)
        return;
    fail(&finding, E_PATH_GIVEN_UP, "%u signatures and %u steps", walk->tries, walk->steps);
    report_add(out, &finding);
}

static void add_all(struct report *out, const struct report *from)
{
    for (size_t i = 0; i < from->n; i++)
        report_add(out, &from->item[i]);
}

void validate(struct answer *out, const struct question *question, struct report *report)
{
    static const enum path_links kinds[] = {LINKS_FIT, LINKS_SIGNED, LINKS_NAMED};
    scoped(path_walk_clear) struct path_walk walk = {0};
    scoped(best_clear) struct best best = {0};

    *out = (struct answer){0};
    path_walk_begin(&walk, question->leaf, question->untrusted, question->anchors);
    out->valid = try_leaf_alone(&best, question);
    /* The weaker kinds only to find out what is wrong: none of their ways is good. */
    for (size_t i = 0; i < COUNT(kinds) && !best.found; i++)
        out->valid = try_ways(&best, &walk, kinds[i], question) && kinds[i] == LINKS_FIT;
    out->reached = best.found;
    out->path = best.found ? best.path : walk.furthest;
    if (!best.found) {
        judge_branch(report, &walk.furthest, question);
        tell_no_way(report, &walk);
    }
    add_all(report, &best.report);
    if (!out->valid)
        tell_limits(report, &walk);
}

bool purpose_named(enum purpose *out, const char *name, struct error *err)
{
    *out = text_equal(name, "server")   ? PURPOSE_SERVER
           : text_equal(name, "client") ? PURPOSE_CLIENT
                                        : PURPOSE_ANY;
    return *out != PURPOSE_ANY || fail(err, E_PURPOSE_NAME, "'%s'", name);
}
