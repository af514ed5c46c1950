/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/name.h"

#include "base/text.h"
#include "certs/der.h"
#include "certs/points.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define RDN_ATTRIBUTES_MAX 32
#define RDNS_MAX 128

static const struct {
    const char *oid;
    const char *label;
} labels[] = {
    {"\x55\x04\x03", "CN"},
    {"\x55\x04\x0a", "O"},
    {"\x55\x04\x0b", "OU"},
    {"\x55\x04\x06", "C"},
    {"\x55\x04\x08", "ST"},
    {"\x55\x04\x07", "L"},
    {"\x55\x04\x09", "street"},
    {"\x55\x04\x05", "serialNumber"},
    {"\x55\x04\x04", "SN"},
    {"\x55\x04\x2a", "GN"},
    {"\x55\x04\x0c", "title"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"},
};

struct name_walk name_walk(struct span name)
{
    struct name_walk walk = {0};

    if (!der_only(&walk.rdns, name, TAG_SEQUENCE))
        walk.rdns = (struct span){0};
    return walk;
}

/* The next attribute, or false at the end or where the name is malformed. */
bool name_next(struct attribute *out, struct name_walk *walk)
{
    struct span pair = {0};
    struct der value = {0};

    out->begins_rdn = walk->rdn.n == 0;
    if (out->begins_rdn && !der_expect(&walk->rdn, &walk->rdns, TAG_SET))
        return false;
    if (!der_expect(&pair, &walk->rdn, TAG_SEQUENCE) ||
        !der_expect(&out->type, &pair, TAG_OID) || !der_take(&value, &pair))
        return false;
    out->tag = value.tag;
    out->value = value.contents;
    return pair.n == 0 && der_is_oid(out->type);
}

bool name_is_well_formed(struct span name)
{
    struct name_walk walk = name_walk(name);
    struct attribute attribute = {0};
    struct span contents = {0};
    size_t rdns = 0, in_rdn = 0;

    if (!der_only(&contents, name, TAG_SEQUENCE))
        return false;
    while (walk.rdns.n > 0 || walk.rdn.n > 0) {
        if (!name_next(&attribute, &walk))
            return false;
        rdns += attribute.begins_rdn;
        in_rdn = attribute.begins_rdn ? 1 : in_rdn + 1;
        if (rdns > RDNS_MAX || in_rdn > RDN_ATTRIBUTES_MAX)
            return false;
    }
    return true;
}

bool name_is_empty(struct span name)
{
    return name_walk(name).rdns.n == 0;
}

/* UTF-8 of one code point; what is none becomes its byte, which text_printable escapes. */
static size_t put_utf8(char out[4], unsigned code)
{
    if (code < 0x80 || code >= POINT_INVALID) {
        out[0] = (char)(unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(unsigned char)(0xC0 | code >> 6);
        out[1] = (char)(unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(unsigned char)(0xE0 | code >> 12);
        out[1] = (char)(unsigned char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(unsigned char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(unsigned char)(0xF0 | code >> 18);
    out[1] = (char)(unsigned char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(unsigned char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(unsigned char)(0x80 | (code & 0x3F));
    return 4;
}

void attribute_text(char *out, size_t room, const struct attribute *attribute)
{
    struct points points = {attribute->tag, attribute->value};
    char utf8[2 * CERT_TEXT_MAX];
    unsigned code = 0;
    size_t n = 0;

    if (!points_known(attribute->tag))
        points.tag = TAG_T61;
    while (n + 4 <= sizeof(utf8) && points_next(&code, &points))
        n += put_utf8(utf8 + n, code);
    text_printable(out, room, span_of(utf8, n));
}

bool attribute_is(const struct attribute *attribute, const char *label)
{
    for (size_t i = 0; i < COUNT(labels); i++)
        if (text_equal(labels[i].label, label))
            return span_equal(attribute->type, span_text(labels[i].oid));
    return false;
}

bool attribute_is_cn(const struct attribute *attribute)
{
    return attribute_is(attribute, "CN");
}

bool attribute_is_email(const struct attribute *attribute)
{
    return attribute_is(attribute, "emailAddress");
}

bool attribute_has(const struct attribute *attribute, unsigned code)
{
    struct points points = {attribute->tag, attribute->value};
    unsigned next = 0;

    while (points_next(&next, &points))
        if (next == code)
            return true;
    return false;
}

/* "CN=text" of one attribute. */
static void show_attribute(char *out, size_t room, const struct attribute *attribute)
{
    char label[DER_OID_TEXT_MAX], text[CERT_TEXT_MAX];

    der_oid_text(label, attribute->type);
    for (size_t i = 0; i < COUNT(labels); i++)
        if (span_equal(attribute->type, span_text(labels[i].oid)))
            (void)text_fits(label, labels[i].label);
    attribute_text(text, sizeof(text), attribute);
    snprintf(out, room, "%s=%s", label, text);
}

void name_text(char *out, size_t room, struct span name)
{
    struct name_walk walk = name_walk(name);
    struct attribute attribute = {0}, all[RDNS_MAX];
    char line[4 * CERT_TEXT_MAX] = "";
    size_t n = 0, at = 0;

    while (n < COUNT(all) && name_next(&attribute, &walk))
        all[n++] = attribute;
    while (n-- > 0 && at < sizeof(line)) {
        char one[2 * CERT_TEXT_MAX];
        const char *between = at == 0 ? "" : ", ";

        show_attribute(one, sizeof(one), &all[n]);
        if (n + 1 < COUNT(all) && at > 0 && !all[n + 1].begins_rdn)
            between = "+";
        at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s", between, one);
    }
    text_printable(out, room, span_text(line)); /* cuts between characters */
}

/* Types that RFC 5280 7.1 compares as text; others must be the same bytes. */
static bool same_value(const struct attribute *a, const struct attribute *b)
{
    struct folded left = points_folded(a->tag, a->value);
    struct folded right = points_folded(b->tag, b->value);
    unsigned one = 0, other = 0, raw = 0;

    if (a->tag == b->tag && span_equal(a->value, b->value))
        return true;
    if (!points_known(a->tag) || !points_known(b->tag))
        return false;
    for (;;) {
        bool more = folded_next(&one, &raw, &left);

        if (more != folded_next(&other, &raw, &right))
            return false;
        if (!more)
            return true;
        if (one != other)
            return false;
    }
}

/* All attributes of the next RDN; false at the end. */
static bool take_rdn(struct attribute out[RDN_ATTRIBUTES_MAX], size_t *n,
                     struct name_walk *walk)
{
    *n = 0;
    while (*n < RDN_ATTRIBUTES_MAX && name_next(&out[*n], walk)) {
        ++*n;
        if (walk->rdn.n == 0)
            return true;
    }
    return false;
}

/* An RDN is a set: each attribute of the one has its equal in the other. */
static bool same_rdn(struct name_walk *a, struct name_walk *b)
{
    struct attribute left[RDN_ATTRIBUTES_MAX], right[RDN_ATTRIBUTES_MAX];
    size_t n = 0, m = 0;
    uint32_t used = 0;

    if (!take_rdn(left, &n, a) || !take_rdn(right, &m, b) || n != m)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < m && ((used >> k & 1) != 0 || !span_equal(left[i].type, right[k].type) ||
                         !same_value(&left[i], &right[k])))
            k++;
        if (k == m)
            return false;
        used |= (uint32_t)1 << k;
    }
    return true;
}

bool name_is_beneath(struct span name, struct span base)
{
    struct name_walk inner = name_walk(name), outer = name_walk(base);

    while (outer.rdns.n > 0)
        if (inner.rdns.n == 0 || !same_rdn(&inner, &outer))
            return false;
    return true;
}

bool name_is_equal(struct span a, struct span b)
{
    struct name_walk left = name_walk(a), right = name_walk(b);

    if (span_equal(a, b))
        return true;
    while (left.rdns.n > 0 && right.rdns.n > 0)
        if (!same_rdn(&left, &right))
            return false;
    return left.rdns.n == 0 && right.rdns.n == 0 && !name_is_empty(a) == !name_is_empty(b);
}
