/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conversation in memory: only the right message at the right time goes on. */
#include "base/text.h"
#include "certs/statement.h"
#include "pairing/message_json.h"
#include "tests/support/duo.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define MESSAGES 6

/* The messages of one conversation, in order: source, target, source … */
struct script {
    struct buf said[MESSAGES];
};

static void script_clear(struct script *script)
{
    for (size_t i = 0; i < MESSAGES; i++)
        buf_clear(&script->said[i]);
}

/* A connection with nothing random in it: what was said on it once fits again. */
static void connect_again(struct duo *duo)
{
    duo_connect(duo, POLICY_DEFAULT, POLICY_DEFAULT);
    memset(duo->source.facts.exporter, 'e', TLS_EXPORTER_BYTES);
    memset(duo->target.facts.exporter, 'e', TLS_EXPORTER_BYTES);
    memset(duo->source.pair.nonce.byte, 's', DIGEST_BYTES);
    memset(duo->target.pair.nonce.byte, 't', DIGEST_BYTES);
}

/* Hold the first n messages of the conversation; what is said goes to `script`. */
static void converse(struct duo *duo, size_t n, struct script *script)
{
    for (size_t i = 0; i < n; i++) {
        scoped(buf_clear) struct buf message = {0};
        struct talker *listener = duo_listener(duo);
        struct error err = {0};

        talker_says(duo_speaker(duo), &message);
        CU_ASSERT_FATAL(talker_hears(listener, buf_span(&message), &err));
        if (script == NULL)
            continue;
        buf_clear(&script->said[i]);
        script->said[i] = message;
        message = (struct buf){0};
    }
}

static void two_good_sides_agree(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    struct digest source, target;

    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_AGREED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_AGREED);
    CU_ASSERT_PTR_NULL(pair_step(&duo->source.pair));
    pair_transcript(&duo->source.pair, &source);
    pair_transcript(&duo->target.pair, &target);
    CU_ASSERT(digest_equal(&source, &target));
    CU_ASSERT_EQUAL(duo->source.pair.findings.n + duo->source.pair.peer_findings.n, 0);
    CU_ASSERT_EQUAL(duo->source.pair.skew_ms, 0);
}

static void each_side_judges_by_its_own_policy(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    duo_connect(duo, POLICY_STRICT, POLICY_FIPS);
    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_AGREED);
    CU_ASSERT_EQUAL(duo->source.pair.peer_policy, POLICY_FIPS);
    CU_ASSERT_EQUAL(duo->target.pair.peer_policy, POLICY_STRICT);
    /* keyEncipherment is missing from these EC leaves: ome refuses, both hear why. */
    duo_connect(duo, POLICY_DEFAULT, POLICY_OME);
    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_REFUSED);
    CU_ASSERT(duo->source.pair.good);
    CU_ASSERT(report_errors(&duo->source.pair.peer_findings) > 0);
}

static void a_refused_source_hears_the_targets_reasons(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(report_clear) struct report all = {0};
    const struct error *heard;

    trust_clear(&duo->target.appliance.trust);
    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_REFUSED);
    heard = report_find(&duo->source.pair.peer_findings, E_TRUST_NO_PATH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    CU_ASSERT_EQUAL(heard->side, SIDE_SOURCE);
    CU_ASSERT_STRING_EQUAL(heard->about,
                           report_find(&duo->target.pair.findings, E_TRUST_NO_PATH)->about);
    pair_findings(&duo->source.pair, &all);
    CU_ASSERT_PTR_NOT_NULL(report_find(&all, E_TRUST_NO_PATH));
}

static void one_bad_verdict_refuses_both(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    trust_clear(&duo->source.appliance.trust);
    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_REFUSED);
    CU_ASSERT_FALSE(duo->source.pair.good);
    CU_ASSERT(duo->source.pair.peer_good);
}

/* The whole table: after every prefix of the conversation, either side hears each message.
 */
static void only_the_next_message_moves_a_side(void)
{
    scoped(script_clear) struct script script = {0};
    scoped(duo_free) struct duo *duo = duo_make(3);
    size_t moved = 0;

    connect_again(duo);
    converse(duo, MESSAGES, &script);
    for (size_t held = 0; held <= MESSAGES; held++) {
        for (size_t k = 0; k < 2 * MESSAGES; k++) {
            struct talker *listener = k < MESSAGES ? &duo->source : &duo->target;
            size_t number = k % MESSAGES;
            struct error err = {0};
            bool right, heard;

            connect_again(duo);
            converse(duo, held, NULL);
            /* Source and target take turns; the speaker has yet to say its message. */
            right = number == held && listener == duo_listener(duo);
            heard = talker_hears(listener, buf_span(&script.said[number]), &err);
            CU_ASSERT_EQUAL(heard, right);
            CU_ASSERT_EQUAL(err.msg == E_NONE, right);
            CU_ASSERT_EQUAL(listener->pair.phase == PAIR_BROKEN, !right);
            moved += heard;
        }
    }
    CU_ASSERT_EQUAL(moved, MESSAGES);
}

/* In each phase, what a side may not say or hear; nothing leads out of the last three. */
static void every_phase_refuses_what_is_not_its_own(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(script_clear) struct script script = {0};

    connect_again(duo);
    converse(duo, MESSAGES, &script);
    for (unsigned phase = PAIR_SAY_HELLO; phase <= PAIR_BROKEN; phase++) {
        bool speaks = phase == PAIR_SAY_HELLO || phase == PAIR_SAY_NONCE;
        bool hears = phase == PAIR_HEAR_HELLO || phase == PAIR_HEAR_NONCE ||
                     phase == PAIR_HEAR_VERDICT;

        for (size_t i = 0; i < MESSAGES && !hears; i++) {
            struct error err = {0};

            connect_again(duo);
            duo->source.pair.phase = (enum pair_phase)phase;
            CU_ASSERT_FALSE(talker_hears(&duo->source, buf_span(&script.said[i]), &err));
            CU_ASSERT_EQUAL(err.msg, E_PAIR_TURN);
            CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_BROKEN);
        }
        if (!speaks) {
            scoped(buf_clear) struct buf out = buf_upto(PAIR_MESSAGE_MAX);
            struct error err = {0};

            connect_again(duo);
            duo->source.pair.phase = (enum pair_phase)phase;
            CU_ASSERT_FALSE(pair_say(&duo->source.pair, NOON_MS, &out, &err));
            CU_ASSERT_EQUAL(err.msg, E_PAIR_TURN);
            CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_BROKEN);
            CU_ASSERT_EQUAL(out.n, 0);
        }
    }
}

static void a_message_said_twice_breaks_the_attempt(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(script_clear) struct script script = {0};

    for (size_t n = 1; n <= MESSAGES; n++) {
        struct talker *listener = n % 2 == 1 ? &duo->target : &duo->source;
        struct error err = {0};

        connect_again(duo);
        converse(duo, n, &script);
        CU_ASSERT_FALSE(talker_hears(listener, buf_span(&script.said[n - 1]), &err));
        CU_ASSERT_EQUAL(listener->pair.phase, PAIR_BROKEN);
    }
}

/* The listener of message n as it was before, though a try has failed. */
static struct talker *listener_again(struct duo *duo, size_t n)
{
    struct talker *listener = n % 2 == 0 ? &duo->target : &duo->source;
    static const enum pair_phase phases[] = {PAIR_HEAR_HELLO, PAIR_HEAR_NONCE,
                                             PAIR_HEAR_VERDICT};

    if (n < 2)
        profile_clear(&listener->pair.theirs);
    buf_reset(&listener->pair.peer_body);
    buf_reset(&listener->pair.peer_signature);
    listener->pair.phase = phases[n / 2];
    return listener;
}

static void every_truncation_breaks_the_attempt(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t n = 0; n < MESSAGES; n++) {
        scoped(buf_clear) struct buf message = {0};

        connect_again(duo);
        converse(duo, n, NULL);
        talker_says(duo_speaker(duo), &message);
        for (size_t length = 0; length < message.n; length++) {
            struct talker *listener = listener_again(duo, n);
            struct error err = {0};

            CU_ASSERT_FALSE(
                talker_hears(listener, span_head(buf_span(&message), length), &err));
            CU_ASSERT_EQUAL(err.msg, E_JSON);
            CU_ASSERT_EQUAL(listener->pair.phase, PAIR_BROKEN);
        }
    }
}

/* Signed bytes: no bit of body or signature can change. */
static void every_byte_of_a_verdict_counts(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t n = 4; n < MESSAGES; n++) {
        scoped(buf_clear) struct buf message = {0};
        struct error good = {0};

        connect_again(duo);
        converse(duo, n, NULL);
        talker_says(duo_speaker(duo), &message);
        for (size_t i = 0; i < message.n; i++) {
            struct talker *listener = listener_again(duo, n);
            struct error err = {0};

            message.at[i] ^= 1;
            CU_ASSERT_FALSE(talker_hears(listener, buf_span(&message), &err));
            message.at[i] ^= 1;
        }
        CU_ASSERT(talker_hears(listener_again(duo, n), buf_span(&message), &good));
    }
}

/* The first n messages, then the n-th said by an end whose words are changed. */
static enum msg answer_to(struct duo *duo, size_t n, const char *from, const char *to)
{
    scoped(buf_clear) struct buf message = {0};
    scoped(buf_clear) struct buf changed = buf_upto(2 * PAIR_MESSAGE_MAX);
    struct talker *listener;
    struct error err = {0};
    size_t where = 0;

    connect_again(duo);
    converse(duo, n, NULL);
    listener = duo_listener(duo);
    talker_says(duo_speaker(duo), &message);
    CU_ASSERT_FATAL(span_find(buf_span(&message), from, &where));
    CU_ASSERT_FATAL(buf_add(&changed, span_head(buf_span(&message), where), &err));
    CU_ASSERT_FATAL(buf_add_text(&changed, to, &err));
    CU_ASSERT_FATAL(
        buf_add(&changed, span_after(buf_span(&message), where + strlen(from)), &err));
    CU_ASSERT_EQUAL(talker_hears(listener, buf_span(&changed), &err), err.msg == E_NONE);
    return err.msg;
}

static void a_hello_is_checked_field_by_field(void)
{
    static const struct {
        const char *from, *to;
        enum msg msg;
    } cases[] = {
        {"\"role\":\"source\"", "\"role\":\"target\"", E_PAIR_ROLE},
        {"\"role\":\"source\"", "\"role\":\"both\"", E_JSON},
        {"\"version_min\":1", "\"version_min\":2", E_PAIR_VERSION},
        {"\"version_min\":1", "\"version_min\":0", E_JSON},
        {"\"version_max\":1", "\"version_max\":65536", E_JSON},
        {"\"version_max\":1", "\"version_max\":9", E_NONE},
        {"\"version_max\":1", "\"version_max\":1.0", E_JSON},
        {"\"policy\":\"default\"", "\"policy\":\"strict\"", E_NONE},
        {"\"policy\":\"default\"", "\"policy\":\"lenient\"", E_USAGE},
        {"\"clock_ms\":1", "\"clock_ms\":-1", E_JSON},
        {"\"clock_ms\":1", "\"clock_ms\":99999999991", E_JSON},
        {"\"product\":\"pairgate\"", "\"product\":\"another\"", E_NONE},
        {"\"product\":\"pairgate\"", "\"product\":7", E_JSON},
        {"\"product\":\"pairgate\"", "\"product\":\"x\\u0000y\"", E_JSON},
        {"\"product\":\"pairgate\",", "", E_JSON},
        {"\"leaves\":{", "\"leaves\":[],\"x\":{", E_JSON},
        {"\"server\":{", "\"servant\":{", E_JSON},
        {"\"certificate\":\"M", "\"certificate\":\"*", E_JSON},
        {"{\"role\"", "{\"role\":\"source\",\"role\"", E_JSON},
        {"{\"role\"", "{\"new\":[1,2],\"role\"", E_NONE},
        {"{\"role\"", "[{\"role\"", E_JSON},
        {"}}}", "}}}x", E_JSON},
    };
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t i = 0; i < COUNT(cases); i++) {
        enum msg got = answer_to(duo, 0, cases[i].from, cases[i].to);
        bool good = got == cases[i].msg ||
                    (cases[i].msg == E_USAGE && got != E_NONE); /* policy_named's own */

        if (!good)
            printf("\n    %s: %s ", cases[i].to, message_of(got)->name);
        CU_ASSERT(good);
    }
}

static void a_targets_hello_must_commit_to_its_nonce(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    CU_ASSERT_EQUAL(answer_to(duo, 1, "\"nonce_sha256\"", "\"nonce_sha512\""), E_JSON);
    CU_ASSERT_EQUAL(answer_to(duo, 1, "\"role\":\"target\"", "\"role\":\"source\""),
                    E_PAIR_ROLE);
    CU_ASSERT_EQUAL(answer_to(duo, 1, "\"nonce_sha256\":\"", "\"nonce_sha256\":\"0"),
                    E_JSON);
}

static void a_nonce_other_than_the_promised_one_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    /* 's' and 't' throughout: 73 and 74. */
    CU_ASSERT_EQUAL(answer_to(duo, 3, "\"nonce\":\"74", "\"nonce\":\"75"), E_PAIR_NONCE);
    CU_ASSERT_EQUAL(answer_to(duo, 3, "\"nonce\":\"74", "\"nonce\":\"7"), E_JSON);
    CU_ASSERT_EQUAL(answer_to(duo, 2, "\"nonce\":\"73", "\"nonce\":\"75"), E_NONE);
    CU_ASSERT_EQUAL(answer_to(duo, 2, "\"nonce\"", "\"once\""), E_JSON);
}

/* A source that gives the target's own nonce back would know what it is about to hear. */
static void a_reflected_nonce_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(buf_clear) struct buf message = buf_upto(PAIR_MESSAGE_MAX);
    struct error err = {0};

    connect_again(duo);
    converse(duo, 2, NULL);
    CU_ASSERT_FATAL(message_write_nonce(&message, &duo->target.pair.nonce, &err));
    CU_ASSERT_FALSE(talker_hears(&duo->target, buf_span(&message), &err));
    CU_ASSERT_EQUAL(err.msg, E_PAIR_NONCE);
}

static void a_leaf_that_was_not_presented_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(duo_free) struct duo *other = duo_make(3);
    scoped(buf_clear) struct buf message = {0};
    struct error err = {0};

    talker_says(&other->source, &message);
    CU_ASSERT_FALSE(talker_hears(&duo->target, buf_span(&message), &err));
    CU_ASSERT_EQUAL(err.msg, E_PAIR_LEAF);
}

static void two_leaves_pair_whoever_has_them(void)
{
    for (unsigned which = 1; which <= 3; which++) {
        scoped(duo_free) struct duo *duo =
            duo_make_of(3, (which & 1) != 0, (which & 2) != 0);
        const struct pair *source = &duo->source.pair, *target = &duo->target.pair;

        duo_converse(duo, PAIR_AGREED);
        CU_ASSERT_EQUAL(source->phase, PAIR_AGREED);
        CU_ASSERT_EQUAL(target->phase, PAIR_AGREED);
        CU_ASSERT_EQUAL(source->findings.n + target->findings.n, 0);
        CU_ASSERT_EQUAL(leaves_are_split(&target->peer), (which & 1) != 0);
        CU_ASSERT_EQUAL(leaves_are_split(&source->peer), (which & 2) != 0);
        CU_ASSERT_EQUAL(digest_equal(&target->theirs.server.spki_sha256,
                                     &target->theirs.client.spki_sha256),
                        (which & 1) == 0);
    }
}

static bool hears_of(const struct pair *pair, enum msg msg, enum side side)
{
    scoped(report_clear) struct report all = {0};
    const struct error *finding;

    pair_findings(pair, &all);
    finding = report_find(&all, msg);
    return finding != NULL && finding->side == side && report_errors(&all) > 0;
}

/* Whatever the source says of its other leaf: both sides hear why it is refused. */
static bool is_refused_for(struct duo *duo, enum msg msg)
{
    duo_converse(duo, PAIR_AGREED);
    return duo->source.pair.phase == PAIR_REFUSED &&
           duo->target.pair.phase == PAIR_REFUSED &&
           hears_of(&duo->source.pair, msg, SIDE_SOURCE) &&
           hears_of(&duo->target.pair, msg, SIDE_SOURCE);
}

static void replace(struct buf *buf, struct span with)
{
    struct error err = {0};

    buf_reset(buf);
    CU_ASSERT_FATAL(buf_add(buf, with, &err));
}

static void a_leaf_nobody_vouches_for_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make_of(3, true, false);
    struct profile *said = &duo->source.pair.mine;

    buf_reset(&said->server.vouch);
    CU_ASSERT(is_refused_for(duo, E_VOUCH_MISSING));
    duo_connect(duo, POLICY_DEFAULT, POLICY_DEFAULT);
    buf_reset(&said->client.vouch);
    CU_ASSERT(is_refused_for(duo, E_VOUCH_MISSING));
    duo_connect(duo, POLICY_DEFAULT, POLICY_DEFAULT);
    said->server.vouch.at[said->server.vouch.n - 1] ^= 1;
    CU_ASSERT(is_refused_for(duo, E_VOUCH_FORGED));
}

/* The leaf of another appliance under the same CA, with everything that is said of it. */
static void a_borrowed_leaf_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make_of(3, true, true);
    const struct identity *other = &duo->target.appliance.identity;
    struct profile *said = &duo->source.pair.mine;

    replace(&said->server.der, buf_span(&other->chain.cert[0].der));
    said->server.spki_sha256 = other->chain.cert[0].spki_sha256;
    replace(&said->server.vouch, buf_span(&other->server_vouch));
    CU_ASSERT(is_refused_for(duo, E_VOUCH_FORGED));
    CU_ASSERT(hears_of(&duo->source.pair, E_SAME_IDENTITY, SIDE_BOTH));
    /* Its own leaf again, with what others were told. */
    duo_connect(duo, POLICY_DEFAULT, POLICY_DEFAULT);
    replace(&said->server.vouch, buf_span(&other->server_vouch));
    replace(&said->client.vouch, buf_span(&other->client_vouch));
    CU_ASSERT(is_refused_for(duo, E_VOUCH_FORGED));
}

static void policy_ome_takes_one_leaf(void)
{
    scoped(duo_free) struct duo *duo = duo_make_of(3, true, false);

    duo_connect(duo, POLICY_DEFAULT, POLICY_OME);
    CU_ASSERT(is_refused_for(duo, E_PAIR_SPLIT));
    duo_connect(duo, POLICY_STRICT, POLICY_FIPS);
    duo_converse(duo, PAIR_AGREED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_AGREED);
}

/* On the connection the source has shown the leaf it serves with. */
static void the_leaf_of_the_other_part_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make_of(3, true, false);
    scoped(buf_clear) struct buf message = {0};
    struct error err = {0};

    chain_clear(&duo->target.facts.peer);
    CU_ASSERT_FATAL(
        chain_copy(&duo->target.facts.peer, &duo->source.appliance.identity.chain, &err));
    talker_says(&duo->source, &message);
    CU_ASSERT_FALSE(talker_hears(&duo->target, buf_span(&message), &err));
    CU_ASSERT_EQUAL(err.msg, E_PAIR_LEAF);
}

/* The key that vouches is not the one that signs verdicts. */
static void a_verdict_by_the_other_leaf_is_refused(void)
{
    scoped(duo_free) struct duo *duo = duo_make_of(3, true, false);
    scoped(buf_clear) struct buf message = {0}, signature = buf_upto(KEY_SIGNATURE_MAX);
    struct pair *pair = &duo->source.pair;
    struct error err = {0};

    duo_converse(duo, PAIR_SAY_VERDICT);
    talker_judges(&duo->source);
    CU_ASSERT_FATAL(statement_sign(&signature, &duo->source.appliance.identity.key,
                                   STATEMENT_VERDICT, "source", buf_span(&pair->body),
                                   &err));
    CU_ASSERT_FATAL(pair_sign(pair, buf_span(&signature), &err));
    talker_says(&duo->source, &message);
    CU_ASSERT_FALSE(talker_hears(&duo->target, buf_span(&message), &err));
    CU_ASSERT_EQUAL(err.msg, E_VERDICT_SIGNATURE);
}

/* A verdict said on one connection and heard on another. */
static enum msg crossed(struct duo *duo, size_t n, bool other_exporter)
{
    scoped(script_clear) struct script script = {0};
    struct error err = {0};

    connect_again(duo);
    converse(duo, MESSAGES, &script);
    connect_again(duo);
    if (other_exporter) {
        memset(duo->source.facts.exporter, 'f', TLS_EXPORTER_BYTES);
        memset(duo->target.facts.exporter, 'f', TLS_EXPORTER_BYTES);
    } else {
        memset(duo->source.pair.nonce.byte, 'u', DIGEST_BYTES);
    }
    converse(duo, n, NULL);
    CU_ASSERT_FALSE(talker_hears(duo_listener(duo), buf_span(&script.said[n]), &err));
    return err.msg;
}

static void a_verdict_of_another_connection_is_no_verdict(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    CU_ASSERT_EQUAL(crossed(duo, 4, true), E_VERDICT_CROSSED);
    CU_ASSERT_EQUAL(crossed(duo, 5, true), E_VERDICT_CROSSED);
    CU_ASSERT_EQUAL(crossed(duo, 4, false), E_VERDICT_CROSSED);
    CU_ASSERT_EQUAL(crossed(duo, 5, false), E_VERDICT_CROSSED);
}

/* Its verdict has no part of the source's: made before, it says the same. */
static void a_target_judges_as_soon_as_both_nonces_are_known(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t held = 0; held < 4; held++) {
        struct error err = {0};

        connect_again(duo);
        converse(duo, held, NULL);
        CU_ASSERT_FALSE(pair_judge(&duo->target.pair, NOON_MS, &err));
        CU_ASSERT_EQUAL(err.msg, E_PAIR_TURN);
    }
    connect_again(duo);
    converse(duo, 4, NULL);
    talker_judges(&duo->target);
    talker_signs(&duo->target);
    for (size_t i = 0; i < 2; i++) {
        scoped(buf_clear) struct buf message = {0};
        struct talker *listener = duo_listener(duo);
        struct error err = {0};

        talker_says(duo_speaker(duo), &message);
        CU_ASSERT_FATAL(talker_hears(listener, buf_span(&message), &err));
    }
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_AGREED);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_AGREED);
}

/* An end that changes the body of its own verdict and signs that. */
static enum msg signed_anew(struct duo *duo, size_t n, const char *from, const char *to)
{
    scoped(buf_clear) struct buf message = {0};
    scoped(buf_clear) struct buf changed = buf_upto(STATEMENT_BODY_MAX);
    struct talker *speaker, *listener;
    struct error err = {0};
    size_t where = 0;

    connect_again(duo);
    converse(duo, n, NULL);
    speaker = duo_speaker(duo);
    listener = duo_listener(duo);
    talker_judges(speaker);
    CU_ASSERT_FATAL(span_find(buf_span(&speaker->pair.body), from, &where));
    CU_ASSERT_FATAL(
        buf_add(&changed, span_head(buf_span(&speaker->pair.body), where), &err));
    CU_ASSERT_FATAL(buf_add_text(&changed, to, &err));
    CU_ASSERT_FATAL(buf_add(
        &changed, span_after(buf_span(&speaker->pair.body), where + strlen(from)), &err));
    buf_clear(&speaker->pair.body);
    speaker->pair.body = changed;
    changed = (struct buf){0};
    talker_signs(speaker);
    talker_says(speaker, &message);
    CU_ASSERT_EQUAL(talker_hears(listener, buf_span(&message), &err), err.msg == E_NONE);
    return err.msg;
}

#define SS "7373737373737373737373737373737373737373737373737373737373737373"
#define TT "7474747474747474747474747474747474747474747474747474747474747474"

static void every_term_of_a_verdict_must_be_ours(void)
{
    static const struct {
        const char *from, *to;
        enum msg msg;
    } cases[] = {
        {"\"role\":\"source\"", "\"role\":\"target\"", E_VERDICT_CROSSED},
        {"\"version\":1", "\"version\":2", E_PAIR_VERSION},
        {"\"policy\":\"default\"", "\"policy\":\"strict\"", E_VERDICT_CROSSED},
        {"\"exporter\":\"65", "\"exporter\":\"66", E_VERDICT_CROSSED},
        {"\"source_nonce\":\"73", "\"source_nonce\":\"72", E_VERDICT_CROSSED},
        {"\"target_nonce\":\"74", "\"target_nonce\":\"73", E_VERDICT_CROSSED},
        {"\"source_chain\":\"", "\"source_chain\":\"" SS "\",\"x\":\"", E_VERDICT_CROSSED},
        {"\"target_chain\":\"", "\"target_chain\":\"" TT "\",\"x\":\"", E_VERDICT_CROSSED},
        {"\"source_server_key\":\"", "\"source_server_key\":\"" SS "\",\"x\":\"",
         E_VERDICT_CROSSED},
        {"\"source_client_key\":\"", "\"source_client_key\":\"" SS "\",\"x\":\"",
         E_VERDICT_CROSSED},
        {"\"target_server_key\":\"", "\"target_server_key\":\"" SS "\",\"x\":\"",
         E_VERDICT_CROSSED},
        {"\"target_client_key\":\"", "\"target_client_key\":\"" SS "\",\"x\":\"",
         E_VERDICT_CROSSED},
        {"\"exporter\"", "\"importer\"", E_JSON},
        {"\"paired\":true", "\"paired\":1", E_JSON},
        {"\"paired\":true", "\"paired\":\"true\"", E_JSON},
        {"\"paired\":true,", "", E_JSON},
        {"\"findings\":[]", "\"findings\":{}", E_JSON},
        {"\"findings\":[]", "\"findings\":[1]", E_JSON},
        {"\"findings\":[]", "\"findings\":[{}]", E_JSON},
        {"\"findings\":[]", "\"found\":[]", E_JSON},
    };
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t i = 0; i < COUNT(cases); i++) {
        enum msg got = signed_anew(duo, 4, cases[i].from, cases[i].to);

        if (got != cases[i].msg)
            printf("\n    %s: %s ", cases[i].to, message_of(got)->name);
        CU_ASSERT_EQUAL(got, cases[i].msg);
        CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_BROKEN);
    }
}

/* Signed by the right key, but good only if all of it says so. */
static void a_verdict_with_an_error_in_it_is_not_good(void)
{
    static const char *const findings[] = {
        "\"findings\":[{\"id\":\"PGP1010\",\"severity\":\"error\"}]",
        "\"findings\":[{\"id\":\"XYZ9999\",\"severity\":\"error\"}]",
        "\"findings\":[{\"id\":\"PGP1010\"}]",
        "\"findings\":[{\"id\":\"PGP1010\",\"severity\":\"mild\"}]",
    };
    scoped(duo_free) struct duo *duo = duo_make(3);

    for (size_t i = 0; i < COUNT(findings); i++) {
        CU_ASSERT_EQUAL(signed_anew(duo, 4, "\"findings\":[]", findings[i]), E_NONE);
        CU_ASSERT_FALSE(duo->target.pair.peer_good);
        CU_ASSERT_EQUAL(signed_anew(duo, 5, "\"findings\":[]", findings[i]), E_NONE);
        CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    }
    CU_ASSERT_EQUAL(signed_anew(duo, 5, "\"paired\":true", "\"paired\":false"), E_NONE);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    CU_ASSERT_EQUAL(signed_anew(duo, 5, "\"findings\":[]",
                                "\"findings\":[{\"id\":\"XYZ9999\",\"severity\":"
                                "\"warning\",\"message\":\"m\",\"detail\":\"d\"}]"),
                    E_NONE);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_AGREED);
    CU_ASSERT_PTR_NOT_NULL(report_find(&duo->source.pair.peer_findings, E_PEER_SAYS));
}

/* The target's verdict over the same body, signed otherwise. */
static enum msg signed_by(struct duo *duo, const struct key *key, enum statement kind,
                          const char *role)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    scoped(buf_clear) struct buf message = {0};
    struct error err = {0};

    connect_again(duo);
    converse(duo, 5, NULL);
    talker_judges(&duo->target);
    CU_ASSERT_FATAL(statement_sign(&signature, key, kind, role,
                                   buf_span(&duo->target.pair.body), &err));
    CU_ASSERT_FATAL(pair_sign(&duo->target.pair, buf_span(&signature), &err));
    talker_says(&duo->target, &message);
    CU_ASSERT_EQUAL(talker_hears(&duo->source, buf_span(&message), &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void a_verdict_must_be_signed_as_one_by_the_proven_key(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    const struct key *right = &duo->target.appliance.whole;

    CU_ASSERT_EQUAL(signed_by(duo, right, STATEMENT_VERDICT, "target"), E_NONE);
    CU_ASSERT_EQUAL(signed_by(duo, right, STATEMENT_VERDICT, "source"),
                    E_VERDICT_SIGNATURE);
    CU_ASSERT_EQUAL(signed_by(duo, right, STATEMENT_RECEIPT, "target"),
                    E_VERDICT_SIGNATURE);
    CU_ASSERT_EQUAL(
        signed_by(duo, &duo->source.appliance.whole, STATEMENT_VERDICT, "target"),
        E_VERDICT_SIGNATURE);
    CU_ASSERT_EQUAL(signed_by(duo, &duo->family.key[0], STATEMENT_VERDICT, "target"),
                    E_VERDICT_SIGNATURE);
}

/* The source's hello goes out at noon, the answer comes ten seconds later. */
static void the_round_trip_is_halved(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(buf_clear) struct buf there = {0}, back = buf_upto(PAIR_MESSAGE_MAX);
    struct error err = {0};

    talker_says(&duo->source, &there);
    CU_ASSERT_FATAL(pair_hear(&duo->target.pair, NOON_MS + 5000, buf_span(&there), &err));
    CU_ASSERT_EQUAL(duo->target.pair.skew_ms, -5000);
    CU_ASSERT_FATAL(pair_say(&duo->target.pair, NOON_MS + 5000, &back, &err));
    CU_ASSERT_FATAL(pair_hear(&duo->source.pair, NOON_MS + 10000, buf_span(&back), &err));
    CU_ASSERT(duo->source.pair.has_skew);
    CU_ASSERT_EQUAL(duo->source.pair.skew_ms, 0);
}

static void a_clock_far_away_is_refused_on_both_sides(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(buf_clear) struct buf hello = buf_upto(PAIR_MESSAGE_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(pair_say(&duo->source.pair, NOON_MS - 600000, &hello, &err));
    CU_ASSERT_FATAL(talker_hears(&duo->target, buf_span(&hello), &err));
    converse(duo, 5, NULL);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(report_find(&duo->target.pair.findings, E_CLOCK_SKEW));
    CU_ASSERT_PTR_NOT_NULL(report_find(&duo->source.pair.peer_findings, E_CLOCK_SKEW));
}

static void a_message_beyond_the_ceiling_is_not_read(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    scoped(buf_clear) struct buf large = buf_upto(PAIR_MESSAGE_MAX + 1);
    struct error err = {0};

    CU_ASSERT_FATAL(buf_reserve(&large, PAIR_MESSAGE_MAX + 1, &err));
    memset(large.at, ' ', PAIR_MESSAGE_MAX + 1);
    large.n = PAIR_MESSAGE_MAX + 1;
    CU_ASSERT_FALSE(talker_hears(&duo->target, buf_span(&large), &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
    CU_ASSERT_EQUAL(duo->target.pair.phase, PAIR_BROKEN);
}

static void a_verdict_is_judged_once_and_in_its_time(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    struct error early = {0}, twice = {0};

    CU_ASSERT_FALSE(pair_judge(&duo->source.pair, NOON_MS, &early));
    CU_ASSERT_EQUAL(early.msg, E_PAIR_TURN);
    converse(duo, 4, NULL);
    talker_judges(&duo->source);
    CU_ASSERT_FALSE(pair_judge(&duo->source.pair, NOON_MS, &twice));
    CU_ASSERT_EQUAL(twice.msg, E_PAIR_TURN);
}

/* A chain of the largest depth the wire carries, everything in it at fault: the reasons
 * must still be heard. */
static void the_longest_list_of_reasons_is_heard(void)
{
    scoped(duo_free) struct duo *duo = duo_make(20);

    duo_connect(duo, POLICY_OME, POLICY_OME);
    trust_clear(&duo->source.appliance.trust);
    trust_clear(&duo->target.appliance.trust);
    for (size_t i = 0; i < 400; i++) {
        struct error finding = {.side = SIDE_BOTH};

        fail_at(&finding, E_LADDER_NAME, i, "%0500d", (int)i);
        report_add(&duo->target.pair.findings, &finding);
    }
    converse(duo, MESSAGES, NULL);
    CU_ASSERT_EQUAL(duo->source.pair.phase, PAIR_REFUSED);
    CU_ASSERT(report_errors(&duo->source.pair.peer_findings) > 20);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(two_good_sides_agree),
        TEST(each_side_judges_by_its_own_policy),
        TEST(a_refused_source_hears_the_targets_reasons),
        TEST(one_bad_verdict_refuses_both),
        TEST(only_the_next_message_moves_a_side),
        TEST(every_phase_refuses_what_is_not_its_own),
        TEST(a_message_said_twice_breaks_the_attempt),
        TEST(every_truncation_breaks_the_attempt),
        TEST(every_byte_of_a_verdict_counts),
        TEST(a_hello_is_checked_field_by_field),
        TEST(a_targets_hello_must_commit_to_its_nonce),
        TEST(a_nonce_other_than_the_promised_one_is_refused),
        TEST(a_reflected_nonce_is_refused),
        TEST(a_leaf_that_was_not_presented_is_refused),
        TEST(two_leaves_pair_whoever_has_them),
        TEST(a_leaf_nobody_vouches_for_is_refused),
        TEST(a_borrowed_leaf_is_refused),
        TEST(policy_ome_takes_one_leaf),
        TEST(the_leaf_of_the_other_part_is_refused),
        TEST(a_verdict_by_the_other_leaf_is_refused),
        TEST(a_verdict_of_another_connection_is_no_verdict),
        TEST(a_target_judges_as_soon_as_both_nonces_are_known),
        TEST(every_term_of_a_verdict_must_be_ours),
        TEST(a_verdict_with_an_error_in_it_is_not_good),
        TEST(a_verdict_must_be_signed_as_one_by_the_proven_key),
        TEST(the_round_trip_is_halved),
        TEST(a_clock_far_away_is_refused_on_both_sides),
        TEST(a_message_beyond_the_ceiling_is_not_read),
        TEST(a_verdict_is_judged_once_and_in_its_time),
        TEST(the_longest_list_of_reasons_is_heard),
    };

    return run_tests("pair", tests, COUNT(tests));
}
