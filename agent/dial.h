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
 * verdicts: look at dial->pair.phase.
 */
must_check bool dial_pair(struct dial *out, struct worker *worker,
                          const struct endpoint *peer, const struct dial_wish *wish,
                          struct error *err);
/* After two good verdicts: prove the code. `name` is what the tree shall be called there.
 */
must_check bool dial_authorize_code(struct dial *dial, const struct code *code,
                                    const char *name, struct grant *out, struct error *err);
/* Or renew the grant of a migration begun before. */
must_check bool dial_authorize_again(struct dial *dial, const char *migration,
                                     const char *name, struct grant *out,
                                     struct error *err);
void dial_close(struct dial *dial);
