/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/demands.h"

#include "base/text.h"

#include <string.h>

bool demands_pin(struct demands *out, const char *text, struct error *err)
{
    scoped(buf_clear) struct buf raw = buf_upto(DIGEST_BYTES);
    struct error why = {0};

    if (out->pins == PINS_MAX)
        return fail(err, E_USAGE, "more than %d pins", PINS_MAX);
    if (!text_unhex(&raw, text, &why) || raw.n != DIGEST_BYTES)
        return fail(err, E_USAGE, "--pin %s is not a SHA-256 of 64 hexadecimal characters",
                    text);
    memcpy(out->pin[out->pins++].byte, raw.at, DIGEST_BYTES);
    return true;
}

bool demands_read(struct args *args, enum policy *policy, struct demands *out,
                  struct error *err)
{
    const char *name = NULL, *pin = NULL;

    *policy = POLICY_DEFAULT;
    out->require_pq = args_flag(args, "--require-pq");
    out->require_revocation = args_flag(args, "--require-revocation");
    if (!args_value(args, "--policy", &name, err) ||
        (name != NULL && !policy_named(policy, name, err)))
        return false;
    while (args_next_value(args, "--pin", &pin, err))
        if (!demands_pin(out, pin, err))
            return false;
    return err->msg == E_NONE;
}
