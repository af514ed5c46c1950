/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages of the pairing conversation as JSON: structs in, text out, and back. */
#pragma once

#include "pairing/authorize.h"
#include "pairing/pair.h"

must_check bool message_write_hello(struct buf *out, const struct profile *profile,
                                    const struct digest *commitment, struct error *err);
/* `commitment` NULL: none is expected. */
must_check bool message_read_hello(struct profile *out, struct digest *commitment,
                                   struct span json, struct error *err);

must_check bool message_write_nonce(struct buf *out, const struct digest *nonce,
                                    struct error *err);
must_check bool message_read_nonce(struct digest *out, struct span json, struct error *err);

/* {"body":base64,"signature":base64}: every signed statement travels like this. */
must_check bool message_write_signed(struct buf *out, struct span body,
                                     struct span signature, struct error *err);
must_check bool message_read_signed(struct buf *body, struct buf *signature,
                                    struct span json, struct error *err);

/* The body of a verdict. */
must_check bool message_write_verdict(struct buf *out, const struct pair *pair,
                                      const struct verdict_terms *terms, int64_t now_ms,
                                      struct error *err);
struct verdict_read {
    struct verdict_terms terms;
    enum side role;
    enum policy policy;
    bool good;
    struct report findings;
};
must_check bool message_read_verdict(struct verdict_read *out, struct span json,
                                     struct error *err);

must_check bool message_write_ask(struct buf *out, const struct authorize_ask *ask,
                                  struct error *err);
must_check bool message_read_ask(struct authorize_ask *out, struct span json,
                                 struct error *err);
must_check bool message_write_answer(struct buf *out, const struct authorize_answer *answer,
                                     struct error *err);
must_check bool message_read_answer(struct authorize_answer *out, struct span json,
                                    struct error *err);

/* {"findings":[…]}: what every refusal of the peer port looks like. */
must_check bool message_write_findings(struct buf *out, const struct report *report,
                                       struct error *err);
must_check bool message_read_findings(struct report *out, struct span json,
                                      struct error *err);
