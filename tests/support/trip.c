/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/trip.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

void trip_open(struct trip *trip)
{
    struct carry *carry = &trip->carry;

    CU_ASSERT_FATAL(
        send_open(&trip->send, carry->work, carry->from, 1, carry->kind, &trip->err));
    trip->send.route = target_route(&trip->target);
    trip->send.line = &trip->line;
    trip->send.compress = COMPRESS_NEVER; /* this target expands nothing */
    snprintf(trip->send.base, sizeof(trip->send.base), "/pairgate/v1/migrations/m-test");
}

void trip_make(struct trip *out, const char *shell)
{
    *out = (struct trip){0};
    carry_make(&out->carry, shell);
    carry_list(&out->carry);
    CU_ASSERT_FATAL(carry_open(&out->carry, &out->err));
    target_begin(&out->target, &out->carry.receive);
    trip_open(out);
}

bool trip_go(struct trip *trip)
{
    trip->err = (struct error){0};
    return send_tree(&trip->target.grant, &trip->send, &trip->err);
}

void trip_finish(struct trip *trip)
{
    struct carry *carry = &trip->carry;
    struct digest contents;

    CU_ASSERT_FATAL(send_contents_root(&trip->send, &contents, &trip->err));
    CU_ASSERT_FATAL(receive_seal(&carry->receive, &trip->send.manifest.sum.root, &contents,
                                 &carry->findings, &trip->err));
    CU_ASSERT(receive_publish(&carry->receive, &trip->err));
    CU_ASSERT(carry_is_same(carry));
}

void trip_clear(struct trip *trip)
{
    send_close(&trip->send);
    put_close(&trip->line);
    target_end(&trip->target);
    carry_clear(&trip->carry);
}
