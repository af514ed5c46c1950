/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/ledger.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <sys/stat.h>

/* A new pending request for `name`; its key stays with the caller. */
static void add(char id[LEDGER_ID_MAX], const struct scratch *scratch, struct key *key,
                const char *name, time_t now)
{
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    struct csr_wish wish = {.common_name = name};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
    CU_ASSERT_FATAL(key_make(key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, key, &err));
    CU_ASSERT_FATAL(
        ledger_add(id, scratch->fd, key, buf_span(&pem), "migration", now, &err));
}

static void no_requests_are_no_error(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ledger_clear) struct ledger ledger = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_EQUAL(ledger.n, 0);
}

static void each_request_is_found_by_its_key(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ledger_clear) struct ledger ledger = {0};
    char id[3][LEDGER_ID_MAX];
    struct key key[3] = {{0}, {0}, {0}};
    struct error err = {0};

    scratch_make(&scratch);
    for (int i = 0; i < 3; i++)
        add(id[i], &scratch, &key[i], "node.example.com", AT_NOON + i);
    CU_ASSERT_FATAL(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(ledger.n, 3);
    for (int i = 0; i < 3; i++) {
        scoped(key_clear) struct key again = key_none();
        struct digest digest;
        const struct pending *found;

        key_spki_digest(&digest, &key[i]);
        found = ledger_find_key(&ledger, &digest);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found->id, id[i]);
        CU_ASSERT_PTR_EQUAL(found, ledger_find(&ledger, id[i]));
        CU_ASSERT_PTR_EQUAL(found, &ledger.item[i]); /* oldest first */
        CU_ASSERT_EQUAL(found->created, AT_NOON + i);
        CU_ASSERT_FATAL(ledger_load_key(&again, scratch.fd, found, &err));
        CU_ASSERT(span_equal(buf_span(&again.der), buf_span(&key[i].der)));
        key_clear(&key[i]);
    }
}

static void a_key_is_for_its_owner_alone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none(), again = key_none();
    scoped(ledger_clear) struct ledger ledger = {0};
    char id[LEDGER_ID_MAX], path[64];
    struct stat st;
    struct error err = {0};

    scratch_make(&scratch);
    add(id, &scratch, &key, "node.example.com", AT_NOON);
    snprintf(path, sizeof(path), "requests/%s/key.pem", id);
    CU_ASSERT_FATAL(fstatat(scratch.fd, path, &st, 0) == 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_FATAL(fchmodat(scratch.fd, path, 0644, 0) == 0);
    CU_ASSERT_FATAL(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_FALSE(ledger_load_key(&again, scratch.fd, &ledger.item[0], &err));
    CU_ASSERT_EQUAL(err.msg, E_SECRET_OPEN);
}

static void a_used_request_stays_and_says_so(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(ledger_clear) struct ledger before = {0}, after = {0};
    char id[LEDGER_ID_MAX];
    struct error err = {0};

    scratch_make(&scratch);
    add(id, &scratch, &key, "node.example.com", AT_NOON);
    CU_ASSERT_FATAL(ledger_load(&before, scratch.fd, &err));
    CU_ASSERT_EQUAL(before.item[0].used, 0);
    CU_ASSERT_FATAL(ledger_mark_used(scratch.fd, &before.item[0], AT_NOON + 60, &err));
    CU_ASSERT_FATAL(ledger_load(&after, scratch.fd, &err));
    CU_ASSERT_EQUAL(after.item[0].used, AT_NOON + 60);
    CU_ASSERT_EQUAL(after.item[0].created, AT_NOON);
    CU_ASSERT_STRING_EQUAL(after.item[0].purpose, "migration");
}

static void a_dropped_request_is_gone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(ledger_clear) struct ledger ledger = {0};
    char id[LEDGER_ID_MAX];
    struct error err = {0};

    scratch_make(&scratch);
    add(id, &scratch, &key, "node.example.com", AT_NOON);
    CU_ASSERT(ledger_drop(scratch.fd, id, &err));
    CU_ASSERT(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_EQUAL(ledger.n, 0);
    CU_ASSERT_FALSE(ledger_drop(scratch.fd, id, &err));
    CU_ASSERT_EQUAL(err.msg, E_REQUEST_UNKNOWN);
}

static void an_id_leads_nowhere_else(void)
{
    static const char *const ids[] = {"..",   ".",           "", "../identity", "0123456G",
                                      "/etc", "01234567.new"};
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct error err = {0};

        CU_ASSERT_FALSE(ledger_drop(scratch.fd, ids[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_REQUEST_UNKNOWN);
    }
}

static void a_half_made_request_does_not_count(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ledger_clear) struct ledger ledger = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir -p requests/01234567.new"));
    CU_ASSERT(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_EQUAL(ledger.n, 0);
}

static void a_damaged_request_is_named_and_stands_in_nobodys_way(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none(), other = key_none();
    scoped(ledger_clear) struct ledger ledger = {0}, after = {0};
    char id[LEDGER_ID_MAX], second[LEDGER_ID_MAX];
    struct error err = {0};

    scratch_make(&scratch);
    add(id, &scratch, &key, "node.example.com", AT_NOON);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "truncate -s 0 requests/*/request.pem"));
    add(second, &scratch, &other, "node.example.com", AT_NOON);
    CU_ASSERT_FATAL(ledger_load(&ledger, scratch.fd, &err));
    CU_ASSERT_EQUAL(ledger.n, 1);
    CU_ASSERT_EQUAL_FATAL(ledger.damages, 1);
    CU_ASSERT_STRING_EQUAL(ledger.item[0].id, second);
    CU_ASSERT_STRING_EQUAL(ledger.damaged[0].id, id);
    CU_ASSERT_EQUAL(ledger.damaged[0].why.msg, E_REQUEST_BROKEN);
    CU_ASSERT(ledger_drop(scratch.fd, id, &err));
    CU_ASSERT(ledger_load(&after, scratch.fd, &err));
    CU_ASSERT_EQUAL(after.damages, 0);
}

static void what_killed_commands_left_is_swept_up(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    char id[LEDGER_ID_MAX];
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT(ledger_sweep(scratch.fd, &err)); /* nothing there yet */
    add(id, &scratch, &key, "node.example.com", AT_NOON);
    CU_ASSERT_FATAL(scratch_shell(&scratch,
                                  "mkdir requests/01234567.new requests/76543210.old"
                                  " && touch requests/01234567.new/key.pem &&"
                                  " touch $(ls -d requests/*[0-9a-f])/meta.new"));
    CU_ASSERT(ledger_sweep(scratch.fd, &err));
    CU_ASSERT(scratch_shell(&scratch, "test \"$(find requests -mindepth 1 | wc -l)\" = 4"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(no_requests_are_no_error),
        TEST(each_request_is_found_by_its_key),
        TEST(a_key_is_for_its_owner_alone),
        TEST(a_used_request_stays_and_says_so),
        TEST(a_dropped_request_is_gone),
        TEST(an_id_leads_nowhere_else),
        TEST(a_half_made_request_does_not_count),
        TEST(a_damaged_request_is_named_and_stands_in_nobodys_way),
        TEST(what_killed_commands_left_is_swept_up),
    };

    return run_tests("ledger", tests, COUNT(tests));
}
