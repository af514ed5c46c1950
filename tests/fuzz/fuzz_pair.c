/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole conversation after the handshake, as the target hears it: messages with a NUL
 * between them. The target's nonce, exporter value and clock are fixed, so that a verdict
 * recorded once stays good; who has no key of the source cannot make another.
 */
#include "certs/statement.h"
#include "pairing/pair.h"
#include "tests/fuzz/pair_identity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOON_MS INT64_C(1813060800000) /* 2027-06-15T12:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct target {
    struct key key;
    struct chain own;
    struct trust trust;
    struct tls_facts facts;
    bool ready;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static const struct target *target_made(void)
{
    static struct target t;
    struct error err = {0};

    if (t.ready)
        return &t;
    must(key_from_pem(&t.key, span_text(target_key), &err));
    must(chain_parse(&t.own, span_text(target_chain), &err));
    must(chain_parse(&t.facts.peer, span_text(source_chain), &err));
    must(verdict_own_root(&t.trust, &t.own, &err));
    memset(t.facts.exporter, 'e', sizeof(t.facts.exporter));
    t.ready = true;
    return &t;
}

static void say(struct pair *pair, const struct target *target)
{
    scoped(buf_clear) struct buf out = buf_upto(PAIR_MESSAGE_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    if (pair->phase == PAIR_SAY_VERDICT) {
        must(pair_judge(pair, NOON_MS, &err));
        must(statement_sign(&signature, &target->key, STATEMENT_VERDICT, "target",
                            buf_span(&pair->body), &err));
        must(pair_sign(pair, buf_span(&signature), &err));
    }
    must(pair_say(pair, NOON_MS, &out, &err));
}

/* True while the conversation goes on. */
static bool hear(struct pair *pair, const struct target *target, struct span message)
{
    struct error err = {0};
    bool good = pair_hear(pair, NOON_MS, message, &err);

    must(good == (err.msg == E_NONE));
    must(good == (pair->phase != PAIR_BROKEN));
    if (good)
        say(pair, target);
    return good && pair_step(pair) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct target *target = target_made();
    const struct pair_setup setup = {.self = SIDE_TARGET,
                                     .own = leaves_one(&target->own),
                                     .facts = &target->facts,
                                     .trust = &target->trust};
    struct span rest = span_of(data, n);
    struct pair pair;
    struct error err = {0};
    bool more = true;

    must(pair_begin(&pair, &setup, &err));
    memset(pair.nonce.byte, 't', sizeof(pair.nonce.byte));
    while (more) {
        const unsigned char *end = rest.n > 0 ? memchr(rest.at, 0, rest.n) : NULL;
        size_t length = end != NULL ? (size_t)(end - rest.at) : rest.n;

        more = hear(&pair, target, span_head(rest, length)) && end != NULL;
        rest = span_after(rest, length + 1);
    }
    if (pair.phase == PAIR_AGREED)
        must(pair.good && pair.peer_good &&
             statement_verifies(chain_leaf(&target->facts.peer)->spki, STATEMENT_VERDICT,
                                "source", buf_span(&pair.peer_body),
                                buf_span(&pair.peer_signature)));
    pair_clear(&pair);
    return 0;
}
