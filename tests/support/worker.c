/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/worker.h"

#include "agent/office_hook.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/socket.h>

void *fixture_supervise(void *at)
{
    struct fixture *f = at;

    while (office_answer(&f->office, f->supervisor, &f->ended))
        office_hook_look(&f->office);
    return NULL;
}

struct fixture *fixture_make(bool is_target)
{
    struct fixture *f = mem_zeroed(1, sizeof(*f));
    struct error err = {0};
    int ends[2];

    state_db_make(&f->state);
    f->office.db = &f->state.db;
    f->office.is_target = is_target;
    f->office.stands = NOON;
    CU_ASSERT_FATAL(
        invitation_make(&f->code, &f->state.db, "", NOON, NOON + INVITE_SECONDS, &err));
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    authority_open(&f->authority, ends[0]);
    f->supervisor = ends[1];
    CU_ASSERT_FATAL(pthread_create(&f->thread, NULL, fixture_supervise, f) == 0);
    return f;
}

void fixture_free(struct fixture **at)
{
    struct fixture *f = *at;

    authority_close(&f->authority);
    pthread_join(f->thread, NULL);
    fd_close(&f->supervisor);
    office_clear(&f->office);
    state_db_clear(&f->state);
    mem_free(f);
}

void ask_make(struct authority_ask *out, enum authority_op op, uint64_t connection,
              char key)
{
    memset(out, 0, sizeof(*out));
    out->op = op;
    out->connection = connection;
    memset(out->exporter, 'e', sizeof(out->exporter));
    memset(out->grant.peer_client_key.byte, key, DIGEST_BYTES);
    memset(out->grant.peer_server_key.byte, key, DIGEST_BYTES);
    out->grant.byte_ceiling = 1000;
    out->grant.not_after = NOON + 1000000;
    (void)text_fits(out->grant.peer_name, "source.example.com");
    (void)text_fits(out->facts.name, "data");
    (void)text_fits(out->facts.directory, "/srv");
    out->facts.kind = DIGEST_BLAKE3;
}

enum msg ask_do(struct fixture *f, struct authority_ask *ask,
                struct authority_answer *answer)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(authority_do(&f->authority, ask, (struct span){0}, (struct span){0},
                                 answer, NULL, NULL, &err),
                    err.msg == E_NONE);
    return err.msg;
}

enum msg prove(struct fixture *f, const struct code *code, uint64_t connection, char key,
               char exporter, struct authority_answer *answer)
{
    scoped(scram_free) struct scram *source = NULL;
    struct tls_facts facts = {0};
    struct authority_ask ask;
    struct error err = {0};
    bool done = false;

    *answer = (struct authority_answer){0};
    memset(facts.exporter, exporter, sizeof(facts.exporter));
    CU_ASSERT_FATAL(scram_client(&source, code, &facts, &err));
    while (!answer->done) {
        enum msg msg;

        ask_make(&ask, AUTHORITY_CODE_STEP, connection, key);
        ask.selector = code->selector;
        if (f->migration != NULL)
            (void)text_fits(ask.migration, f->migration);
        if (f->name != NULL)
            (void)text_fits(ask.facts.name, f->name);
        if (!scram_step(source, answer->scram, ask.scram, &done, &err))
            return err.msg;
        msg = ask_do(f, &ask, answer);
        if (msg != E_NONE)
            return msg;
    }
    CU_ASSERT(scram_step(source, answer->scram, ask.scram, &done, &err));
    CU_ASSERT(done);
    return E_NONE;
}

enum msg begin(struct fixture *f, uint64_t connection, uint32_t selector)
{
    scoped(scram_free) struct scram *source = NULL;
    struct code code = f->code;
    struct tls_facts facts = {0};
    struct authority_ask ask;
    struct authority_answer answer = {0};
    struct error err = {0};
    bool done;

    code.selector = selector;
    CU_ASSERT_FATAL(scram_client(&source, &code, &facts, &err));
    ask_make(&ask, AUTHORITY_CODE_STEP, connection, 'k');
    ask.selector = selector;
    CU_ASSERT_FATAL(scram_step(source, "", ask.scram, &done, &err));
    return ask_do(f, &ask, &answer);
}

enum msg again(struct fixture *f, const char *migration, char key, int64_t now,
               struct authority_answer *answer)
{
    struct authority_ask ask;

    ask_make(&ask, AUTHORITY_AGAIN, 5, key);
    f->office.stands = now;
    (void)text_fits(ask.migration, migration);
    return ask_do(f, &ask, answer);
}
