/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/journal.h"

#include "agent/schema.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

struct book {
    struct scratch scratch;
    struct db db;
};

/* A database with a migration m-1 in it; a foreign key wants a grant. */
static void book_open(struct book *out)
{
    static const char *const rows[] = {
        "INSERT INTO grants (id, side, peer_server_key, peer_client_key, peer_name,"
        " migration, byte_ceiling, issued, expires, not_after, transcript) VALUES"
        " ('g-1', 'target', x'00', x'00', 'peer', 'm-1', 0, 0, 0, 0, '')",
        "INSERT INTO migration (id, side, grant_id, name, directory, peer, state,"
        " generation, epoch, digest, created, changed) VALUES ('m-1', 'target', 'g-1', 'n',"
        " '/d', 'p', 'receiving', 1, 1, 'blake3', 0, 0)",
    };
    struct error err = {0};
    char path[PATH_MAX + 16];

    *out = (struct book){0};
    scratch_make(&out->scratch);
    snprintf(path, sizeof(path), "%s/db", out->scratch.path);
    CU_ASSERT_FATAL(db_open(&out->db, path, schema_steps, schema_count, &err));
    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(query_end) struct query query = {0};

        CU_ASSERT_FATAL(query_begin(&query, &out->db, rows[i], &err) &&
                        query_run(&query, NULL, &err));
    }
}

static void book_close(struct book *book)
{
    db_close(&book->db);
    scratch_clear(&book->scratch);
}

static void record(struct book *book, const uint64_t *segment, size_t n)
{
    struct finished item[8] = {0};
    const struct batch batch = {.generation = 1, .item = item, .n = n};
    struct error err = {0};

    for (size_t i = 0; i < n; i++) {
        item[i].segment = segment[i];
        item[i].digest.byte[0] = (unsigned char)segment[i];
    }
    CU_ASSERT_FATAL(journal_record(&book->db, "m-1", &batch, &err));
}

static void load(struct book *book, uint64_t from, struct batch *out)
{
    struct error err = {0};

    CU_ASSERT_FATAL(journal_load(out, &book->db, "m-1", 1, from, &err));
}

static void what_is_recorded_is_loaded(void)
{
    static const uint64_t segments[] = {3, 4, 5, 9, 11, 12};
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch batch = {0};

    book_open(&book);
    record(&book, segments, COUNT(segments));
    load(&book, 0, &batch);
    CU_ASSERT_EQUAL_FATAL(batch.n, COUNT(segments));
    for (size_t i = 0; i < batch.n; i++) {
        CU_ASSERT_EQUAL(batch.item[i].segment, segments[i]);
        CU_ASSERT_EQUAL(batch.item[i].digest.byte[0], segments[i]);
    }
}

static void loading_goes_on_where_it_is_told(void)
{
    static const uint64_t segments[] = {3, 4, 5, 9};
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch middle = {0};
    scoped(batch_clear) struct batch end = {0};

    book_open(&book);
    record(&book, segments, COUNT(segments));
    load(&book, 5, &middle);
    CU_ASSERT(middle.n == 2 && middle.item[0].segment == 5);
    load(&book, 10, &end);
    CU_ASSERT_EQUAL(end.n, 0);
}

static void what_is_recorded_twice_comes_once(void)
{
    static const uint64_t first[] = {1, 2, 3, 4};
    static const uint64_t second[] = {1, 3, 5};
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch batch = {0};

    book_open(&book);
    record(&book, first, COUNT(first));
    record(&book, second, COUNT(second));
    load(&book, 0, &batch);
    CU_ASSERT_EQUAL_FATAL(batch.n, 5);
    CU_ASSERT_EQUAL(batch.item[4].segment, 5);
}

static void a_long_journal_comes_in_parts(void)
{
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch whole = {.generation = 1};
    struct finished *item = calloc(BATCH_MAX, sizeof(*item));
    uint64_t next = 0;
    size_t found = 0;
    struct error err = {0};

    book_open(&book);
    whole.item = item;
    whole.n = BATCH_MAX;
    for (uint64_t i = 0; i < BATCH_MAX; i++)
        item[i].segment = i;
    CU_ASSERT_FATAL(journal_record(&book.db, "m-1", &whole, &err));
    for (uint64_t i = 0; i < BATCH_MAX; i++)
        item[i].segment = 2000 + i;
    CU_ASSERT_FATAL(journal_record(&book.db, "m-1", &whole, &err));
    for (bool more = true; more;) {
        scoped(batch_clear) struct batch part = {0};

        load(&book, next, &part);
        found += part.n;
        more = part.n > 0;
        next = more ? part.item[part.n - 1].segment + 1 : 0;
    }
    CU_ASSERT_EQUAL(found, 2000 + BATCH_MAX);
}

static void an_empty_batch_and_another_generation_are_nothing(void)
{
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch batch = {0};
    static const uint64_t segments[] = {1};
    struct error err = {0};

    book_open(&book);
    record(&book, segments, 0);
    record(&book, segments, 1);
    CU_ASSERT(journal_load(&batch, &book.db, "m-1", 2, 0, &err));
    CU_ASSERT_EQUAL(batch.n, 0);
}

static void a_migration_is_forgotten_whole(void)
{
    scoped(book_close) struct book book;
    scoped(batch_clear) struct batch batch = {0};
    static const uint64_t segments[] = {1, 5};
    struct error err = {0};

    book_open(&book);
    record(&book, segments, 2);
    CU_ASSERT(journal_forget(&book.db, "m-1", &err));
    load(&book, 0, &batch);
    CU_ASSERT_EQUAL(batch.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_recorded_is_loaded),
        TEST(loading_goes_on_where_it_is_told),
        TEST(what_is_recorded_twice_comes_once),
        TEST(a_long_journal_comes_in_parts),
        TEST(an_empty_batch_and_another_generation_are_nothing),
        TEST(a_migration_is_forgotten_whole),
    };

    return run_tests("journal", tests, COUNT(tests));
}
