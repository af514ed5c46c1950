/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names (RFC 5280 4.1.2.4): walked attribute by attribute, compared as
 * section 7.1 says, shown to people. A name is a span with its SEQUENCE header.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "certs/cert.h"

struct attribute {
    struct span type; /* OID contents */
    unsigned tag;     /* of the value */
    struct span value;
    bool begins_rdn;
};

/* Where in a name the reader stands. Fill with name_walk. */
struct name_walk {
    struct span rdns;
    struct span rdn;
};
struct name_walk name_walk(struct span name);
bool name_next(struct attribute *out, struct name_walk *walk);

/* SEQUENCE of SETs of type and value, nothing more. */
bool name_is_well_formed(struct span name);
bool name_is_empty(struct span name);
/* "CN=…, O=…, C=…", in the order of RFC 4514 (last RDN first), printable. */
void name_text(char *out, size_t room, struct span name);

/* A value as printable UTF-8. */
void attribute_text(char *out, size_t room, const struct attribute *attribute);
/* By the label of RFC 4514: "CN", "OU", "emailAddress". */
bool attribute_is(const struct attribute *attribute, const char *label);
bool attribute_is_cn(const struct attribute *attribute);
bool attribute_is_email(const struct attribute *attribute);
bool attribute_has(const struct attribute *attribute, unsigned code);

/* Equal as RFC 5280 7.1 compares: RDN by RDN, each a set. */
bool name_is_equal(struct span a, struct span b);
/* The RDNs of `base` are the first ones of `name` (RFC 5280 4.2.1.10). */
bool name_is_beneath(struct span name, struct span base);
