/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/subtree.h"

#include "certs/name.h"

#include <string.h>
#include <strings.h>

static bool same_text(struct span a, struct span b)
{
    return a.n == b.n &&
           (a.n == 0 || strncasecmp((const char *)a.at, (const char *)b.at, a.n) == 0);
}

static struct span tail(struct span text, size_t n)
{
    return span_after(text, text.n - n);
}

static bool begins_with_dot(struct span text)
{
    return text.n > 0 && text.at[0] == '.';
}

/* Zero or more labels in front; ".example.test" asks for at least one. */
static bool dns_is_beneath(struct span host, struct span base)
{
    if (host.n > 0 && host.at[host.n - 1] == '.')
        host.n--;
    if (base.n == 0)
        return true;
    if (host.n < base.n || !same_text(tail(host, base.n), base))
        return false;
    return host.n == base.n ? !begins_with_dot(base)
                            : begins_with_dot(base) || host.at[host.n - base.n - 1] == '.';
}

/* ".example.test": any host beneath it. "host.example.test": that host alone. */
static bool host_is(struct span host, struct span base)
{
    if (base.n == 0)
        return true;
    if (begins_with_dot(base))
        return host.n > base.n && same_text(tail(host, base.n), base);
    return same_text(host, base);
}

static struct span after_last(struct span text, unsigned char c)
{
    const unsigned char *at = text.n > 0 ? memrchr(text.at, c, text.n) : NULL;

    return at == NULL ? text : span_after(text, (size_t)(at - text.at) + 1);
}

/* A constraint with '@' is one mailbox, whose local part has case. */
static bool email_is_beneath(struct span address, struct span base)
{
    struct span host = after_last(address, '@'), base_host = after_last(base, '@');

    if (host.n == address.n)
        return false;
    if (base_host.n == base.n)
        return host_is(host, base);
    return same_text(host, base_host) && span_equal(span_head(address, address.n - host.n),
                                                    span_head(base, base.n - base_host.n));
}

/* The host of a URI with an authority; empty when it has none, or an address literal. */
static struct span uri_host(struct span uri)
{
    static const struct span none = {0};
    size_t at = 0;

    if (!span_find(uri, "://", &at))
        return none;
    uri = span_after(uri, at + 3);
    at = 0;
    while (at < uri.n && strchr("/?#", uri.at[at]) == NULL)
        at++;
    uri = after_last(span_head(uri, at), '@');
    if (uri.n == 0 || uri.at[0] == '[')
        return none;
    at = 0;
    while (at < uri.n && uri.at[at] != ':')
        at++;
    uri = span_head(uri, at);
    for (size_t i = 0; i < uri.n; i++)
        if (uri.at[i] != '.' && (uri.at[i] < '0' || uri.at[i] > '9'))
            return uri;
    return none; /* digits and dots: an address, which a host constraint cannot bound */
}

static bool uri_is_beneath(struct span uri, struct span base)
{
    struct span host = uri_host(uri);

    return host.n > 0 && host_is(host, base);
}

/* `base` is an address and a mask. */
static bool address_is_beneath(struct span address, struct span base)
{
    if (base.n != 2 * address.n)
        return false;
    for (size_t i = 0; i < address.n; i++)
        if (((address.at[i] ^ base.at[i]) & base.at[address.n + i]) != 0)
            return false;
    return true;
}

bool subtree_holds(const struct general_name *subtree, const struct general_name *name)
{
    switch (subtree->kind) {
    case GENERAL_DNS:
        return dns_is_beneath(name->value, subtree->value);
    case GENERAL_EMAIL:
        return email_is_beneath(name->value, subtree->value);
    case GENERAL_URI:
        return uri_is_beneath(name->value, subtree->value);
    case GENERAL_IP:
        return address_is_beneath(name->value, subtree->value);
    case GENERAL_DIRECTORY:
        return name_is_beneath(name->value, subtree->value);
    case GENERAL_OTHER:
    case GENERAL_X400:
    case GENERAL_EDI:
    case GENERAL_ID:
        return false;
    }
    return false;
}

bool subtree_touches(const struct general_name *subtree, const struct general_name *name)
{
    struct span base = subtree->value, rest, label;

    switch (subtree->kind) {
    case GENERAL_DNS:
        if (subtree_holds(subtree, name))
            return true;
        if (!span_starts(name->value, "*."))
            return false;
        rest = span_after(name->value, 1); /* with its dot */
        if (base.n <= rest.n || !same_text(tail(base, rest.n), rest))
            return false;
        label = span_head(base, base.n - rest.n);
        return memchr(label.at, '.', label.n) == NULL;
    case GENERAL_URI: /* one whose host cannot be read may be anywhere */
        return uri_host(name->value).n == 0 || subtree_holds(subtree, name);
    case GENERAL_EMAIL:
    case GENERAL_IP:
    case GENERAL_DIRECTORY:
        return subtree_holds(subtree, name);
    case GENERAL_OTHER:
    case GENERAL_X400:
    case GENERAL_EDI:
    case GENERAL_ID:
        return true;
    }
    return true;
}
