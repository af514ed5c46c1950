/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's decisions: what a worker may ask for, and what it signs itself. */
#include "base/text.h"
#include "tests/support/family.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"
#include "transfer/receipt.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static const struct handover_terms terms = {
    .generation = 1, .epoch = 1, .manifest_root = {{1}}, .contents_root = {{2}}};

/* A supervisor that can sign, and the key of a source that has proven a code. */
struct house {
    struct fixture *f;
    struct family family;
    struct appliance target, source;
    char migration[MIGRATION_ID_MAX];
};

static void house_make(struct house *out)
{
    out->f = fixture_make(true);
    family_make(&out->family, KEY_CHOICE_EC, 3);
    appliance_make(&out->target, &out->family, KEY_CHOICE_EC, "target.example.com");
    appliance_make(&out->source, &out->family, KEY_CHOICE_EC, "source.example.com");
    out->f->office.key = &out->target.whole;
    out->f->office.leaves = identity_leaves(&out->target.identity);
}

static void house_clear(struct house *house)
{
    fixture_free(&house->f);
    appliance_clear(&house->target);
    appliance_clear(&house->source);
    family_clear(&house->family);
}

/* A migration that this source was granted. */
static void begin_migration(struct house *house)
{
    struct grant grant = {.peer_client_key =
                              chain_leaf(&house->source.identity.chain)->spki_sha256,
                          .issued = NOON,
                          .expires = NOON + GRANT_SECONDS,
                          .policy = POLICY_STRICT,
                          .peer_policy = POLICY_FIPS};
    static unsigned number;
    struct handover handover;
    struct error err = {0};
    struct handover_start start = {.migration = house->migration,
                                   .grant_id = grant.id,
                                   .name = "estate",
                                   .directory = "/srv",
                                   .peer = "source.example.com",
                                   .is_target = true,
                                   .epoch = 1,
                                   .kind = DIGEST_BLAKE3,
                                   .now = NOON};

    grant.peer_server_key = grant.peer_client_key;
    snprintf(house->migration, sizeof(house->migration), "m-%u", ++number);
    snprintf(grant.id, sizeof(grant.id), "g-%u", number);
    (void)text_fits(grant.migration, house->migration);
    CU_ASSERT_FATAL(grant_store(&house->f->state.db, &grant, "target", &err));
    CU_ASSERT_FATAL(handover_begin(&handover, &house->f->state.db, &start, &err));
}

static enum msg ask_move(struct house *house, enum handover_event event,
                         struct handover *after)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {
        .event = event, .terms = &terms, .statement = &text, .now = NOON};
    struct error err = {0};

    CU_ASSERT_FATAL(buf_add_text(&text.body, "{}", &err) &&
                    buf_add_text(&text.signature, "s", &err));
    CU_ASSERT_EQUAL(
        authority_move(&house->f->authority, house->migration, &act, after, &err),
        err.msg == E_NONE);
    return err.msg;
}

/* A freeze notice of this generation that `who` has signed, and the key of `named`. */
static enum msg tell_freeze_of(struct house *house, enum handover_event event,
                               unsigned generation, const struct appliance *who,
                               const struct appliance *named)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {.event = event,
                                     .statement = &text,
                                     .signer = chain_leaf(&named->identity.chain)->spki,
                                     .now = NOON};
    struct handover ours = {.generation = generation, .epoch = 1}, after = {0};
    struct error err = {0};

    (void)text_fits(ours.migration, house->migration);
    CU_ASSERT_FATAL(notice_make(&text, SIGNED_FREEZE, &ours, &who->whole,
                                &chain_leaf(&who->identity.chain)->spki_sha256, NOON,
                                &err));
    (void)!authority_move(&house->f->authority, house->migration, &act, &after, &err);
    return err.msg;
}

static enum msg tell_freeze(struct house *house)
{
    return tell_freeze_of(house, ASKED_FREEZE, 1, &house->source, &house->source);
}

static enum msg ask_draft(struct house *house, const struct chain *chain)
{
    scoped(buf_clear) struct buf json = buf_upto(STATEMENT_BODY_MAX);
    scoped(buf_clear) struct buf packed = buf_upto(CHAIN_PACKED_MAX);
    struct receipt draft = {.terms = {.generation = 7, .epoch = 99},
                            .kind = DIGEST_SHA256,
                            .entries = 3,
                            .bytes = 4711};
    struct error err = {0};

    (void)text_fits(draft.migration, "m-other");
    (void)text_fits(draft.name, "other");
    (void)text_fits(draft.tls_cipher, "TLS_AES_128_GCM_SHA256");
    CU_ASSERT_FATAL(receipt_write(&json, &draft, &err));
    CU_ASSERT_FATAL(chain_pack(&packed, chain, &err));
    (void)!authority_keep(&house->f->authority, AUTHORITY_DRAFT, house->migration,
                          buf_span(&json), buf_span(&packed), &err);
    return err.msg;
}

static void go_to_committing(struct house *house)
{
    struct handover after = {0};

    begin_migration(house);
    CU_ASSERT_EQUAL_FATAL(tell_freeze(house), E_NONE);
    CU_ASSERT_EQUAL_FATAL(ask_move(house, ASKED_SEAL, &after), E_NONE);
    CU_ASSERT_EQUAL_FATAL(ask_draft(house, &house->source.identity.chain), E_NONE);
    CU_ASSERT_EQUAL_FATAL(ask_move(house, ASKED_COMMIT, &after), E_NONE);
}

static enum msg decide(struct house *house, struct handover *after)
{
    struct error err = {0};

    (void)!authority_decide(&house->f->authority, house->migration, after, &err);
    return err.msg;
}

/* The receipt as it is kept, its signature checked; *hash is that of its body. */
static void read_receipt(struct house *house, struct receipt *out, struct digest *hash)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct error err = {0};

    CU_ASSERT_FATAL(authority_statement(&house->f->authority, house->migration,
                                        KEPT_RECEIPT, &text, &err));
    CU_ASSERT(receipt_signature_holds(
        &text, SIGNED_RECEIPT, chain_leaf(&house->target.identity.chain)->spki, &err));
    CU_ASSERT_FATAL(receipt_read(out, buf_span(&text.body), &err));
    digest_of(hash, DIGEST_SHA256, buf_span(&text.body));
}

static void the_receipt_says_what_the_rows_say(void)
{
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};
    struct receipt receipt = {0};
    struct digest hash, chain;

    house_make(&house);
    go_to_committing(&house);
    CU_ASSERT_EQUAL_FATAL(decide(&house, &after), E_NONE);
    CU_ASSERT_EQUAL(after.state, TARGET_COMMITTED);
    CU_ASSERT_EQUAL(after.epoch, 2);
    read_receipt(&house, &receipt, &hash);
    CU_ASSERT_STRING_EQUAL(receipt.migration, house.migration);
    CU_ASSERT_STRING_EQUAL(receipt.name, "estate");
    CU_ASSERT_EQUAL(receipt.terms.generation, 1);
    CU_ASSERT_EQUAL(receipt.terms.epoch, 2);
    CU_ASSERT_EQUAL(receipt.kind, DIGEST_BLAKE3);
    CU_ASSERT_EQUAL(receipt.bytes, 4711); /* the worker's count */
    CU_ASSERT_STRING_EQUAL(receipt.tls_cipher, "TLS_AES_128_GCM_SHA256");
    CU_ASSERT_STRING_EQUAL(receipt.source.policy, "fips");
    CU_ASSERT_STRING_EQUAL(receipt.target.policy, "strict");
    CU_ASSERT_STRING_EQUAL(receipt.source.name, "source.example.com");
    chain_digest(&chain, &house.source.identity.chain);
    CU_ASSERT(digest_equal(&chain, &receipt.source.chain));
}

static void receipts_are_chained(void)
{
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};
    struct receipt first = {0}, second = {0};
    struct digest hash, last;

    house_make(&house);
    go_to_committing(&house);
    CU_ASSERT_EQUAL_FATAL(decide(&house, &after), E_NONE);
    CU_ASSERT_EQUAL_FATAL(decide(&house, &after), E_NONE); /* again: the same one */
    read_receipt(&house, &first, &hash);
    go_to_committing(&house);
    CU_ASSERT_EQUAL_FATAL(decide(&house, &after), E_NONE);
    read_receipt(&house, &second, &last);
    CU_ASSERT(digest_equal(&first.previous, &(struct digest){0}));
    CU_ASSERT(digest_equal(&second.previous, &hash));
}

static void nothing_is_decided_before_commit_was_asked_for(void)
{
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};

    house_make(&house);
    begin_migration(&house);
    CU_ASSERT_EQUAL(decide(&house, &after), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(tell_freeze(&house), E_NONE);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_SEAL, &after), E_NONE);
    CU_ASSERT_EQUAL(decide(&house, &after), E_HANDOVER_MOVE);
}

static void overrides_and_decisions_are_not_the_workers(void)
{
    static const enum handover_event not_its[] = {DID_PUBLISH, TAKEOVER,     TAKEOVER_ALIVE,
                                                  RECLAIM,     WILL_GIVE_UP, GOT_RECEIPT};
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};

    house_make(&house);
    go_to_committing(&house);
    for (size_t i = 0; i < COUNT(not_its); i++)
        CU_ASSERT_EQUAL(ask_move(&house, not_its[i], &after), E_SUPERVISOR);
}

/* The house from the other side: a source that has asked its target to commit. */
static void source_in_doubt(struct house *house)
{
    struct grant grant = {.id = "g-s", .migration = "m-s", .expires = NOON + 1};
    struct handover_start start = {.migration = "m-s",
                                   .grant_id = "g-s",
                                   .name = "estate",
                                   .directory = "/srv",
                                   .peer = "target.example.com",
                                   .epoch = 1,
                                   .kind = DIGEST_BLAKE3,
                                   .now = NOON};
    struct handover after = {0};
    struct error err = {0};

    house->f->office.is_target = false;
    (void)text_fits(house->migration, "m-s");
    grant.peer_server_key = chain_leaf(&house->target.identity.chain)->spki_sha256;
    CU_ASSERT_FATAL(grant_store(&house->f->state.db, &grant, "source", &err));
    CU_ASSERT_FATAL(handover_begin(&after, &house->f->state.db, &start, &err));
    CU_ASSERT_EQUAL_FATAL(ask_move(house, WILL_FREEZE, &after), E_NONE);
    CU_ASSERT_EQUAL_FATAL(ask_move(house, WILL_ASK, &after), E_NONE);
}

/* GOT_ABORTED with a notice that `who` has signed, and the key of `named` beside it. */
static enum msg tell_abort(struct house *house, const struct appliance *who,
                           const struct appliance *named, struct handover *after)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {.event = GOT_ABORTED,
                                     .statement = &text,
                                     .signer = chain_leaf(&named->identity.chain)->spki};
    struct migration_facts facts;
    struct handover ours = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(
        authority_migration(&house->f->authority, house->migration, &ours, &facts, &err));
    CU_ASSERT_FATAL(notice_make(&text, SIGNED_ABORT, &ours, &who->whole,
                                &chain_leaf(&who->identity.chain)->spki_sha256, NOON,
                                &err));
    (void)!authority_move(&house->f->authority, house->migration, &act, after, &err);
    return err.msg;
}

/* Whatever its worker says: a source is thawed by the key of its grant. */
static void the_targets_word_is_signed_by_the_target(void)
{
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};

    house_make(&house);
    source_in_doubt(&house);
    CU_ASSERT_EQUAL(ask_move(&house, GOT_ABORTED, &after), E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(ask_move(&house, GOT_RECEIPT, &after), E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_abort(&house, &house.source, &house.source, &after),
                    E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_abort(&house, &house.source, &house.target, &after),
                    E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_abort(&house, &house.target, &house.target, &after), E_NONE);
    CU_ASSERT_EQUAL(after.state, SOURCE_THAWED);
}

/* Whatever its worker says: no source is taken for frozen that has not signed that. */
static void the_sources_word_is_signed_by_the_source(void)
{
    scoped(house_clear) struct house house = {0};
    const struct appliance *source = &house.source, *target = &house.target;
    struct handover after = {0};

    house_make(&house);
    begin_migration(&house);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_FREEZE, &after), E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_NEXT, &after), E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_freeze_of(&house, ASKED_FREEZE, 1, target, target),
                    E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_freeze_of(&house, ASKED_FREEZE, 1, target, source),
                    E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_freeze_of(&house, ASKED_FREEZE, 2, source, source),
                    E_STATEMENT_OTHER);
    CU_ASSERT_EQUAL(tell_freeze_of(&house, ASKED_NEXT, 1, source, source),
                    E_STATEMENT_OTHER);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_SEAL, &after), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(tell_freeze(&house), E_NONE);
    CU_ASSERT_EQUAL(tell_freeze_of(&house, ASKED_NEXT, 2, source, source), E_NONE);
}

/* The receipt that was signed, by the source's key, or nothing. */
static void a_countersignature_is_of_the_receipt(void)
{
    scoped(house_clear) struct house house = {0};
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct handover_act by_source = {.event = ASKED_COUNTERSIGN, .statement = &text};
    struct handover after = {0};
    struct error err = {0}, other = {0};

    house_make(&house);
    go_to_committing(&house);
    CU_ASSERT_EQUAL_FATAL(decide(&house, &after), E_NONE);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_COUNTERSIGN, &after), E_STATEMENT_SIGNATURE);
    CU_ASSERT_EQUAL(tell_freeze(&house), E_NONE); /* said again, late */
    CU_ASSERT_FATAL(authority_statement(&house.f->authority, house.migration, KEPT_RECEIPT,
                                        &text, &err));
    by_source.signer = chain_leaf(&house.source.identity.chain)->spki;
    CU_ASSERT_FALSE(
        authority_move(&house.f->authority, house.migration, &by_source, &after, &other));
    CU_ASSERT_EQUAL(other.msg, E_STATEMENT_SIGNATURE);
    CU_ASSERT_FATAL(receipt_sign(&text, &house.source.whole, SIGNED_COUNTERSIGN, &err));
    CU_ASSERT(
        authority_move(&house.f->authority, house.migration, &by_source, &after, &err));
}

static void a_draft_is_of_the_granted_source(void)
{
    scoped(house_clear) struct house house = {0};

    house_make(&house);
    begin_migration(&house);
    CU_ASSERT_EQUAL(ask_draft(&house, &house.target.identity.chain), E_GRANT_KEY);
    CU_ASSERT_EQUAL(ask_draft(&house, &house.source.identity.chain), E_NONE);
}

static void an_abort_is_signed_once(void)
{
    scoped(house_clear) struct house house = {0};
    scoped(signed_text_clear) struct signed_text first = signed_text_none();
    scoped(signed_text_clear) struct signed_text again = signed_text_none();
    struct handover after = {0};
    struct notice notice;
    struct error err = {0};
    struct authority *authority;

    house_make(&house);
    authority = &house.f->authority;
    begin_migration(&house);
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_ABORT, &after), E_NONE);
    CU_ASSERT_FATAL(
        authority_statement(authority, house.migration, KEPT_ABORT, &first, &err));
    CU_ASSERT_EQUAL(ask_move(&house, ASKED_ABORT, &after), E_NONE);
    CU_ASSERT_FATAL(
        authority_statement(authority, house.migration, KEPT_ABORT, &again, &err));
    CU_ASSERT(span_equal(buf_span(&first.signature), buf_span(&again.signature)));
    CU_ASSERT(notice_accept(&notice, &first, SIGNED_ABORT,
                            chain_leaf(&house.target.identity.chain)->spki, &after, &err));
}

static int64_t ask_number(struct house *house, const char *sql)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, &house->f->state.db, sql, &err));
    query_text(&query, 1, house->migration);
    CU_ASSERT_FATAL(query_next(&query, &err));
    return query_get_int(&query, 0);
}

/* Its state stays; but it is no question told again, of which a minute has so many. */
static void a_hold_is_on_the_record_whatever_else_is(void)
{
    scoped(house_clear) struct house house = {0};
    struct handover after = {0};

    house_make(&house);
    go_to_committing(&house);
    for (int i = 0; i < 2 * AUDIT_RECORDS_PER_MINUTE; i++)
        CU_ASSERT_EQUAL(ask_move(&house, ASKED_SEAL, &after), E_NONE);
    CU_ASSERT_EQUAL(ask_move(&house, DID_HOLD, &after), E_HANDOVER_IN_DOUBT);
    (void)ask_number(&house, "UPDATE migration SET typed = 1 WHERE id = ?1 RETURNING 1");
    CU_ASSERT_EQUAL(ask_move(&house, DID_HOLD, &after), E_NONE);
    CU_ASSERT_EQUAL(after.typed, TYPED_HELD);
    CU_ASSERT_EQUAL(ask_number(&house, "SELECT count(*) FROM audit WHERE subject = ?1 AND"
                                       " event = 'held'"),
                    1);
}

static void those_in_committing_are_listed(void)
{
    scoped(house_clear) struct house house = {0};
    char id[MIGRATION_ID_MAX] = "";
    struct error err = {0};
    bool found = false;

    house_make(&house);
    go_to_committing(&house);
    CU_ASSERT(authority_next(&house.f->authority, TARGET_COMMITTING, id, id, &found, &err));
    CU_ASSERT(found);
    CU_ASSERT_STRING_EQUAL(id, house.migration);
    CU_ASSERT(authority_next(&house.f->authority, TARGET_COMMITTING, id, id, &found, &err));
    CU_ASSERT_FALSE(found);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_receipt_says_what_the_rows_say),
        TEST(receipts_are_chained),
        TEST(nothing_is_decided_before_commit_was_asked_for),
        TEST(overrides_and_decisions_are_not_the_workers),
        TEST(the_targets_word_is_signed_by_the_target),
        TEST(the_sources_word_is_signed_by_the_source),
        TEST(a_countersignature_is_of_the_receipt),
        TEST(a_draft_is_of_the_granted_source),
        TEST(an_abort_is_signed_once),
        TEST(a_hold_is_on_the_record_whatever_else_is),
        TEST(those_in_committing_are_listed),
    };

    return run_tests("office_handover", tests, COUNT(tests));
}
