/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The JSON of the transfer routes (docs/protocol.md 4), both ways: what the source reads
 * the target's handler writes, and the other way round. Reading is strict and bounded.
 */
#pragma once

#include "transfer/handover.h"
#include "transfer/manifest.h"
#include "transfer/receive.h"
#include "transfer/send.h"

/* {"findings":[F…]} of a refusal: the first one becomes the error. */
void wire_read_refusal(struct span body, int status, struct error *err);

/* GET … */
must_check bool wire_write_status(struct buf *out, const struct handover *handover,
                                  const struct receive_status *status, struct error *err);
must_check bool wire_read_status(struct send_status *out, struct span body,
                                 struct error *err);
/* PUT …/manifest */
must_check bool wire_write_sum(struct buf *out, const struct manifest_sum *sum,
                               struct error *err);
must_check bool wire_read_sum(struct manifest_sum *out, struct span body,
                              struct error *err);
/* GET …/missing */
must_check bool wire_write_ranges(struct buf *out, const struct ranges *ranges,
                                  struct error *err);
must_check bool wire_read_ranges(struct ranges *out, struct span body, struct error *err);
/* POST …/seal (without the epoch) and …/commit */
must_check bool wire_write_terms(struct buf *out, const struct handover_terms *terms,
                                 bool with_epoch, struct error *err);
must_check bool wire_read_terms(struct handover_terms *out, struct span body,
                                bool with_epoch, struct error *err);
/* {"body":b64,"signature":b64}; under `name` ("receipt", "abort") unless that is NULL */
must_check bool wire_write_signed(struct buf *out, const char *name,
                                  const struct signed_text *text, struct error *err);
must_check bool wire_read_signed(struct signed_text *out, const char *name,
                                 struct span body, struct error *err);
/* What wire_write_signed wrote under "receipt" or "abort"; *kind says which. */
must_check bool wire_read_outcome(enum signed_kind *kind, struct signed_text *out,
                                  struct span body, struct error *err);
/* {"signature":b64} */
must_check bool wire_write_signature(struct buf *out, struct span signature,
                                     struct error *err);
must_check bool wire_read_signature(struct buf *out, struct span body, struct error *err);
