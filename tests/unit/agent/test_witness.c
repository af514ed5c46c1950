/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker tells the record through the supervisor, and how much of it. */
#include "agent/clock.h"
#include "agent/office_audit.h"
#include "agent/witness.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NOON 1813060800

struct fixture {
    struct state_db state;
    struct authority authority;
    struct office office;
    struct witness witness;
    int supervisor;
    struct error ended;
    pthread_t thread;
};

static void *supervise(void *at)
{
    struct fixture *f = at;

    while (office_answer(&f->office, f->supervisor, &f->ended))
        continue;
    return NULL;
}

static struct fixture *fixture_make(bool is_target)
{
    struct fixture *f = mem_zeroed(1, sizeof(*f));
    int ends[2];

    state_db_make(&f->state);
    f->office.db = &f->state.db;
    f->office.is_target = is_target;
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    authority_open(&f->authority, ends[0]);
    f->supervisor = ends[1];
    witness_open(&f->witness, &f->authority);
    CU_ASSERT_FATAL(pthread_create(&f->thread, NULL, supervise, f) == 0);
    return f;
}

/* Everything is told and the supervisor has stopped: the database is ours to read. */
static void fixture_end(struct fixture *f)
{
    witness_close(&f->witness);
    if (!f->authority.open)
        return;
    authority_close(&f->authority);
    pthread_join(f->thread, NULL);
    fd_close(&f->supervisor);
}

static void fixture_free(struct fixture **at)
{
    struct fixture *f = *at;

    fixture_end(f);
    office_clear(&f->office);
    state_db_clear(&f->state);
    mem_free(f);
}

/* Records of this kind; the details of the last one in `details`. */
static int records(struct fixture *f, enum audit_kind kind, char details[1024])
{
    scoped(query_end) struct query row = {0};
    struct error err = {0};
    int n = 0;

    fixture_end(f);
    details[0] = '\0';
    CU_ASSERT_FATAL(
        audit_list(&row, &f->state.db, &(struct audit_range){.kind = &kind}, &err));
    for (; query_next(&row, &err); n++) {
        struct audit_record record;

        CU_ASSERT(audit_read(&record, &row));
        snprintf(details, 1024, "%s %s %s", record.event, record.subject, record.details);
    }
    return n;
}

static void refusals_of_one_address_are_one_record(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    char details[1024];

    for (int i = 0; i < 30; i++)
        witness_refusal(&f->witness, "192.0.2.1", i < 20 ? E_TLS_BROKEN : E_BUSY, NOON + i);
    CU_ASSERT_EQUAL(records(f, AUDIT_REFUSED, details), 1);
    CU_ASSERT(text_starts(details, "connections 192.0.2.1 {\"count\":30,"
                                   "\"first\":\"2027-06-15T12:00:00Z\","
                                   "\"last\":\"2027-06-15T12:00:29Z\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(details, "20 times"));
}

static void each_minute_and_each_address_has_its_own(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    char details[1024];

    witness_refusal(&f->witness, "192.0.2.1", E_BUSY, NOON);
    witness_refusal(&f->witness, "192.0.2.2", E_BUSY, NOON);
    witness_tick(&f->witness, NOON + WITNESS_SECONDS - 1);
    witness_refusal(&f->witness, "192.0.2.1", E_BUSY, NOON + WITNESS_SECONDS - 1);
    witness_tick(&f->witness, NOON + WITNESS_SECONDS);
    witness_refusal(&f->witness, "192.0.2.1", E_BUSY, NOON + WITNESS_SECONDS);
    CU_ASSERT_EQUAL(records(f, AUDIT_REFUSED, details), 3);
}

static void many_addresses_push_the_oldest_out(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    char details[1024], host[ORIGIN_HOST_MAX];

    for (int i = 0; i < WITNESS_PLACES + 3; i++) {
        snprintf(host, sizeof(host), "2001:db8::%x", i);
        witness_refusal(&f->witness, host, E_BUSY, NOON + i / 100);
    }
    witness_tick(&f->witness, NOON); /* nothing is over */
    fixture_end(f);
    CU_ASSERT(records(f, AUDIT_REFUSED, details) > 3);
}

static void failed_attempts_are_told_in_full_up_to_a_bound(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    const struct chain none = {0};
    const struct tls_facts facts = {0};
    const struct pair broken = {.phase = PAIR_BROKEN};
    const struct audit_attempt attempt = {.self = SIDE_TARGET,
                                          .address = "192.0.2.1:5",
                                          .own = leaves_one(&none),
                                          .facts = &facts,
                                          .pair = &broken};
    char details[1024];

    for (int i = 0; i < ATTEMPTS_PER_ADDRESS + 7; i++)
        witness_attempt(&f->witness, "192.0.2.1", &attempt, NOON);
    CU_ASSERT_EQUAL(records(f, AUDIT_PAIRING, details), ATTEMPTS_PER_ADDRESS);
    CU_ASSERT_EQUAL(records(f, AUDIT_REFUSED, details), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(details, "\"count\":7"));
}

static enum msg told(struct fixture *f, enum audit_kind kind, const char *details)
{
    const struct audit_entry entry = {
        .kind = kind, .event = "start", .subject = "x", .details = span_text(details)};
    struct error err = {0};

    return authority_audit(&f->authority, &entry, &err) ? E_NONE : err.msg;
}

static void a_worker_tells_only_what_it_may_see(void)
{
    scoped(fixture_free) struct fixture *target = fixture_make(true);
    scoped(fixture_free) struct fixture *source = fixture_make(false);

    for (unsigned kind = 0; kind <= AUDIT_KINDS; kind++) {
        const bool seen =
            kind == AUDIT_PAIRING || kind == AUDIT_LISTENER || kind == AUDIT_REFUSED;

        CU_ASSERT_EQUAL(told(target, (enum audit_kind)kind, "{}"),
                        seen ? E_NONE : E_SUPERVISOR);
        CU_ASSERT_EQUAL(told(source, (enum audit_kind)kind, "{}"),
                        kind == AUDIT_PAIRING ? E_NONE : E_SUPERVISOR);
    }
    CU_ASSERT_EQUAL(told(target, AUDIT_PAIRING, "{\"open\":"), E_JSON);
}

static void a_flood_is_counted_not_written(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    char details[1024];

    for (int i = 0; i < 3 * AUDIT_RECORDS_PER_MINUTE; i++) /* two minutes at most */
        CU_ASSERT_EQUAL(told(f, AUDIT_PAIRING, "{}"), E_NONE);
    CU_ASSERT(records(f, AUDIT_PAIRING, details) <= 2 * AUDIT_RECORDS_PER_MINUTE);
    office_audit_end(&f->office);
    CU_ASSERT(records(f, AUDIT_REFUSED, details) >= 1);
    CU_ASSERT(text_starts(details, "dropped records of one minute {\"count\":"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(refusals_of_one_address_are_one_record),
        TEST(each_minute_and_each_address_has_its_own),
        TEST(many_addresses_push_the_oldest_out),
        TEST(failed_attempts_are_told_in_full_up_to_a_bound),
        TEST(a_worker_tells_only_what_it_may_see),
        TEST(a_flood_is_counted_not_written),
    };

    return run_tests("witness", tests, COUNT(tests));
}
