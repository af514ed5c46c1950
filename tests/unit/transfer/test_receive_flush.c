/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"
#include "tests/support/run.h"
#include "transfer/offer.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The library's calls come here: a disk that cannot sync. */
static bool disk_fails;
static struct receive *flushed_meanwhile; /* once, while a file is being settled */
static unsigned settled;

int syncfs(int fd)
{
    if (!disk_fails)
        return (int)syscall(SYS_syncfs, fd);
    errno = EIO;
    return -1;
}

static void fail_to_flush(struct receive *receive)
{
    scoped(batch_clear) struct batch batch = {0};
    struct error err = {0};

    disk_fails = true;
    CU_ASSERT_FALSE(receive_flush(receive, &batch, &err));
    CU_ASSERT_EQUAL(batch.n, 0);
    disk_fails = false;
}

int futimens(int fd, const struct timespec times[2])
{
    struct receive *receive = flushed_meanwhile;

    flushed_meanwhile = NULL;
    settled++;
    if (receive != NULL)
        fail_to_flush(receive);
    return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

static void begin(struct carry *c)
{
    struct error err = {0};

    carry_make(c, "head -c 12000000 /dev/urandom >big; printf x >small");
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
}

/* The machine was restarted: the marks are of another boot. */
static void restart_machine(struct carry *c)
{
    receive_close(&c->receive);
    CU_ASSERT_FATAL(scratch_shell(&c->scratch,
                                  "printf 00000000-0000-0000-0000-000000000000 |"
                                  " dd of=into/.pairgate/m-test/marks-1 conv=notrunc"));
    carry_drop(c);
}

static struct receive_status status_of(struct carry *c)
{
    struct receive_status status;

    receive_status(&c->receive, &status);
    return status;
}

static void what_is_flushed_is_durable_once_journaled(void)
{
    scoped(carry_clear) struct carry c;
    scoped(batch_clear) struct batch batch = {0};
    scoped(batch_clear) struct batch empty = {0};
    struct error err = {0};

    begin(&c);
    CU_ASSERT(carry_segment(&c, 0, &err) && carry_segment(&c, 2, &err));
    CU_ASSERT(status_of(&c).unflushed > 0);
    CU_ASSERT_FATAL(receive_flush(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(batch.generation, 1);
    CU_ASSERT_EQUAL_FATAL(batch.n, 2);
    CU_ASSERT(batch.item[0].segment == 0 && batch.item[1].segment == 2);
    CU_ASSERT(digest_equal(&batch.item[1].digest, &c.segment.digest));
    CU_ASSERT_EQUAL(status_of(&c).unflushed, 0);
    CU_ASSERT_EQUAL(status_of(&c).durable, 0);
    receive_mark_durable(&c.receive, &batch);
    CU_ASSERT_EQUAL(status_of(&c).durable, 2);
    CU_ASSERT(receive_flush(&c.receive, &empty, &err));
    CU_ASSERT_EQUAL(empty.n, 0);
}

static void a_killed_process_keeps_what_it_received(void)
{
    scoped(carry_clear) struct carry c;
    scoped(batch_clear) struct batch batch = {0};
    struct error err = {0};

    begin(&c);
    CU_ASSERT(carry_segment(&c, 1, &err));
    CU_ASSERT_FATAL(receive_flush(&c.receive, &batch, &err));
    carry_drop(&c);
    CU_ASSERT_EQUAL(status_of(&c).received, 1);
    CU_ASSERT(receive_restore(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(status_of(&c).durable, 1);
    CU_ASSERT_EQUAL(c.receive.read_back, 0);
}

static void after_a_restart_only_the_journal_counts(void)
{
    scoped(carry_clear) struct carry c;
    scoped(batch_clear) struct batch batch = {0};
    struct error err = {0};

    begin(&c);
    CU_ASSERT(carry_segment(&c, 0, &err));
    CU_ASSERT_FATAL(receive_flush(&c.receive, &batch, &err));
    CU_ASSERT(carry_segment(&c, 1, &err));
    restart_machine(&c);
    CU_ASSERT_EQUAL(status_of(&c).received, 0);
    CU_ASSERT(receive_restore(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(status_of(&c).received, 1);
    CU_ASSERT_EQUAL(status_of(&c).durable, 1);
    CU_ASSERT_EQUAL(c.receive.read_back, 1);
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void what_does_not_read_back_is_sent_again(void)
{
    scoped(carry_clear) struct carry c;
    scoped(batch_clear) struct batch batch = {0};
    struct error err = {0};

    begin(&c);
    CU_ASSERT(carry_segment(&c, 0, &err) && carry_segment(&c, 1, &err));
    CU_ASSERT_FATAL(receive_flush(&c.receive, &batch, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "printf spoilt | dd conv=notrunc bs=1 seek=5000000"
                                        " of=into/.pairgate/m-test/tree/big"));
    restart_machine(&c);
    CU_ASSERT(receive_restore(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(status_of(&c).durable, 1);
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

/* Durable ones stay; all others are missing, however many a batch takes. */
static void after_a_failed_sync_only_what_was_durable_counts(void)
{
    scoped(carry_clear) struct carry c;
    scoped(batch_clear) struct batch batch = {0};
    struct error err = {0};

    begin(&c);
    CU_ASSERT(carry_segment(&c, 0, &err));
    CU_ASSERT_FATAL(receive_flush(&c.receive, &batch, &err));
    receive_mark_durable(&c.receive, &batch);
    CU_ASSERT(carry_segment(&c, 1, &err) && carry_segment(&c, 2, &err));
    fail_to_flush(&c.receive);
    CU_ASSERT_EQUAL(status_of(&c).received, 1);
    CU_ASSERT_EQUAL(status_of(&c).durable, 1);
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static struct timespec changed(const struct carry *c)
{
    struct stat st = {0};

    CU_ASSERT_FATAL(fstatat(c->into, ".pairgate/m-test/tree/small", &st, 0) == 0);
    return st.st_ctim;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* It was being written when the sync failed: written again, and noted only then. */
static void what_was_under_way_is_written_again(void)
{
    scoped(carry_clear) struct carry c;
    unsigned before;
    struct error err = {0};

    begin(&c);
    before = c.receive.syncs_failed;
    CU_ASSERT(carry_segment(&c, 0, &err)); /* so that there is something to flush */
    flushed_meanwhile = &c.receive;
    settled = 0;
    CU_ASSERT(carry_segment(&c, 2, &err)); /* the small file is in it, whole */
    CU_ASSERT_EQUAL(settled, 2);
    CU_ASSERT_EQUAL(c.receive.syncs_failed, before + 1);
    CU_ASSERT_EQUAL(status_of(&c).received, 1);
}

/* Offered, and in place as far as the cache says. */
static void what_is_in_place_after_a_failed_sync_is_written_again(void)
{
    for (int restarted = 0; restarted < 2; restarted++) {
        scoped(carry_clear) struct carry c;
        scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
        struct ranges wanted = {0};
        struct timespec then;
        struct error err = {0};

        begin(&c);
        CU_ASSERT_FATAL(carry_segment(&c, 2, &err));
        fail_to_flush(&c.receive);
        if (restarted)
            carry_drop(&c);
        then = changed(&c);
        CU_ASSERT_FATAL(scratch_shell(&c.scratch, "sleep 0.05"));
        CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 2, &err));
        CU_ASSERT_FATAL(offer_write(&sheet, &c.segment, &c.manifest, &err));
        CU_ASSERT_FATAL(receive_offer(&c.receive, 2, buf_span(&sheet.body), &wanted, &err));
        CU_ASSERT_EQUAL(wanted.n, 0);
        ranges_clear(&wanted);
        CU_ASSERT(is_later(changed(&c), then));
    }
}

static void what_may_not_be_on_the_disk_is_not_kept(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c);
    receive_close(&c.receive);
    c.kept = RECEIVE_KEPT "1";
    CU_ASSERT_FATAL(carry_open(&c, &err));
    CU_ASSERT_FATAL(carry_segment(&c, 0, &err));
    fail_to_flush(&c.receive);
    CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate"));
}

static void a_journal_of_something_else_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    struct finished item = {.segment = 99};
    struct batch batch = {.generation = 1, .item = &item, .n = 1};
    struct error err = {0};

    begin(&c);
    CU_ASSERT_FALSE(receive_restore(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(err.msg, E_STAGING_BAD);
    batch.generation = 2;
    err = (struct error){0};
    CU_ASSERT_FALSE(receive_restore(&c.receive, &batch, &err));
    CU_ASSERT_EQUAL(err.msg, E_STAGING_BAD);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_flushed_is_durable_once_journaled),
        TEST(a_killed_process_keeps_what_it_received),
        TEST(after_a_restart_only_the_journal_counts),
        TEST(what_does_not_read_back_is_sent_again),
        TEST(after_a_failed_sync_only_what_was_durable_counts),
        TEST(what_was_under_way_is_written_again),
        TEST(what_is_in_place_after_a_failed_sync_is_written_again),
        TEST(what_may_not_be_on_the_disk_is_not_kept),
        TEST(a_journal_of_something_else_is_refused),
    };

    return run_tests("receive_flush", tests, COUNT(tests));
}
