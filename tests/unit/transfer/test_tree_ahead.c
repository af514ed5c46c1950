/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_ahead.h"

#include "base/fs.h"
#include "tests/support/carry.h"
#include "tests/support/run.h"
#include "transfer/manifest_read.h"
#include "transfer/tree.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MANY 300

/* ---- with one processor, or with what the machine has ---- */

static cpu_set_t all_of_them;

static void processors_keep_one(void)
{
    cpu_set_t one;
    size_t first = 0;

    CU_ASSERT_FATAL(sched_getaffinity(0, sizeof(all_of_them), &all_of_them) == 0);
    while (!CPU_ISSET(first, &all_of_them))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    CU_ASSERT_FATAL(sched_setaffinity(0, sizeof(one), &one) == 0);
}

static void processors_take_back(void)
{
    CU_ASSERT_FATAL(sched_setaffinity(0, sizeof(all_of_them), &all_of_them) == 0);
}

static bool has_several(void)
{
    cpu_set_t ours;

    return sched_getaffinity(0, sizeof(ours), &ours) == 0 && CPU_COUNT(&ours) > 1;
}

/* ---- one directory ---- */

/* MANY files, of which each has as many bytes as its place in the order. */
#define FILES                                                                              \
    "rm -f log; mkdir d; cd d; for i in $(seq 100 399); do"                                \
    " head -c $((i - 100)) /dev/zero >$i; done; cd .."

struct bench {
    struct scratch scratch;
    int dir;
    struct names names;
    struct ahead *ahead;
};

static void bench_clear(struct bench *bench)
{
    ahead_end(&bench->ahead);
    names_clear(&bench->names);
    fd_close(&bench->dir);
    scratch_clear(&bench->scratch);
}

/* `before` is done before the names are read, `after` after that. */
static void bench_make(struct bench *out, const char *before, const char *after,
                       bool settle)
{
    struct error err = {0};

    *out = (struct bench){.dir = -1};
    scratch_make(&out->scratch);
    CU_ASSERT_FATAL(scratch_shell(&out->scratch, before));
    out->dir = openat(out->scratch.fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(names_read(&out->names, out->dir, "d", &err));
    CU_ASSERT_FATAL(scratch_shell(&out->scratch, after));
    out->ahead = ahead_begin(out->dir, out->names.at, out->names.n, settle);
    CU_ASSERT_EQUAL(out->ahead != NULL, has_several());
}

static void each_is_known_in_its_turn(void)
{
    scoped(bench_clear) struct bench b;

    bench_make(&b, FILES ";setfattr -n user.a -v 1 d/200", ":", true);
    CU_ASSERT_EQUAL(b.names.n, MANY);
    for (size_t i = 0; b.ahead != NULL && i < MANY; i++) {
        const struct glance *seen = ahead_take(b.ahead, i);

        CU_ASSERT_FATAL(seen != NULL);
        CU_ASSERT_EQUAL(seen->st.st_size, (off_t)i);
        CU_ASSERT(seen->settled);
        CU_ASSERT_EQUAL(seen->xattrs.n > 0, i == 100);
    }
}

static void what_was_not_wanted_is_not_settled(void)
{
    scoped(bench_clear) struct bench b;

    bench_make(&b, FILES, ":", false);
    for (size_t i = 0; b.ahead != NULL && i < MANY; i++) {
        const struct glance *seen = ahead_take(b.ahead, i);

        CU_ASSERT(seen != NULL && !seen->settled && seen->st.st_size == (off_t)i);
    }
}

static void what_is_gone_or_too_much_is_left_to_the_walker(void)
{
    scoped(bench_clear) struct bench b;

    bench_make(
        &b, FILES,
        "rm d/150; setfattr -n user.a -v $(head -c 3000 /dev/zero | tr '\\0' x) d/160;"
        " rm d/170; mkfifo d/170; truncate -s 1M d/180",
        true);
    for (size_t i = 0; b.ahead != NULL && i < MANY; i++) {
        const struct glance *seen = ahead_take(b.ahead, i);

        CU_ASSERT_EQUAL(seen == NULL, i == 50 || i == 70);
        if (seen != NULL)
            CU_ASSERT_EQUAL(seen->settled, i != 60 && i != 80);
    }
}

static void behind_a_directory_nothing_is_asked(void)
{
    scoped(bench_clear) struct bench b;

    bench_make(&b, FILES ";rm d/150; mkdir d/150", ":", true);
    for (size_t i = 0; b.ahead != NULL && i < 50; i++)
        CU_ASSERT_PTR_NOT_NULL(ahead_take(b.ahead, i));
    for (size_t i = 50; b.ahead != NULL && i < 64; i++)
        CU_ASSERT_PTR_NULL(ahead_take(b.ahead, i));
    /* What the other one has begun meanwhile is as far as it may go. */
    for (size_t i = 64; b.ahead != NULL && i < MANY; i++)
        CU_ASSERT(ahead_take(b.ahead, i) == NULL || i < 288);
}

static void without_another_processor_or_thread_there_is_none(void)
{
    static const char *const names[] = {"a"};
    pthread_attr_t before, endless;
    struct ahead *ahead;

    processors_keep_one();
    CU_ASSERT_PTR_NULL(ahead_begin(AT_FDCWD, names, 1, true));
    processors_take_back();
    CU_ASSERT_FATAL(pthread_getattr_default_np(&before) == 0);
    CU_ASSERT_FATAL(pthread_attr_init(&endless) == 0);
    CU_ASSERT_FATAL(pthread_attr_setstacksize(&endless, (size_t)1 << 50) == 0);
    CU_ASSERT_FATAL(pthread_setattr_default_np(&endless) == 0);
    ahead = ahead_begin(AT_FDCWD, names, 1, true);
    CU_ASSERT_PTR_NULL(ahead);
    ahead_end(&ahead);
    CU_ASSERT(pthread_setattr_default_np(&before) == 0);
    pthread_attr_destroy(&endless);
    pthread_attr_destroy(&before);
}

/* ---- a walk ---- */

/* Directories of many names, one with others between its files. */
#define TREE                                                                               \
    FILES ";mkdir e f; for i in $(seq 100 399); do : >e/$i; ln -s $i f/$i; done;"          \
          "for i in 120 200 201 380; do rm e/$i; mkdir e/$i; : >e/$i/x; done"

static void a_walk_may_end_anywhere(void)
{
    scoped(scratch_clear) struct scratch s;
    bool ahead = false;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, TREE));
    for (size_t n = 0; n < 3 * MANY; n += 37) {
        scoped(report_clear) struct report findings = {0};
        scoped(tree_clear) struct tree tree;
        struct error err = {0};
        struct entry entry;

        tree_begin(&tree, s.fd, NULL, &findings);
        for (size_t i = 0; i < n; i++)
            CU_ASSERT(tree_next(&tree, &entry, &err));
        ahead = ahead || tree.ahead != NULL;
    }
    CU_ASSERT_EQUAL(ahead, has_several());
}

static void what_vanishes_meanwhile_is_no_finding(void)
{
    scoped(report_clear) struct report findings = {0};
    scoped(scratch_clear) struct scratch s;
    scoped(tree_clear) struct tree tree;
    struct error err = {0};
    struct entry entry;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s,
                                  TREE "; cd d; rm 142 143 144 146; truncate -s 1M 142;"
                                       "ln -s a 143; mkfifo 144; mkdir 146; chmod 0 145"));
    tree_begin(&tree, s.fd, NULL, &findings);
    for (size_t i = 0; i < 40;
         i++) /* to the 38th name of MANY; more are asked for by then */
        CU_ASSERT(tree_next(&tree, &entry, &err));
    CU_ASSERT_FATAL(scratch_shell(&s, "rm -r d/* e f; rm log"));
    while (tree_next(&tree, &entry, &err))
        CU_ASSERT(entry.path.at[0] == 'd');
    CU_ASSERT_EQUAL(err.msg, E_NONE);
    CU_ASSERT_EQUAL(findings.n, 0);
}

/* ---- a listing ---- */

/* Beside TREE whatever a listing treats as something else. */
#define NASTY                                                                              \
    TREE                                                                                   \
        ";cd d; ln 110 111x; ln 350 ../e/350x; ln ../e/130 360x; mkfifo 220; rm 221;"      \
        "mkfifo 221; mknod 222x c 1 3 2>/dev/null; chmod 0 230 231; chmod 4711 232;"       \
        "setfattr -n user.a -v 1 240; setfattr -n user.b -v 2 240; setfacl -m u:1:r 241;"  \
        "setfattr -n user.a -v $(head -c 3000 /dev/zero | tr '\\0' x) 242;"                \
        "truncate -s 9M 250; printf x | dd of=250 bs=1 seek=5M conv=notrunc status=none;"  \
        "ln -s nowhere 260x; ln -s 110 261x; : >\"$(printf '27\\377\\001')\"; : >'28 \n';" \
        "touch -d '2001-02-03 04:05:06.7' 290; chmod 0 ../e/201;"                          \
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"300x\")'; cd .."

/* As somebody who may not read everything. */
static void rights_give_up(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    CU_ASSERT_FATAL(syscall(SYS_capget, &header, data) == 0);
    data[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    CU_ASSERT_FATAL(syscall(SYS_capset, &header, data) == 0);
}

static void rights_take_back(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    CU_ASSERT_FATAL(syscall(SYS_capget, &header, data) == 0);
    data[0].effective = data[0].permitted;
    CU_ASSERT_FATAL(syscall(SYS_capset, &header, data) == 0);
}

static void list(struct carry *carry, const char *work, unsigned generation,
                 struct manifest_sum *out, struct report *findings)
{
    const struct tree_wish wish = {.skip_unreadable = true};
    scoped(manifest_clear) struct manifest manifest = {0};
    scoped(fd_close) int dir = -1;
    struct scan scan = {.root = carry->from,
                        .generation = generation,
                        .kind = DIGEST_BLAKE3,
                        .wish = &wish};
    struct scanned scanned;
    struct error err = {0};

    CU_ASSERT_FATAL(fs_open_dir(&dir, carry->scratch.fd, work, &err));
    scan.work = dir;
    CU_ASSERT_FATAL(scan_tree(&scan, &scanned, findings, &err));
    CU_ASSERT_FATAL(manifest_open(&manifest, dir, generation, DIGEST_BLAKE3, &err));
    *out = manifest.sum;
}

static void compare_findings(const struct report *a, const struct report *b)
{
    CU_ASSERT_EQUAL_FATAL(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        CU_ASSERT(a->item[i].msg == b->item[i].msg &&
                  a->item[i].severity == b->item[i].severity);
        CU_ASSERT_STRING_EQUAL(a->item[i].about, b->item[i].about);
    }
}

static void two_list_what_one_lists(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, NASTY "; mkdir ../one ../two; sleep 0.05");
    rights_give_up();
    for (unsigned generation = 1; generation <= 2; generation++) {
        scoped(report_clear) struct report by_one = {0}, by_two = {0};
        struct manifest_sum one, two;

        processors_keep_one();
        list(&c, "one", generation, &one, &by_one);
        processors_take_back();
        list(&c, "two", generation, &two, &by_two);
        CU_ASSERT(digest_equal(&one.root, &two.root));
        CU_ASSERT_EQUAL(one.entries, two.entries);
        CU_ASSERT(one.entries > 3 * MANY);
        CU_ASSERT(by_one.n >= 6);
        compare_findings(&by_one, &by_two);
    }
    rights_take_back();
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_is_known_in_its_turn),
        TEST(what_was_not_wanted_is_not_settled),
        TEST(what_is_gone_or_too_much_is_left_to_the_walker),
        TEST(behind_a_directory_nothing_is_asked),
        TEST(without_another_processor_or_thread_there_is_none),
        TEST(a_walk_may_end_anywhere),
        TEST(what_vanishes_meanwhile_is_no_finding),
        TEST(two_list_what_one_lists),
    };

    return run_tests("tree_ahead", tests, COUNT(tests));
}
