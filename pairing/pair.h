/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation of the connection check (docs/protocol.md 2) as a pure state machine:
 * message in, message out, the same for both ends. It reads no socket, clock or disk and
 * holds no private key: what is to be signed is handed out and the signature handed in.
 *
 *   source                         target
 *   hello            ->
 *                    <-            hello, SHA-256 of its nonce
 *   nonce            ->
 *                    <-            nonce
 *   signed verdict   ->
 *                    <-            signed verdict
 *   then authorisation (pairing/authorize.h)
 *
 * A message out of turn, twice, or of another connection breaks the attempt for good.
 */
#pragma once

#include "pairing/profile.h"
#include "pairing/tls.h"
#include "pairing/verdict.h"

#define PAIR_NONCE_BYTES 32
#define PAIR_MESSAGE_MAX (512 * 1024) /* bytes of one JSON message */

enum pair_phase {
    PAIR_SAY_HELLO,
    PAIR_HEAR_HELLO,
    PAIR_SAY_NONCE,
    PAIR_HEAR_NONCE,
    PAIR_SAY_VERDICT,
    PAIR_HEAR_VERDICT,
    PAIR_AGREED,  /* both verdicts are good: authorisation may begin */
    PAIR_REFUSED, /* a verdict is not good; nothing follows */
    PAIR_BROKEN   /* a message was wrong; nothing follows */
};

/* Borrowed for the life of the pair. */
struct pair_setup {
    enum side self;
    struct leaves own;
    const struct tls_facts *facts;
    const struct trust *trust;
    enum policy policy;
    const char *peer_name;        /* as in struct comparison */
    const struct held_crls *crls; /* as in struct comparison */
    struct demands demands;
};

struct verdict_terms { /* everything a verdict binds; both sides must hold the same values
                        */
    struct digest exporter;
    struct digest source_chain, target_chain;
    struct digest source_server_key, source_client_key;
    struct digest target_server_key, target_client_key;
    struct digest source_nonce, target_nonce;
};

struct pair {
    struct pair_setup setup;
    enum pair_phase phase;
    struct profile mine, theirs;
    struct leaves peer;      /* from its hello on */
    struct chain peer_other; /* over the presented issuers, when it has two leaves */
    struct digest nonce, peer_nonce, commitment;
    int64_t spoke_ms; /* our clock when our hello went out */
    int64_t skew_ms;  /* peer's clock minus ours */
    bool has_skew;
    struct report findings;      /* ours */
    struct report peer_findings; /* theirs, as their signed verdict says */
    bool good, peer_good;
    enum policy peer_policy;
    struct buf body, peer_body; /* verdict bodies, exactly as sent */
    struct buf signature, peer_signature;
};

must_check bool pair_begin(struct pair *out, const struct pair_setup *setup,
                           struct error *err);
/* "hello", "nonce" or "verdict": what the phase is about; NULL when nothing is to follow.
 */
const char *pair_step(const struct pair *pair);
bool pair_speaks_next(const struct pair *pair);

/*
 * Judge, and make the body that must be signed as STATEMENT_VERDICT with side_name(self) as
 * role. Then pair_sign. As soon as both nonces are known: a target need not wait for the
 * source's verdict, which has no part in its own.
 */
must_check bool pair_judge(struct pair *pair, int64_t now_ms, struct error *err);
must_check bool pair_sign(struct pair *pair, struct span signature, struct error *err);
/* The next message, JSON; moves the phase. */
must_check bool pair_say(struct pair *pair, int64_t now_ms, struct buf *out,
                         struct error *err);
/* The peer's next message; moves the phase. Whatever fails here ends in PAIR_BROKEN. */
must_check bool pair_hear(struct pair *pair, int64_t now_ms, struct span message,
                          struct error *err);

/* SHA-256 over both bodies and signatures, source first: names this pairing for ever. */
void pair_transcript(const struct pair *pair, struct digest *out);
/* All findings of both sides, merged. */
void pair_findings(const struct pair *pair, struct report *out);
void pair_clear(struct pair *pair);
