/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/handover.h"

#include "agent/schema.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static const struct handover_terms terms = {
    .generation = 1, .epoch = 7, .manifest_root = {{1}}, .contents_root = {{2}}};

struct book {
    struct scratch scratch;
    struct db db;
    struct handover handover;
    struct error err;
};

static bool begin(struct book *book, bool is_target)
{
    const struct handover_start start = {.migration = "m-1",
                                         .grant_id = "g-1",
                                         .name = "tree",
                                         .directory = "/d",
                                         .peer = "peer",
                                         .is_target = is_target,
                                         .epoch = 7,
                                         .kind = DIGEST_BLAKE3};

    return handover_begin(&book->handover, &book->db, &start, &book->err);
}

static void book_open(struct book *out, bool is_target)
{
    scoped(query_end) struct query query = {0};
    char path[PATH_MAX + 16];

    *out = (struct book){0};
    scratch_make(&out->scratch);
    snprintf(path, sizeof(path), "%s/db", out->scratch.path);
    CU_ASSERT_FATAL(db_open(&out->db, path, schema_steps, schema_count, &out->err));
    CU_ASSERT_FATAL(
        query_begin(&query, &out->db,
                    "INSERT INTO grants (id, side, peer_server_key, peer_client_key,"
                    " peer_name, migration, byte_ceiling, issued, expires, not_after,"
                    " transcript) VALUES ('g-1', 's', x'00', x'00', 'p', 'm-1', 0, 0, 0,"
                    " 0, '')",
                    &out->err) &&
        query_run(&query, NULL, &out->err));
    CU_ASSERT_FATAL(begin(out, is_target));
}

static void book_close(struct book *book)
{
    db_close(&book->db);
    scratch_clear(&book->scratch);
}

/* The move with a statement that says `body`, or none for NULL. */
static bool move(struct book *book, enum handover_event event, const char *body)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    scoped(db_rollback) struct db_change change = {0};
    const struct handover_act act = {
        .event = event, .terms = &terms, .statement = body != NULL ? &text : NULL};

    book->err = (struct error){0};
    if (body != NULL)
        CU_ASSERT_FATAL(buf_add_text(&text.body, body, &book->err) &&
                        buf_add_text(&text.signature, "signed", &book->err));
    return db_begin(&change, &book->db, &book->err) &&
           handover_step(&book->handover, &book->db, &act, &book->err) &&
           db_commit(&change, &book->err);
}

static void says(struct book *book, enum statement_kept kind, const char *body)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    CU_ASSERT_FATAL(handover_statement(&text, &book->db, "m-1", kind, &book->err));
    CU_ASSERT(span_equal(buf_span(&text.body), span_text(body)));
    CU_ASSERT(span_equal(buf_span(&text.signature), span_text("signed")));
}

static void each_move_is_on_disk(void)
{
    scoped(book_close) struct book b;
    struct handover loaded;

    book_open(&b, true);
    CU_ASSERT(move(&b, ASKED_FREEZE, "frozen") && move(&b, ASKED_SEAL, NULL));
    CU_ASSERT_FATAL(handover_load(&loaded, &b.db, "m-1", &b.err));
    CU_ASSERT_EQUAL(loaded.state, TARGET_SEALED);
    CU_ASSERT(loaded.has_terms && loaded.has_freeze && loaded.terms.epoch == 7);
    CU_ASSERT(digest_equal(&loaded.terms.contents_root, &terms.contents_root));
    CU_ASSERT(move(&b, ASKED_COMMIT, NULL) && move(&b, DID_PUBLISH, "receipt"));
    CU_ASSERT_FATAL(handover_load(&loaded, &b.db, "m-1", &b.err));
    CU_ASSERT_EQUAL(loaded.state, TARGET_COMMITTED);
    CU_ASSERT_EQUAL(loaded.epoch, 8);
    CU_ASSERT_EQUAL(loaded.terms.epoch, 7);
    says(&b, KEPT_FREEZE, "frozen");
    says(&b, KEPT_RECEIPT, "receipt");
}

static void the_first_statement_stays(void)
{
    scoped(book_close) struct book b;

    book_open(&b, true);
    CU_ASSERT(move(&b, ASKED_ABORT, "first") && move(&b, ASKED_ABORT, "second"));
    says(&b, KEPT_ABORT, "first");
}

static void a_refused_move_changes_nothing(void)
{
    scoped(book_close) struct book b;
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct handover loaded;

    book_open(&b, true);
    CU_ASSERT_FALSE(move(&b, DID_PUBLISH, "too early"));
    CU_ASSERT_EQUAL(b.err.msg, E_HANDOVER_MOVE);
    b.err = (struct error){0};
    CU_ASSERT_FATAL(handover_load(&loaded, &b.db, "m-1", &b.err));
    CU_ASSERT_EQUAL(loaded.state, TARGET_RECEIVING);
    CU_ASSERT_FALSE(handover_statement(&text, &b.db, "m-1", KEPT_RECEIPT, &b.err));
    CU_ASSERT_EQUAL(b.err.msg, E_STATEMENT_NONE);
}

static void an_older_idea_of_the_state_does_not_count(void)
{
    scoped(book_close) struct book b;
    struct handover stale;

    book_open(&b, true);
    stale = b.handover;
    CU_ASSERT(move(&b, ASKED_ABORT, "aborted"));
    b.handover = stale;
    CU_ASSERT_FALSE(move(&b, ASKED_FREEZE, "frozen"));
    CU_ASSERT_EQUAL(b.err.msg, E_HANDOVER_ABORTED);
}

static void a_migration_begins_once(void)
{
    scoped(book_close) struct book b;

    book_open(&b, false);
    CU_ASSERT_EQUAL(b.handover.state, SOURCE_SENDING);
    CU_ASSERT_FALSE(begin(&b, false));
    CU_ASSERT_EQUAL(b.err.msg, E_MIGRATION_EXISTS);
}

static void an_unknown_migration_is_said_to_be(void)
{
    scoped(book_close) struct book b;
    struct handover loaded;

    book_open(&b, false);
    CU_ASSERT_FALSE(handover_load(&loaded, &b.db, "m-2", &b.err));
    CU_ASSERT_EQUAL(b.err.msg, E_MIGRATION_UNKNOWN);
}

static void a_row_of_no_version_of_ours_is_refused(void)
{
    static const char *const spoilt[] = {"typed = 3", "typed = -1", "state = 'waiting'"};

    for (size_t i = 0; i < COUNT(spoilt); i++) {
        scoped(book_close) struct book b;
        scoped(query_end) struct query query = {0};
        struct handover loaded;
        char text[64];

        book_open(&b, true);
        CU_ASSERT(handover_load(&loaded, &b.db, "m-1", &b.err));
        snprintf(text, sizeof(text), "UPDATE migration SET %s", spoilt[i]);
        CU_ASSERT_FATAL(query_begin(&query, &b.db, text, &b.err) &&
                        query_run(&query, NULL, &b.err));
        CU_ASSERT_FALSE(handover_load(&loaded, &b.db, "m-1", &b.err));
        CU_ASSERT_EQUAL(b.err.msg, E_DB);
    }
}

static void reclaiming_jumps_over_the_targets_epoch(void)
{
    scoped(book_close) struct book b;

    book_open(&b, false);
    CU_ASSERT(move(&b, WILL_FREEZE, "f") && move(&b, WILL_ASK, NULL));
    CU_ASSERT(move(&b, RECLAIM, NULL));
    CU_ASSERT_EQUAL(b.handover.state, SOURCE_THAWED);
    CU_ASSERT_EQUAL(b.handover.epoch, 9);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_move_is_on_disk),
        TEST(the_first_statement_stays),
        TEST(a_refused_move_changes_nothing),
        TEST(an_older_idea_of_the_state_does_not_count),
        TEST(a_migration_begins_once),
        TEST(an_unknown_migration_is_said_to_be),
        TEST(a_row_of_no_version_of_ours_is_refused),
        TEST(reclaiming_jumps_over_the_targets_epoch),
    };

    return run_tests("handover_db", tests, COUNT(tests));
}
