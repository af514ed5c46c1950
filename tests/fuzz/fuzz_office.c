/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a listener's worker that was taken over says to its supervisor. An input is a row of
 * requests: operation, lengths of both byte strings (16 bits each), changes of the struct
 * (offset of 16 bits, length, bytes; ended by a length of 0), then both strings. Whatever
 * is said, nobody who has proven nothing is given a grant.
 */
#include "agent/office.h"
#include "agent/schema.h"
#include "base/fs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX 16
#define STRING_MAX (32U << 10)
#define NOON 1813060800
#define INPUTS_PER_DATABASE 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool good)
{
    if (!good)
        abort();
}

static void run(struct db *db, const char *sql)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    must(query_begin(&query, db, sql, &err) && query_run(&query, NULL, &err));
}

static int64_t count_of(struct db *db, const char *sql)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    must(query_begin(&query, db, sql, &err) && query_next(&query, &err));
    return query_get_int(&query, 0);
}

/* One database for many inputs, with an invitation; the record cannot be emptied, so it is
 * made anew now and then. */
static struct db *database(void)
{
    static const char *const emptied[] = {"statement", "segment", "hook", "pairing"};
    static struct db db;
    static unsigned inputs;
    scoped(code_clear) struct code code = {0};
    struct error err = {0};

    if (inputs++ % INPUTS_PER_DATABASE == 0) {
        db_close(&db);
        must(db_open(&db, ":memory:", schema_steps, schema_count, &err));
        must(invitation_make(&code, &db, "", NOON, NOON + INVITE_SECONDS, &err));
        run(&db, "UPDATE invitation SET selector = 7");
    }
    for (size_t i = 0; i < COUNT(emptied); i++) {
        char sql[64];

        snprintf(sql, sizeof(sql), "DELETE FROM %s", emptied[i]);
        run(&db, sql);
    }
    run(&db, "UPDATE invitation SET failures = 0");
    return &db;
}

static size_t take(struct span *rest, size_t bytes)
{
    size_t value = 0;

    for (size_t i = 0; i < bytes && rest->n > 0; i++) {
        value = value << 8 | rest->at[0];
        *rest = span_after(*rest, 1);
    }
    return value;
}

static struct span take_string(struct span *rest, size_t n)
{
    const struct span string = span_head(*rest, n < rest->n ? n : rest->n);

    *rest = span_after(*rest, string.n);
    return string;
}

static void change(struct authority_ask *ask, struct span *rest)
{
    size_t at, n;

    while ((at = take(rest, 2), n = take(rest, 1)) > 0) {
        const struct span bytes = take_string(rest, n);

        if (at < sizeof(*ask) && bytes.n <= sizeof(*ask) - at)
            memcpy((unsigned char *)ask + at, bytes.at, bytes.n);
    }
}

static void fill(struct authority_ask *ask)
{
    *ask = (struct authority_ask){.connection = 1, .selector = 7};
    memset(ask->grant.peer_client_key.byte, 'k', DIGEST_BYTES);
    memset(ask->grant.peer_server_key.byte, 'k', DIGEST_BYTES);
    ask->grant.byte_ceiling = 1000;
    ask->grant.not_after = NOON + 1000000;
    memcpy(ask->migration, "m-1", sizeof("m-1"));
    memcpy(ask->facts.name, "data", sizeof("data"));
    memcpy(ask->facts.directory, "/srv", sizeof("/srv"));
}

/* False when the supervisor would have ended. */
static bool ask_once(struct office *office, int ends[2], struct span *rest)
{
    static struct authority_ask ask;
    static struct authority_answer answer;
    static unsigned char sink[AUTHORITY_BYTES_MAX];
    struct error err = {0};
    struct span first, second;
    size_t first_n, second_n, op;

    fill(&ask);
    op = take(rest, 1);
    first_n = take(rest, 2) % STRING_MAX;
    second_n = take(rest, 2) % STRING_MAX;
    ask.op = (enum authority_op)(op % (AUTHORITY_OPS + 1));
    change(&ask, rest);
    first = take_string(rest, first_n);
    second = take_string(rest, second_n);
    if (ask.first_n == 0 && ask.second_n == 0) { /* else it lies about them */
        ask.first_n = first.n;
        ask.second_n = second.n;
    }
    must(write(ends[0], &ask, sizeof(ask)) == (ssize_t)sizeof(ask));
    must(first.n == 0 || write(ends[0], first.at, first.n) == (ssize_t)first.n);
    must(second.n == 0 || write(ends[0], second.at, second.n) == (ssize_t)second.n);
    if (ask.first_n != first.n || ask.second_n != second.n)
        shutdown(ends[0], SHUT_WR);
    if (!office_answer(office, ends[1], &err))
        return false;
    must(read(ends[0], &answer, sizeof(answer)) == (ssize_t)sizeof(answer));
    must((unsigned)answer.err.msg < MSG_COUNT &&
         (!answer.done || ask.op == AUTHORITY_HOOK));
    must(answer.first_n <= sizeof(sink) && answer.second_n <= sizeof(sink));
    must(answer.first_n == 0 || read(ends[0], sink, answer.first_n) > 0);
    must(answer.second_n == 0 || read(ends[0], sink, answer.second_n) > 0);
    return ask.first_n == first.n && ask.second_n == second.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct office office; /* large */
    struct span rest = span_of(data, n);
    int ends[2];
    bool more = true;

    office = (struct office){.db = database(), .is_target = true, .stands = NOON};
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (size_t i = 0; more && i < REQUESTS_MAX && rest.n > 0; i++)
        more = ask_once(&office, ends, &rest);
    must(count_of(office.db, "SELECT count(*) FROM grants") == 0);
    must(count_of(office.db, "SELECT count(*) FROM migration") == 0);
    must(count_of(office.db, "SELECT count(*) FROM invitation WHERE used IS NOT NULL AND "
                             "used <> 0") == 0);
    close(ends[0]);
    close(ends[1]);
    office_clear(&office);
    return 0;
}
