/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dns_lint.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#define HOST_MAX 256
#define ADDRESSES_MAX 8

static void add_warning(struct report *out, const char *about)
{
    struct error finding = {0};

    fail(&finding, E_CERTOOL_DNS, "%s", about);
    finding.severity = SEVERITY_WARNING;
    report_add(out, &finding);
}

static void judge(struct report *out, const char *host, const struct addrinfo *at)
{
    char name[HOST_MAX] = "", address[INET6_ADDRSTRLEN] = "", about[3 * HOST_MAX];

    if (getnameinfo(at->ai_addr, at->ai_addrlen, name, sizeof(name), NULL, 0,
                    NI_NAMEREQD) != 0 ||
        text_equal(name, host))
        return;
    (void)getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof(address), NULL, 0,
                      NI_NUMERICHOST);
    snprintf(about, sizeof(about), "%s has the name %s, not %s", address, name, host);
    add_warning(out, about);
}

/* A name or an address, all that belong to it. */
static void judge_all(struct report *out, const char *host, const char *asked, int flags)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    size_t n = 0;

    if (getaddrinfo(asked, NULL, &hints, &list) != 0)
        return;
    for (const struct addrinfo *at = list; at != NULL && n < ADDRESSES_MAX;
         at = at->ai_next, n++)
        judge(out, host, at);
    freeaddrinfo(list);
}

void dns_lint(struct report *out, const char *host, const char *const *address, size_t n)
{
    for (size_t i = 0; i < n; i++)
        judge_all(out, host, address[i], AI_NUMERICHOST);
    if (n == 0)
        judge_all(out, host, host, 0);
}
