/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GeneralNames (RFC 5280 4.2.1.6), as they stand in subjectAltName and nameConstraints. */
#pragma once

#include "base/span.h"

enum general {
    GENERAL_OTHER = 0,
    GENERAL_EMAIL = 1,
    GENERAL_DNS = 2,
    GENERAL_X400 = 3,
    GENERAL_DIRECTORY = 4,
    GENERAL_EDI = 5,
    GENERAL_URI = 6,
    GENERAL_IP = 7,
    GENERAL_ID = 8
};

struct general_name {
    enum general kind;
    struct span value; /* text, address bytes, or a Name with its SEQUENCE header */
};

/* Take the next name off *in; false when it is malformed. */
bool general_take(struct general_name *out, struct span *in);
/* At least one, and all of them well formed. */
bool general_names_are_well_formed(struct span names);
/* One name on its own; `in_constraint`: an address has a mask, and a text may be empty. */
bool general_name_is_well_formed(const struct general_name *name, bool in_constraint);
/* The next name of this kind; false at the end. */
bool general_find(struct general_name *out, struct span *in, enum general kind);
