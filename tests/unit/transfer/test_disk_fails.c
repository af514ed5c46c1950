/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call to the disk fails, each in its turn, at the source and at the target: what is
 * there is told or the same, and done again it is whole. FAULTS=all: at every call, else at
 * some. */
#include "base/fs.h"
#include "tests/support/carry.h"
#include "tests/support/faulty/faulty.h"
#include "tests/support/run.h"
#include "transfer/marks.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TREE                                                                               \
    "mkdir d d/e; echo a >a; ln a d/hard; ln -s a link; chmod 640 a;"                      \
    "head -c 3000000 /dev/urandom >big; truncate -s 1M hole; echo x >>hole;"               \
    "for i in 1 2 3 4 5; do echo $i >d/e/$i; done; chmod 500 d/e;"                         \
    "setfattr -n user.note -v y a || true"

/* One in so many calls is tried. */
static unsigned long step(void)
{
    const char *faults = getenv("FAULTS");

    return faults != NULL && strcmp(faults, "all") == 0 ? 1 : 7;
}

/* False, and told, when this does not hold after that call failed. */
static void holds(bool good, const char *what, const struct error *err)
{
    if (!good)
        fprintf(stderr, "call %lu, %s: %s: %s %s\n", fault_calls(), fault_name(), what,
                message_of(err->msg)->id, err->about);
    CU_ASSERT(good);
}

static bool shell(const struct carry *carry, const char *command)
{
    return scratch_shell(&carry->scratch, command);
}

/* ---- the source's list ---- */

static bool lists(struct carry *carry, struct digest *root, struct report *findings,
                  struct error *err)
{
    const struct scan scan = {
        .work = carry->work, .root = carry->from, .generation = 1, .kind = DIGEST_BLAKE3};
    scoped(manifest_clear) struct manifest manifest = {0};
    struct scanned scanned = {0};

    if (!scan_tree(&scan, &scanned, findings, err) ||
        !manifest_open(&manifest, carry->work, 1, DIGEST_BLAKE3, err))
        return false;
    *root = manifest.sum.root;
    return true;
}

static void lists_at(struct carry *carry, unsigned long n, const struct digest *whole)
{
    scoped(report_clear) struct report findings = {0}, none = {0};
    struct digest root = {0};
    struct error err = {0};
    bool listed;

    CU_ASSERT_FATAL(shell(carry, "rm -rf work/*"));
    fault_at(n);
    listed = lists(carry, &root, &findings, &err);
    if (!fault_over())
        return;
    if (listed)
        holds(findings.n > 0 || digest_equal(&root, whole), "a shorter list", &err);
    else
        holds(err.msg != E_NONE, "no reason", &err);
    err = (struct error){0};
    CU_ASSERT_FATAL(shell(carry, "rm -rf work/*"));
    holds(lists(carry, &root, &none, &err) && digest_equal(&root, whole), "again", &err);
}

static void what_is_not_listed_is_told(void)
{
    scoped(carry_clear) struct carry carry;
    scoped(report_clear) struct report findings = {0};
    struct digest whole = {0};
    unsigned long calls;
    struct error err = {0};

    carry_make(&carry, TREE);
    fault_at(0);
    CU_ASSERT_FATAL(lists(&carry, &whole, &findings, &err));
    (void)fault_over();
    calls = fault_calls();
    printf("  the list: %lu calls\n", calls);
    for (unsigned long n = 1; n <= calls; n += step())
        lists_at(&carry, n, &whole);
}

/* Pages of a list that was never ended lie where the next one begins. */
static void nothing_is_left_of_the_list_before(void)
{
    scoped(carry_clear) struct carry carry;
    unsigned long calls = 0;

    carry_make(&carry, "echo a >a");
    for (unsigned long n = 0; n <= calls; n++) {
        scoped(report_clear) struct report findings = {0};
        struct digest root = {0};
        struct error err = {0};
        bool listed;

        CU_ASSERT_FATAL(shell(&carry, "rm -rf work/*; for i in 0 1 2; do"
                                      " echo >work/manifest-1.00000$i; done"));
        fault_at(n);
        listed = lists(&carry, &root, &findings, &err);
        CU_ASSERT_EQUAL(fault_over(), n > 0);
        calls = n > 0 ? calls : fault_calls();
        holds(err.msg != E_MANIFEST_BAD || findings.n > 0, "a page is left", &err);
        if (listed)
            holds(shell(&carry, "test ! -e work/manifest-1.000001"), "a page is left",
                  &err);
    }
}

/* ---- the target ---- */

static bool brings_pages(struct carry *carry, struct error *err)
{
    scoped(buf_clear) struct buf page = buf_upto(PAGE_BYTES_MAX);
    struct receive_status status = {0};

    receive_status(&carry->receive, &status);
    for (uint64_t n = status.pages; n < carry->manifest.n; n++)
        if (!manifest_read_page(&page, &carry->manifest, n, err) ||
            !receive_page(&carry->receive, n, buf_span(&page),
                          &carry->manifest.page[n].digest, err))
            return false;
    return receive_manifest(&carry->receive, &carry->manifest.sum, err);
}

static bool brings_segments(struct carry *carry, struct error *err)
{
    scoped(ranges_clear) struct ranges ranges = {0};
    scoped(batch_clear) struct batch batch = {0};

    if (!receive_missing(&carry->receive, 0, &ranges, err))
        return false;
    for (size_t i = 0; i < ranges.n; i++)
        for (uint64_t n = ranges.item[i].first; n <= ranges.item[i].last; n++)
            if (!carry_segment(carry, n, err))
                return false;
    if (!receive_flush(&carry->receive, &batch, err))
        return false;
    receive_mark_durable(&carry->receive, &batch);
    return true;
}

/* All of it, from what is there on. */
static bool arrives(struct carry *carry, struct error *err)
{
    struct digest manifest_root = {0}, contents = {0};

    return carry_open(carry, err) &&
           (carry->receive.published ||
            (brings_pages(carry, err) && brings_segments(carry, err) &&
             receive_roots(&carry->receive, &manifest_root, &contents, err) &&
             receive_seal(&carry->receive, &manifest_root, &contents, &carry->findings,
                          err) &&
             receive_publish(&carry->receive, err)));
}

/* A deed at the target, which begins from what `before` made. */
struct deed {
    const char *name;
    const char *before; /* shell, in the scratch directory */
    bool (*first)(struct carry *carry, struct error *err);
    bool (*deed)(struct carry *carry, struct error *err);
    bool (*again)(struct carry *carry, struct error *err);
    const char *always; /* holds after the call failed; shell */
    const char *whole;  /* and after the deed was done again */
};

#define SAME(one, other)                                                                   \
    "rsync -aHAXSni --checksum --delete " one "/ " other "/ >differs && test ! -s differs"
/* Before its root has the mode and the time that it should. */
#define SAME_INSIDE(one)                                                                   \
    "test -d into/tree && rsync -rlHni --checksum --delete " one "/ into/tree/ >differs"   \
    " && test ! -s differs"
#define ONE_OF_BOTH "{ " SAME_INSIDE("old") "; } || { " SAME_INSIDE("from") "; }"
#define STAGED "into/.pairgate/m-test/tree"

static bool withdraws(struct carry *carry, struct error *err)
{
    return carry_open(carry, err) && receive_withdraw(&carry->receive, err);
}

/* As after a crash between the rename and the decision. */
static bool publishes(struct carry *carry, struct error *err)
{
    return carry_open(carry, err) && receive_publish(&carry->receive, err);
}

static bool ends(struct carry *carry, struct error *err)
{
    return carry_open(carry, err) && receive_discard(&carry->receive, false, err);
}

static bool sweeps(struct carry *carry, struct error *err)
{
    const struct receive_place place = {
        .into = carry->into, .migration = "m-test", .generation = carry->generation};

    return receive_sweep(&place, err);
}

static const struct deed deeds[] = {
    {"arrives", "true", NULL, arrives, arrives, "true", SAME("from", "into/tree")},
    {"publishes again", "true", arrives, publishes, publishes,
     "test -e into/tree -o -e " STAGED, SAME("from", "into/tree")},
    {"withdraws", "true", arrives, withdraws, withdraws, "test -e into/tree -o -e " STAGED,
     "test ! -e into/tree && chmod 755 " STAGED " && " SAME("from", STAGED)},
    {"replaces", "cp -a old into/tree", NULL, arrives, arrives, ONE_OF_BOTH,
     SAME("from", "into/tree")},
    {"brings the older back", "cp -a old into/tree", arrives, withdraws, withdraws,
     ONE_OF_BOTH, SAME("old", "into/tree")},
    {"ends", "cp -a old into/tree", arrives, ends, sweeps, SAME("from", "into/tree"),
     SAME("from", "into/tree")},
};

/* Afresh, up to where the deed begins. */
static void begin(struct carry *carry, const struct deed *deed)
{
    struct error err = {0};
    char command[256];

    snprintf(command, sizeof(command),
             "chmod -R u+rwX into; find into -mindepth 1 -delete; %s", deed->before);
    CU_ASSERT_FATAL(shell(carry, command));
    report_clear(&carry->findings);
    carry->replaces = true;
    if (deed->first != NULL) {
        holds(deed->first(carry, &err), "what was before", &err);
        receive_close(&carry->receive);
    }
}

static void fails_at(struct carry *carry, const struct deed *deed, unsigned long n)
{
    struct error err = {0}, again = {0};
    bool done, failed;

    begin(carry, deed);
    fault_at(n);
    done = deed->deed(carry, &err);
    failed = fault_over();
    receive_close(&carry->receive);
    if (!failed)
        return;
    holds(done || err.msg != E_NONE, "no reason", &err);
    holds(err.msg != E_STAGING_BAD && err.msg != E_DESTINATION_EXISTS,
          "a failed look is taken for what somebody did", &err);
    holds(shell(carry, deed->always), deed->name, &err);
    if (!done) {
        report_clear(&carry->findings);
        holds(deed->again(carry, &again), "again", &again);
        receive_close(&carry->receive);
    }
    holds(shell(carry, deed->whole), "not whole", &err);
}

static void fails_everywhere(struct carry *carry, const struct deed *deed,
                             unsigned long each)
{
    unsigned long calls;
    struct error err = {0};

    begin(carry, deed);
    fault_at(0);
    holds(deed->deed(carry, &err), deed->name, &err);
    (void)fault_over();
    receive_close(&carry->receive);
    CU_ASSERT(shell(carry, deed->whole));
    calls = fault_calls();
    printf("  %s: %lu calls\n", deed->name, calls);
    for (unsigned long n = 1; n <= calls; n += each)
        fails_at(carry, deed, n);
}

static void what_fails_at_the_target_is_made_good(void)
{
    scoped(carry_clear) struct carry carry;

    carry_make(&carry, TREE);
    CU_ASSERT_FATAL(shell(&carry, "mkdir old && echo before >old/a && chmod 750 old"));
    carry_list(&carry);
    for (size_t i = 0; i < COUNT(deeds); i++)
        fails_everywhere(&carry, &deeds[i], step());
}

/* What is referred to is moved from the generation before. */
static void what_fails_between_generations_is_made_good(void)
{
    static const struct deed arrives_again = {
        "arrives again", "cp -a second/. into",    NULL, arrives, arrives,
        "true",          SAME("from", "into/tree")};
    scoped(carry_clear) struct carry carry;
    struct error err = {0};

    carry_make(&carry, "echo a >a; mkdir d; echo b >d/b; echo c >c; touch -d @5 a d/b");
    carry_list(&carry);
    CU_ASSERT_FATAL(carry_open(&carry, &err));
    carry_pages(&carry);
    carry_missing(&carry);
    carry_next(&carry, "echo d >from/c");
    receive_close(&carry.receive);
    CU_ASSERT_FATAL(shell(&carry, "cp -a into second"));
    fails_everywhere(&carry, &arrives_again, 1);
}

static bool opens(struct carry *carry, struct error *err)
{
    return carry_open(carry, err);
}

/* Whoever opens the staging area later knows that what is there may be replaced. */
static void permission_to_replace_is_kept(void)
{
    static const struct deed may_replace = {"may replace",
                                            "cp -a old into/tree",
                                            NULL,
                                            opens,
                                            opens,
                                            ONE_OF_BOTH,
                                            "test -e into/.pairgate/m-test/replaces"};
    scoped(carry_clear) struct carry carry;

    carry_make(&carry, "echo a >a");
    CU_ASSERT_FATAL(shell(&carry, "mkdir old && echo before >old/a"));
    carry_list(&carry);
    fails_everywhere(&carry, &may_replace, 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_not_listed_is_told),
        TEST(nothing_is_left_of_the_list_before),
        TEST(what_fails_at_the_target_is_made_good),
        TEST(what_fails_between_generations_is_made_good),
        TEST(permission_to_replace_is_kept),
    };

    return run_tests("disk_fails", tests, COUNT(tests));
}
