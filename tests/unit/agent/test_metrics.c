/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What monitoring reads: each record counted once, every label escaped. */
#include "agent/audit.h"
#include "agent/metrics.h"
#include "base/mem.h"
#include "certs/ca.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define NOON 1813060800

struct fixture {
    struct state_db state;
    struct metrics *metrics;
    char text[METRICS_BYTES_MAX];
};

static void identity_put(struct fixture *f)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};
    unsigned number = 0;

    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&chain, &key, "a.example.com", NOON, &err));
    CU_ASSERT_FATAL(identity_install(&number, f->state.scratch.fd, &key, &chain,
                                     IDENTITY_SELF_SIGNED, "test", &err));
}

static void fixture_make(struct fixture *f)
{
    state_db_make(&f->state);
    identity_put(f);
    f->metrics = mem_zeroed(1, sizeof(*f->metrics));
}

static void fixture_clear(struct fixture *f)
{
    mem_free(f->metrics);
    state_db_clear(&f->state);
}

static void add(struct fixture *f, enum audit_kind kind, const char *event,
                const char *details)
{
    const struct audit_entry entry = {
        .kind = kind, .event = event, .subject = "x", .details = span_text(details)};
    struct error err = {0};

    CU_ASSERT_FATAL(audit_add(&f->state.db, NULL, &entry, NOON, &err));
}

static void sql(struct fixture *f, const char *text)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, &f->state.db, text, &err));
    CU_ASSERT_FATAL(query_run(&query, NULL, &err));
}

static void collect(struct fixture *f)
{
    scoped(buf_clear) struct buf out = buf_upto(METRICS_BYTES_MAX - 1);
    struct error err = {0};

    CU_ASSERT_FATAL(
        metrics_write(&out, f->metrics, &f->state.db, f->state.scratch.fd, NOON, &err));
    memcpy(f->text, out.at, out.n);
    f->text[out.n] = '\0';
}

/* A whole line of the last answer. */
static bool says(const struct fixture *f, const char *line)
{
    char whole[512];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(f->text, whole) != NULL;
}

static void pairings_are_counted_by_outcome_and_rule(void)
{
    static const char refused[] =
        "{\"role\":\"target\",\"findings\":[{\"id\":\"PGC1004\",\"rule\":\"leaf-eku\","
        "\"severity\":\"error\"},{\"id\":\"PGP1001\",\"rule\":null,"
        "\"severity\":\"warning\"}]}";
    scoped(fixture_clear) struct fixture f = {0};

    fixture_make(&f);
    add(&f, AUDIT_PAIRING, "refused", refused);
    add(&f, AUDIT_PAIRING, "refused", refused);
    add(&f, AUDIT_PAIRING, "paired", "{\"role\":\"target\",\"findings\":[]}");
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_pairings_total{outcome=\"refused\",role=\"target\"} 2"));
    CU_ASSERT(says(&f, "pairgate_pairings_total{outcome=\"paired\",role=\"target\"} 1"));
    CU_ASSERT(says(&f, "pairgate_pairing_findings_total{rule=\"leaf-eku\","
                       "severity=\"error\"} 2"));
    CU_ASSERT(says(&f, "pairgate_pairing_findings_total{rule=\"PGP1001\","
                       "severity=\"warning\"} 2"));
}

static void a_record_is_counted_once(void)
{
    scoped(fixture_clear) struct fixture f = {0};

    fixture_make(&f);
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_connections_refused_total 0"));
    add(&f, AUDIT_REFUSED, "connections", "{\"count\":7}");
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_connections_refused_total 7"));
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_connections_refused_total 7"));
    add(&f, AUDIT_REFUSED, "dropped", "{\"count\":3}");
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_connections_refused_total 10"));
    CU_ASSERT(says(&f, "pairgate_records_total{kind=\"refused\"} 2"));
}

static void labels_are_escaped(void)
{
    scoped(fixture_clear) struct fixture f = {0};

    fixture_make(&f);
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_certificate_days_left{leaf=\"both\",rung=\"0\","
                       "issued_to=\"a.example.com\"} 824") ||
              says(&f, "pairgate_certificate_days_left{leaf=\"both\",rung=\"0\","
                       "issued_to=\"a.example.com\"} 825"));
    add(&f, AUDIT_AUTHORIZATION, "refused", "{\"method\":\"a \\\" quote\"}");
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_authorizations_total{outcome=\"refused\","
                       "method=\"a \\\" quote\"} 1"));
}

static void migrations_and_their_bytes(void)
{
    scoped(fixture_clear) struct fixture f = {0};

    fixture_make(&f);
    sql(&f, "PRAGMA foreign_keys = OFF");
    sql(&f, "INSERT INTO migration (id, side, grant_id, name, directory, peer, state,"
            " generation, epoch, digest, created, changed) VALUES"
            " ('m-1', 'target', 'g', 'n', 'd', 'p', 'committed', 1, 2, 'blake3', 1, 1),"
            " ('m-2', 'target', 'g', 'n', 'd', 'p', 'receiving', 1, 1, 'blake3', 1, 1)");
    sql(&f, "INSERT INTO statement VALUES"
            " ('m-1', 'receipt', CAST('{\"bytes\":1000}' AS BLOB), x'00', 1),"
            " ('m-2', 'receipt', CAST('no JSON' AS BLOB), x'00', 1)");
    sql(&f,
        "INSERT INTO segment VALUES ('m-2', 1, 0, 9, x'00'), ('m-2', 1, 20, 20, x'00')");
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_migrations{side=\"target\",state=\"committed\"} 1"));
    CU_ASSERT(says(&f, "pairgate_migrations{side=\"target\",state=\"receiving\"} 1"));
    CU_ASSERT(says(&f, "pairgate_migrated_bytes_total{side=\"target\"} 1000"));
    CU_ASSERT(says(&f, "pairgate_migration_segments{migration=\"m-2\"} 11"));
}

/* Somebody who invents methods cannot make the answer grow for ever. */
static void there_is_an_end_to_series(void)
{
    scoped(fixture_clear) struct fixture f = {0};
    char details[64];

    fixture_make(&f);
    for (int i = 0; i < METRICS_SERIES_MAX + 5; i++) {
        snprintf(details, sizeof(details), "{\"method\":\"m%d\"}", i);
        add(&f, AUDIT_AUTHORIZATION, "refused", details);
    }
    collect(&f);
    CU_ASSERT(says(&f, "pairgate_authorizations_total{outcome=\"other\",method=\"\"} 6"));
}

int main(void)
{
    const struct test tests[] = {
        TEST(pairings_are_counted_by_outcome_and_rule),
        TEST(a_record_is_counted_once),
        TEST(labels_are_escaped),
        TEST(migrations_and_their_bytes),
        TEST(there_is_an_end_to_series),
    };

    return run_tests("metrics", tests, COUNT(tests));
}
