/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate calls itself: subjectAltName, matched as RFC 9525 section 6. */
#include "base/text.h"
#include "certs/cert.h"
#include "certs/general.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Bytes of an address literal; 0 when the text is none. */
static size_t read_address(unsigned char out[16], const char *text)
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool same_host(struct span pattern, struct span host)
{
    return pattern.n == host.n &&
           strncasecmp((const char *)pattern.at, (const char *)host.at, host.n) == 0;
}

/* The whole left-most label may be '*'; it stands for exactly one label, and what follows
 * must itself have two. */
static bool host_matches(struct span pattern, struct span host)
{
    const unsigned char *dot = memchr(host.at, '.', host.n);
    struct span rest;

    if (!span_starts(pattern, "*."))
        return same_host(pattern, host);
    if (dot == NULL || dot == host.at)
        return false;
    rest = span_after(host, (size_t)(dot - host.at));
    return span_find(span_after(rest, 1), ".", NULL) &&
           same_host(span_after(pattern, 1), rest);
}

bool cert_is_for(const struct cert *cert, const char *name_or_address, bool *by_cn)
{
    struct span wanted = span_text(name_or_address), names = cert->san;
    unsigned char address[16];
    size_t n = read_address(address, name_or_address);
    struct general_name name = {0};

    *by_cn = false;
    if (n == 0 && wanted.n > 1 && wanted.at[wanted.n - 1] == '.')
        wanted.n--;
    if (wanted.n == 0)
        return false;
    if (!cert->has_san) {
        *by_cn = !cert->cn_has_nul && same_host(span_text(cert->cn), wanted);
        return *by_cn;
    }
    while (general_find(&name, &names, n > 0 ? GENERAL_IP : GENERAL_DNS))
        if (n > 0 ? span_equal(name.value, span_of(address, n))
                  : host_matches(name.value, wanted))
            return true;
    return false;
}

bool cert_san_has_wildcard(const struct cert *cert)
{
    struct span names = cert->san;
    struct general_name name = {0};

    while (general_find(&name, &names, GENERAL_DNS))
        if (span_find(name.value, "*", NULL))
            return true;
    return false;
}

/* One entry as text; false when it is of a kind that is not shown. */
static bool show(char *out, size_t room, const struct general_name *name)
{
    if (name->kind == GENERAL_DNS)
        text_printable(out, room, name->value);
    else if (name->kind == GENERAL_IP)
        return inet_ntop(name->value.n == 4 ? AF_INET : AF_INET6, name->value.at, out,
                         (socklen_t)room) != NULL;
    return name->kind == GENERAL_DNS;
}

void cert_san_text(char *out, size_t room, const struct cert *cert)
{
    struct span names = cert->san;
    struct general_name name = {0};
    char one[CERT_TEXT_MAX];
    size_t n = 0;

    out[0] = '\0';
    while (names.n > 0 && general_take(&name, &names)) {
        if (!show(one, sizeof(one), &name))
            continue;
        if (n + strlen(one) + 8 > room) {
            (void)text_copy(out + n, room - n, ", ...");
            return;
        }
        n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? ", " : "", one);
    }
}
