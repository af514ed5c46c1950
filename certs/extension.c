/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/extension.h"

#include "certs/der.h"

bool extension_take(struct extension *out, struct span *in)
{
    struct span fields = {0}, field = {0};

    *out = (struct extension){0};
    if (!der_expect(&fields, in, TAG_SEQUENCE) ||
        !der_expect(&out->oid, &fields, TAG_OID) || !der_is_oid(out->oid))
        return false;
    if (der_next_is(fields, TAG_BOOLEAN) &&
        !(der_expect(&field, &fields, TAG_BOOLEAN) && der_boolean(&out->critical, field)))
        return false;
    return der_only(&out->value, fields, TAG_OCTET_STRING);
}
