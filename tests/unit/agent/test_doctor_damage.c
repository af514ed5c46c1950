/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in the directories of migrations; the rest of it is in test_doctor.c. */
#include "agent/doctor.h"
#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"
#include "transfer/manifest.h"

#include <CUnit/CUnit.h>
#include <string.h>

struct state_kept {
    struct scratch scratch;
    struct state state;
};

static void state_kept_make(struct state_kept *out)
{
    struct error err = {0};

    *out = (struct state_kept){0};
    scratch_make(&out->scratch);
    CU_ASSERT_FATAL(state_make(&out->state, out->scratch.path, &err));
}

static void state_kept_clear(struct state_kept *kept)
{
    state_close(&kept->state);
    scratch_clear(&kept->scratch);
}

static void list_a_root(int work, enum digest_kind kind)
{
    scoped(manifest_clear) struct manifest listing = {0};
    struct entry root = {.kind = ENTRY_DIRECTORY, .mode = 0755};
    struct error err = {0};

    manifest_begin(&listing, work, 1, kind);
    CU_ASSERT_FATAL(manifest_add(&listing, &root, &err) && manifest_close(&listing, &err));
}

static void sql(struct state_kept *kept, const char *text)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, &kept->state.db, text, &err) &&
                    query_run(&query, NULL, &err));
}

static void row_of_m_1(struct state_kept *kept)
{
    struct error err = {0};

    CU_ASSERT_FATAL(state_open_db(&kept->state, &err));
    sql(kept, "INSERT INTO grants (id, side, peer_server_key, peer_client_key,"
              " peer_name, migration, byte_ceiling, issued, expires, not_after,"
              " transcript) VALUES ('g', 'x', x'', x'', '', 'm-1', 0, 0, 0, 0, '')");
    sql(kept, "INSERT INTO migration (id, side, grant_id, name, directory, peer, state,"
              " generation, epoch, digest, created, changed) VALUES ('m-1', 'target',"
              " 'g', '', '', '', 'receiving', 1, 1, 'sha256', 0, 0)");
    db_close(&kept->state.db);
}

/* Whether a row names it or there is none; m-3 alone is damaged. */
static void a_listing_is_read_by_the_digest_it_has(void)
{
    static const char *const path[] = {"migrations/m-1", "migrations/m-2",
                                       "migrations/m-3"};
    scoped(state_kept_clear) struct state_kept kept = {0};
    scoped(report_clear) struct report found = {0};
    struct error err = {0};
    size_t told = 0;

    state_kept_make(&kept);
    row_of_m_1(&kept);
    for (size_t i = 0; i < COUNT(path); i++) {
        scoped(fd_close) int work = -1;

        CU_ASSERT_FATAL(fs_make_dir(&work, kept.state.fd, path[i], 0700, &err));
        list_a_root(work, DIGEST_SHA256);
    }
    CU_ASSERT_FATAL(
        scratch_shell(&kept.scratch, "echo >>migrations/m-3/manifest-1.000000"));
    doctor_damage(&found, &kept.state);
    for (size_t i = 0; i < found.n; i++)
        if (strstr(found.item[i].about, "/manifest-") != NULL) {
            CU_ASSERT_PTR_NOT_NULL(strstr(found.item[i].about, "m-3/manifest-1"));
            told++;
        }
    CU_ASSERT_EQUAL(told, 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_listing_is_read_by_the_digest_it_has),
    };

    return run_tests("doctor_damage", tests, COUNT(tests));
}
