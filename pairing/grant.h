/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a good pair of verdicts plus authorisation permits: which peer key, which migration,
 * how many bytes, until when. No bearer token: the key is proven on every connection, and
 * both sides check it there. Made by grant_issue (target) and grant_adopt (source) only.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "base/error.h"
#include "certs/chain.h"
#include "certs/policy.h"
#include "certs/trust.h"

#define GRANT_ID_MAX 40     /* "g-" and 26 characters of base32 */
#define MIGRATION_ID_MAX 40 /* "m-" and the same */
#define GRANT_SECONDS 86400 /* default life */
#define PEER_NAME_MAX 256

struct grant {
    char id[GRANT_ID_MAX];
    char migration[MIGRATION_ID_MAX];
    struct digest
        peer_server_key; /* SHA-256 of the SubjectPublicKeyInfo of each leaf; the */
    struct digest peer_client_key; /* same twice for an identity of one leaf */
    char peer_name[PEER_NAME_MAX]; /* printable */
    uint64_t byte_ceiling;         /* plain bytes of all segments */
    time_t issued;
    time_t expires;
    time_t not_after;         /* earliest notAfter of both chains: nothing moves later */
    struct digest transcript; /* SHA-256 over both signed verdicts */
    enum policy policy;       /* ours when it was issued or renewed */
    enum policy peer_policy;  /* the peer's */
    bool revoked;
    bool heard;  /* target: the peer has shown that it knows of it */
    bool pinned; /* the peer's key was named by hand: no path to an anchor is asked for */
};

/*
 * May this peer, proven by the connection that captured `peer`, use the grant now? On the
 * source `as_server` is true (the peer is the TLS server), on the target false. Checks key,
 * dates of every certificate, expiry, revocation and that the chain still reaches an
 * anchor.
 */
must_check bool grant_admits(const struct grant *grant, const struct chain *peer,
                             bool as_server, const struct trust *trust, time_t now,
                             struct error *err);

/* The same without the path to an anchor, for a connection on which that was found before.
 */
must_check bool grant_is_current(const struct grant *grant, const struct chain *peer,
                                 bool as_server, time_t now, struct error *err);

/* Is this the peer the grant names? Its key alone: whoever owns the data once commit was
 * asked for is told to it whatever has expired or was revoked since. */
must_check bool grant_names(const struct grant *grant, const struct chain *peer,
                            bool as_server, struct error *err);

/* E_GRANT_KEY when the id is that of another peer's or another migration's grant. */
must_check bool grant_store(struct db *db, const struct grant *grant, const char *side,
                            struct error *err);
/* The newest that this side, "source" or "target", has of it: an appliance is both, and its
 * own target is no peer of its port. E_GRANT_UNKNOWN when there is none. */
must_check bool grant_load(struct grant *out, struct db *db, const char *migration,
                           const char *side, struct error *err);
/* The same by the grant's own id. */
must_check bool grant_load_id(struct grant *out, struct db *db, const char *id,
                              struct error *err);
/* A request by this grant has come. */
must_check bool grant_heard(struct db *db, const char *id, struct error *err);
/* Whether this client key was ever given one. */
must_check bool grant_was_given(bool *out, struct db *db, const struct digest *client_key,
                                struct error *err);
must_check bool grant_revoke(struct db *db, const char *id, struct error *err);
/* Every grant of a migration. */
must_check bool grant_revoke_all(struct db *db, const char *migration, struct error *err);
