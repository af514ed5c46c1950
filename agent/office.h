/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the supervisor: a request at hand, and the operations. */
#pragma once

#include "agent/authority.h"

struct request {
    struct office *office;
    struct authority_ask *ask;
    struct buf first, second; /* what came with it */
    struct authority_answer *answer;
    int64_t now; /* ours: no worker's clock is believed */
    struct buf first_out, second_out;
};

/* The grant of the migration that is asked about, of our side. */
must_check bool office_grant_load(struct grant *out, const struct request *r,
                                  struct error *err);
/* office_grant.c, one for each operation. */
must_check bool office_code_step(struct request *r, struct error *err);
must_check bool office_password_step(struct request *r, struct error *err);
must_check bool office_wait(struct request *r, struct error *err);
must_check bool office_again(struct request *r, struct error *err);
must_check bool office_adopt(struct request *r, struct error *err);
must_check bool office_forget(struct request *r, struct error *err);
must_check bool office_grant_of_peer(struct request *r, struct error *err);
/* office_handover.c */
must_check bool office_move(struct request *r, struct error *err);
must_check bool office_draft(struct request *r, struct error *err);
must_check bool office_next(struct request *r, struct error *err);
must_check bool office_chains(struct request *r, struct error *err);
must_check bool office_statement(struct request *r, struct error *err);
/* office_receipt.c */
must_check bool office_decide(struct request *r, struct error *err);
/* Kept beside what was signed with it. */
must_check bool office_keep_own_chain(struct request *r, const struct chain *chain,
                                      struct error *err);
/* office_credentials.c */
must_check bool office_credentials(struct request *r, struct error *err);
must_check bool office_seen(struct request *r, struct error *err);
