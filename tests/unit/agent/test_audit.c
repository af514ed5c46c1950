/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record: what is added stays, and whatever is done to it is found. */
#include "agent/audit.h"
#include "agent/schema.h"
#include "certs/ca.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOON 1813060800
#define RECORDS 8

struct fixture {
    struct state_db state;
    struct identity identity; /* whose key signs */
    struct identities signers;
};

static void add(struct fixture *f, const struct key *key, const char *subject)
{
    const struct audit_entry entry = {.kind = AUDIT_TRUST,
                                      .event = "import",
                                      .subject = subject,
                                      .details = span_text("{\"about\":\"a root\"}")};
    struct error err = {0};

    CU_ASSERT_FATAL(audit_add(&f->state.db, key, &entry, NOON, &err));
}

static void identity_fill(struct identity *out)
{
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(&out->key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&out->chain, &out->key, "a.example.com", NOON, &err));
}

/* RECORDS records, each signed, and no trigger in the way of who tampers. */
static void fixture_make(struct fixture *out)
{
    char subject[16];

    state_db_make(&out->state);
    identity_fill(&out->identity);
    out->signers = (struct identities){.item = &out->identity, .n = 1};
    for (int i = 1; i <= RECORDS; i++) {
        snprintf(subject, sizeof(subject), "root %d", i);
        add(out, &out->identity.key, subject);
    }
}

static void fixture_clear(struct fixture *f)
{
    identity_clear(&f->identity);
    state_db_clear(&f->state);
}

static void sql(struct fixture *f, const char *text)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, &f->state.db, text, &err));
    CU_ASSERT_FATAL(query_run(&query, NULL, &err));
}

static void unlock(struct fixture *f)
{
    sql(f, "DROP TRIGGER audit_kept");
    sql(f, "DROP TRIGGER audit_fixed");
    sql(f, "DROP TRIGGER audit_head_kept");
    sql(f, "DROP TRIGGER audit_head_fixed");
}

/* What audit_verify says: the finding, and the first record that is in question. */
static enum msg verified(struct fixture *f, uint64_t *first)
{
    scoped(audit_check_clear) struct audit_check check = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(audit_verify(&check, &f->state.db, &f->signers, &err));
    *first = check.first;
    CU_ASSERT_EQUAL(check.findings.n, check.first != 0);
    return check.findings.n > 0 ? check.findings.item[0].msg : E_NONE;
}

static void is_found(const char *tampering, enum msg msg, uint64_t at)
{
    scoped(fixture_clear) struct fixture f = {0};
    uint64_t first = 0;

    fixture_make(&f);
    unlock(&f);
    sql(&f, tampering);
    CU_ASSERT_EQUAL(verified(&f, &first), msg);
    CU_ASSERT_EQUAL(first, at);
}

static void what_is_added_is_good(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    scoped(audit_check_clear) struct audit_check check = {0};
    struct error err = {0};

    fixture_make(&f);
    CU_ASSERT_FATAL(audit_verify(&check, &f.state.db, &f.signers, &err));
    CU_ASSERT_EQUAL(check.first, 0);
    CU_ASSERT_EQUAL(check.records, RECORDS);
    CU_ASSERT_EQUAL(check.vouched, RECORDS);
}

static void an_empty_record_is_good(void)
{
    struct fixture f = {0};
    uint64_t first = 1;

    state_db_make(&f.state);
    CU_ASSERT_EQUAL(verified(&f, &first), E_NONE);
    CU_ASSERT_EQUAL(first, 0);
    state_db_clear(&f.state);
}

static void the_database_refuses_changes(void)
{
    static const char *const changes[] = {
        "UPDATE audit SET subject = 'x'", "DELETE FROM audit",
        "UPDATE audit_head SET signature = x'00'", "DELETE FROM audit_head"};
    scoped(fixture_clear) struct fixture f = {0};

    fixture_make(&f);
    for (size_t i = 0; i < COUNT(changes); i++) {
        scoped(query_end) struct query query = {0};
        struct error err = {0};

        CU_ASSERT_FATAL(query_begin(&query, &f.state.db, changes[i], &err));
        CU_ASSERT_FALSE(query_run(&query, NULL, &err));
    }
}

static void a_changed_field_is_found(void)
{
    static const char *const changes[] = {
        "UPDATE audit SET at = at + 1 WHERE seq = 4",
        "UPDATE audit SET kind = 'ca' WHERE seq = 4",
        "UPDATE audit SET event = 'remove' WHERE seq = 4",
        "UPDATE audit SET subject = 'root 5' WHERE seq = 4",
        "UPDATE audit SET details = '{}' WHERE seq = 4",
        "UPDATE audit SET details = details || char(0) || 'x' WHERE seq = 4",
        "UPDATE audit SET previous = zeroblob(32) WHERE seq = 4",
        "UPDATE audit SET hash = zeroblob(32) WHERE seq = 4",
        "UPDATE audit SET hash = x'00' WHERE seq = 4",
        /* from one field into the next */
        "UPDATE audit SET event = 'importr', subject = 'oot 4' WHERE seq = 4"};

    for (size_t i = 0; i < COUNT(changes); i++)
        is_found(changes[i], E_AUDIT_TOUCHED, 4);
}

static void a_deleted_record_is_found(void)
{
    is_found("DELETE FROM audit WHERE seq = 3", E_AUDIT_MISSING, 3);
    is_found("DELETE FROM audit WHERE seq = 1", E_AUDIT_MISSING, 1);
}

static void a_record_in_front_is_found(void)
{
    is_found("INSERT INTO audit SELECT 0, at, kind, event, subject, details, previous, hash"
             " FROM audit WHERE seq = 1",
             E_AUDIT_TOUCHED, 1);
}

static void swapped_records_are_found(void)
{
    is_found("UPDATE audit SET (at, kind, event, subject, details, previous, hash) ="
             " (SELECT at, kind, event, subject, details, previous, hash FROM audit b"
             "  WHERE b.seq = 11 - audit.seq) WHERE seq IN (5, 6)",
             E_AUDIT_TOUCHED, 5);
}

/* The rest moves up by one, and the new one has a good hash. */
static void an_inserted_record_is_found(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    uint64_t first = 0;

    fixture_make(&f);
    unlock(&f);
    sql(&f, "UPDATE audit SET seq = -seq - 1 WHERE seq >= 5");
    sql(&f, "DELETE FROM audit_head WHERE seq > 4");
    sql(&f, "CREATE TABLE aside AS SELECT * FROM audit WHERE seq < 0");
    sql(&f, "DELETE FROM audit WHERE seq < 0");
    add(&f, NULL, "put in");
    sql(&f, "INSERT INTO audit SELECT -seq, at, kind, event, subject, details, previous,"
            " hash FROM aside");
    CU_ASSERT_EQUAL(verified(&f, &first), E_AUDIT_TOUCHED);
    CU_ASSERT_EQUAL(first, 6); /* the one in front of it, 5, is not among the vouched */
}

/* Everything from there on is made anew with good hashes: the heads tell. */
static void a_rewritten_record_is_found(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    uint64_t first = 0;

    fixture_make(&f);
    unlock(&f);
    sql(&f, "DELETE FROM audit WHERE seq >= 5");
    for (int i = 5; i <= RECORDS; i++)
        add(&f, NULL, "another");
    CU_ASSERT_EQUAL(verified(&f, &first), E_AUDIT_TOUCHED);
    CU_ASSERT_EQUAL(first, 5);
}

static void a_cut_end_is_found(void)
{
    is_found("DELETE FROM audit WHERE seq > 6", E_AUDIT_MISSING, 7);
}

static void a_forged_head_is_found(void)
{
    is_found("UPDATE audit_head SET signature = (SELECT signature FROM audit_head WHERE"
             " seq = 2) WHERE seq = 7",
             E_AUDIT_SIGNATURE, 7);
    is_found("UPDATE audit_head SET hash = zeroblob(32) WHERE seq = 7", E_AUDIT_TOUCHED, 7);
    is_found("UPDATE audit_head SET spki_sha256 = x'00' WHERE seq = 7", E_AUDIT_TOUCHED, 7);
}

static void an_end_without_a_head_is_found(void)
{
    is_found("DELETE FROM audit_head WHERE seq > 6", E_AUDIT_UNSIGNED, 7);
    is_found("DELETE FROM audit_head", E_AUDIT_UNSIGNED, 1);
}

static void a_later_head_vouches_for_all_before(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    uint64_t first = 1;

    fixture_make(&f);
    add(&f, NULL, "without the key at hand");
    CU_ASSERT_EQUAL(verified(&f, &first), E_AUDIT_UNSIGNED);
    CU_ASSERT_EQUAL(first, RECORDS + 1);
    add(&f, &f.identity.key, "with it");
    CU_ASSERT_EQUAL(verified(&f, &first), E_NONE);
}

static void a_strangers_head_at_the_end_is_found(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    scoped(identity_clear) struct identity stranger = {0};
    uint64_t first = 0;

    fixture_make(&f);
    identity_fill(&stranger);
    add(&f, &stranger.key, "by somebody else");
    CU_ASSERT_EQUAL(verified(&f, &first), E_AUDIT_SIGNER);
    CU_ASSERT_EQUAL(first, RECORDS + 1);
    add(&f, &f.identity.key, "an identity that was pruned, then: this one vouches");
    CU_ASSERT_EQUAL(verified(&f, &first), E_NONE);
}

static void each_identity_that_signed_counts(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    struct identity both[2] = {{0}};
    uint64_t first = 1;

    fixture_make(&f);
    both[0] = f.identity; /* borrowed */
    identity_fill(&both[1]);
    add(&f, &both[1].key, "after a change of identity");
    f.signers = (struct identities){.item = both, .n = 2};
    CU_ASSERT_EQUAL(verified(&f, &first), E_NONE);
    identity_clear(&both[1]);
}

static void open_again(struct db *out, const struct fixture *f)
{
    char path[PATH_MAX + 16];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/state.db", f->state.scratch.path);
    CU_ASSERT_FATAL(db_open(out, path, schema_steps, schema_count, &err));
}

static void write_many(const struct fixture *f, const char *subject)
{
    struct fixture own = {.identity = f->identity};

    open_again(&own.state.db, f);
    for (int i = 0; i < 25; i++)
        add(&own, &own.identity.key, subject);
    db_close(&own.state.db);
    _exit(0);
}

static void two_processes_keep_the_chain(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    scoped(audit_check_clear) struct audit_check check = {0};
    struct error err = {0};
    pid_t writer[2];
    int status;

    fixture_make(&f);
    db_close(&f.state.db);
    for (int i = 0; i < 2; i++) {
        writer[i] = fork();
        CU_ASSERT_FATAL(writer[i] >= 0);
        if (writer[i] == 0)
            write_many(&f, i == 0 ? "one" : "the other");
    }
    for (int i = 0; i < 2; i++)
        CU_ASSERT(waitpid(writer[i], &status, 0) == writer[i] && status == 0);
    open_again(&f.state.db, &f);
    CU_ASSERT_FATAL(audit_verify(&check, &f.state.db, &f.signers, &err));
    CU_ASSERT_EQUAL(check.first, 0);
    CU_ASSERT_EQUAL(check.vouched, RECORDS + 50);
}

/* "3 4 5": which they are. */
static void numbers(char out[64], struct fixture *f, struct audit_range range)
{
    scoped(query_end) struct query row = {0};
    struct error err = {0};
    size_t n = 0;

    out[0] = '\0';
    CU_ASSERT_FATAL(audit_list(&row, &f->state.db, &range, &err));
    while (query_next(&row, &err))
        n += (size_t)snprintf(out + n, 64 - n, n > 0 ? " %d" : "%d",
                              (int)query_get_int(&row, 0));
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static void a_range_is_listed(void)
{
    const enum audit_kind trust = AUDIT_TRUST, ca = AUDIT_CA;
    const struct {
        struct audit_range range;
        const char *numbers;
    } rows[] = {
        {{0}, "1 2 3 4 5 6 7 8"},
        {{.limit = 3}, "6 7 8"},
        {{.before = 6, .limit = 2}, "4 5"},
        {{.after = 2, .limit = 2}, "3 4"},
        {{.after = 2, .before = 6}, "3 4 5"},
        {{.after = 8}, ""},
        {{.after = 6, .kind = &trust, .since = NOON, .limit = 9}, "7 8"},
        {{.kind = &ca}, ""},
        {{.since = NOON + 1}, ""},
    };
    scoped(fixture_clear) struct fixture f = {0};
    char found[64];

    fixture_make(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        numbers(found, &f, rows[i].range);
        CU_ASSERT_STRING_EQUAL(found, rows[i].numbers);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_added_is_good),
        TEST(a_range_is_listed),
        TEST(an_empty_record_is_good),
        TEST(the_database_refuses_changes),
        TEST(a_changed_field_is_found),
        TEST(a_deleted_record_is_found),
        TEST(a_record_in_front_is_found),
        TEST(swapped_records_are_found),
        TEST(an_inserted_record_is_found),
        TEST(a_rewritten_record_is_found),
        TEST(a_cut_end_is_found),
        TEST(a_forged_head_is_found),
        TEST(an_end_without_a_head_is_found),
        TEST(a_later_head_vouches_for_all_before),
        TEST(a_strangers_head_at_the_end_is_found),
        TEST(each_identity_that_signed_counts),
        TEST(two_processes_keep_the_chain),
    };

    return run_tests("audit", tests, COUNT(tests));
}
