/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source's end of the pairing conversation on one TLS connection. */
#pragma once

#include "agent/http.h"
#include "agent/supervisor.h"
#include "pairing/authorize.h"
#include "pairing/pair.h"
#include "transfer/put.h"

#define PAIRING_PATH "/pairgate/v1/pairing/"

struct dial {
    struct tls tls;
    struct http http;
    struct pair pair;
    bool connected;
    char host[ENDPOINT_HOST_MAX + ENDPOINT_PORT_MAX + 4]; /* for the Host header */
};

/* "HOST", "HOST:PORT", "[v6]:PORT", "v6". */
must_check bool endpoint_read(struct endpoint *out, const char *text, struct error *err);

/* What the source asks of the connection check. */
struct dial_wish {
    const char *peer_name; /* what the target's leaf must be for */
    enum policy policy;
    struct demands demands;
};

/*
 * Connect and hold the conversation. True when it was held to its end, whatever the
 * verdicts: look at dial->pair.phase. Then dial_witness, however it went.
 */
must_check bool dial_pair(struct dial *out, struct worker *worker,
                          const struct endpoint *peer, const struct dial_wish *wish,
                          struct error *err);
/* Into the record; `failure` as dial_pair left it. Not in dial_pair: nobody waits for it.
 */
must_check bool dial_witness(const struct dial *dial, struct worker *worker,
                             const struct error *failure, struct error *err);
/*
 * After two good verdicts. `name` is what the tree shall be called there, `migration` one
 * of before that the new grant shall be for, or "".
 */
struct dial_request {
    const char *name;
    const char *migration;
    enum authorize_purpose purpose;
};
/* Prove a code, or an administrator's password. */
must_check bool dial_authorize_code(struct dial *dial, const struct code *code,
                                    const struct dial_request *request, struct grant *out,
                                    struct error *err);
/* Both verdicts are good and nothing at all is to be said about the target's name. */
must_check bool dial_may_use_password(const struct dial *dial, struct error *err);
must_check bool dial_authorize_password(struct dial *dial, const char *user,
                                        const char *password,
                                        const struct dial_request *request,
                                        struct grant *out, struct error *err);
/* Ask whether the operator has approved; *granted is false while nobody has decided. */
must_check bool dial_authorize_wait(struct dial *dial, const struct dial_request *request,
                                    bool *granted, struct grant *out, struct error *err);
/* Or renew the grant of a migration begun before. */
must_check bool dial_authorize_again(struct dial *dial, const struct dial_request *request,
                                     struct grant *out, struct error *err);
void dial_close(struct dial *dial);
