/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/general.h"

#include "certs/der.h"
#include "certs/name.h"

bool general_take(struct general_name *out, struct span *in)
{
    struct der der = {0};
    unsigned kind;

    if (!der_take(&der, in))
        return false;
    kind = der.tag & 0x1F;
    if ((der.tag & 0xC0) != 0x80 || kind > GENERAL_ID)
        return false;
    *out = (struct general_name){.kind = (enum general)kind, .value = der.contents};
    switch (out->kind) {
    case GENERAL_OTHER:
    case GENERAL_X400:
    case GENERAL_DIRECTORY: /* a CHOICE, so its tag is explicit */
    case GENERAL_EDI:
        return (der.tag & 0x20) != 0;
    case GENERAL_EMAIL:
    case GENERAL_DNS:
    case GENERAL_URI:
    case GENERAL_IP:
    case GENERAL_ID:
        return (der.tag & 0x20) == 0;
    }
    return false;
}

/* IA5String, and no control character: a NUL here is how names deceive C programs. */
static bool is_clean_text(struct span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] <= 0x20 || text.at[i] >= 0x7F)
            return false;
    return true;
}

bool general_name_is_well_formed(const struct general_name *name, bool in_constraint)
{
    size_t n = name->value.n;

    switch (name->kind) {
    case GENERAL_EMAIL:
    case GENERAL_DNS:
    case GENERAL_URI:
        return (n > 0 || in_constraint) && is_clean_text(name->value);
    case GENERAL_IP:
        return in_constraint ? n == 8 || n == 32 : n == 4 || n == 16;
    case GENERAL_DIRECTORY:
        return name_is_well_formed(name->value);
    case GENERAL_ID:
        return der_is_oid(name->value);
    case GENERAL_OTHER:
    case GENERAL_X400:
    case GENERAL_EDI:
        return true;
    }
    return false;
}

bool general_names_are_well_formed(struct span names)
{
    struct general_name name = {0};

    if (names.n == 0)
        return false;
    while (names.n > 0)
        if (!general_take(&name, &names) || !general_name_is_well_formed(&name, false))
            return false;
    return true;
}

bool general_find(struct general_name *out, struct span *in, enum general kind)
{
    while (in->n > 0 && general_take(out, in))
        if (out->kind == kind)
            return true;
    return false;
}
