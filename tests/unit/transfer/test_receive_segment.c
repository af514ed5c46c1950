/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <pthread.h>

/* A carry whose target has the manifest and no segment. */
static void begin(struct carry *c, const char *shell)
{
    struct error err = {0};

    carry_make(c, shell);
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
}

static enum msg give(struct carry *c, uint64_t number, struct span bytes,
                     const struct digest *digest)
{
    const struct delivery delivery = {.bytes = bytes, .digest = *digest};
    struct error err = {0};

    return receive_segment(&c->receive, number, &delivery, &err) ? E_NONE : err.msg;
}

static void a_segment_that_is_here_is_fine(void)
{
    scoped(carry_clear) struct carry c;
    struct receive_status status;
    struct error err = {0};

    begin(&c, "printf x >f");
    CU_ASSERT(carry_segment(&c, 0, &err) && carry_segment(&c, 0, &err));
    receive_status(&c.receive, &status);
    CU_ASSERT_EQUAL(status.received, 1);
    CU_ASSERT_EQUAL(status.unflushed, 1);
}

static void nothing_is_written_for_a_wrong_digest(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest other = {{1}};

    begin(&c, "printf x >f");
    CU_ASSERT_EQUAL(give(&c, 0, span_text("x"), &other), E_SEGMENT_DIGEST);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/tree/f"));
}

/* What was found on the way in counts, not what the bytes would give now. */
static void a_digest_of_the_way_in_is_compared(void)
{
    scoped(carry_clear) struct carry c;
    struct delivery delivery = {.bytes = span_text("x")};
    const struct digest other = {{1}};
    struct error err = {0};

    begin(&c, "printf x >f");
    digest_of(&delivery.digest, c.kind, delivery.bytes);
    delivery.had = &other;
    CU_ASSERT(!receive_segment(&c.receive, 0, &delivery, &err));
    CU_ASSERT_EQUAL(err.msg, E_SEGMENT_DIGEST);
    delivery.had = &delivery.digest;
    CU_ASSERT(receive_segment(&c.receive, 0, &delivery, &err));
}

static void nothing_is_written_for_a_wrong_length(void)
{
    scoped(carry_clear) struct carry c;
    struct digest digest;

    begin(&c, "printf x >f");
    digest_of(&digest, c.kind, span_text("xy"));
    CU_ASSERT_EQUAL(give(&c, 0, span_text("xy"), &digest), E_SEGMENT_LENGTH);
    digest_of(&digest, c.kind, span_text(""));
    CU_ASSERT_EQUAL(give(&c, 0, span_text(""), &digest), E_SEGMENT_LENGTH);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/tree/f"));
}

static void to_nowhere_is_verified_and_not_written(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest other = {{1}};
    struct receive_status status;
    struct error err = {0}, wrong = {0};
    struct delivery delivery = {.bytes = span_text("x")};

    begin(&c, "printf x >f");
    digest_of(&delivery.digest, c.kind, delivery.bytes);
    CU_ASSERT(receive_nowhere(&c.receive, 0, &delivery, &err));
    CU_ASSERT(!receive_nowhere(&c.receive, 1, &delivery, &err));
    delivery.digest = other;
    CU_ASSERT(!receive_nowhere(&c.receive, 0, &delivery, &wrong));
    CU_ASSERT_EQUAL(wrong.msg, E_SEGMENT_DIGEST);
    receive_status(&c.receive, &status);
    CU_ASSERT_EQUAL(status.received, 0);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/tree/f"));
}

static void a_segment_that_is_none_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest digest = {{0}};

    begin(&c, "printf x >f");
    CU_ASSERT_EQUAL(give(&c, 1, span_text("x"), &digest), E_SEGMENT_NUMBER);
    CU_ASSERT_EQUAL(give(&c, UINT64_MAX, span_text("x"), &digest), E_SEGMENT_NUMBER);
}

static void a_segment_before_the_manifest_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest digest = {{0}};
    struct error err = {0};

    carry_make(&c, "printf x >f");
    CU_ASSERT_FATAL(carry_open(&c, &err));
    CU_ASSERT_EQUAL(give(&c, 0, span_text("x"), &digest), E_MANIFEST_OPEN);
}

static void a_directory_swapped_for_a_link_is_not_followed(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c, "mkdir d && printf x >d/f");
    CU_ASSERT(scratch_shell(&c.scratch, "mkdir out && cd into/.pairgate/m-test/tree &&"
                                        "rmdir d && ln -s ../../../../out d"));
    CU_ASSERT_FALSE(carry_segment(&c, 0, &err));
    CU_ASSERT_EQUAL(err.msg, E_PATH_ESCAPES);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e out/f"));
}

static void a_file_swapped_for_a_link_is_not_followed(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c, "printf x >f");
    CU_ASSERT(scratch_shell(&c.scratch, "ln -s /dev/null into/.pairgate/m-test/tree/f"));
    CU_ASSERT_FALSE(carry_segment(&c, 0, &err));
}

/* Eight streams at once, each with every fourth segment twice over. */
struct hand {
    struct carry *carry;
    uint64_t first;
    pthread_t thread;
    bool good;
};

static void *carry_some(void *at)
{
    struct hand *hand = at;
    struct carry *c = hand->carry;
    scoped(segment_clear) struct segment segment = {0};
    struct error err = {0};

    segment_make(&segment);
    hand->good = true;
    for (uint64_t n = hand->first; n < c->manifest.sum.segments; n += 4)
        hand->good = hand->good && segment_read(&segment, &c->manifest, c->from, n, &err) &&
                     carry_deliver(&c->receive, &segment, &err);
    return NULL;
}

static void many_streams_write_one_tree(void)
{
    scoped(carry_clear) struct carry c;
    struct hand hand[12];
    struct batch batch = {0};
    struct error err = {0};

    begin(&c, "head -c 30000000 /dev/urandom >big; mkdir d;"
              "for i in $(seq 2000); do seq $i >d/$i; done; head -c 9000000 big >big2");
    for (size_t i = 0; i < COUNT(hand); i++) {
        hand[i] = (struct hand){.carry = &c, .first = i % 4};
        CU_ASSERT_FATAL(pthread_create(&hand[i].thread, NULL, carry_some, &hand[i]) == 0);
    }
    CU_ASSERT(receive_flush(&c.receive, &batch, &err));
    receive_mark_durable(&c.receive, &batch);
    batch_clear(&batch);
    for (size_t i = 0; i < COUNT(hand); i++) {
        pthread_join(hand[i].thread, NULL);
        CU_ASSERT(hand[i].good);
    }
    CU_ASSERT(carry_seal(&c, &err));
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_segment_that_is_here_is_fine),
        TEST(nothing_is_written_for_a_wrong_digest),
        TEST(a_digest_of_the_way_in_is_compared),
        TEST(nothing_is_written_for_a_wrong_length),
        TEST(to_nowhere_is_verified_and_not_written),
        TEST(a_segment_that_is_none_is_refused),
        TEST(a_segment_before_the_manifest_is_refused),
        TEST(a_directory_swapped_for_a_link_is_not_followed),
        TEST(a_file_swapped_for_a_link_is_not_followed),
        TEST(many_streams_write_one_tree),
    };

    return run_tests("receive_segment", tests, COUNT(tests));
}
