/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a host name the one that reverse lookup of its address gives (C-02)? Advice only: a
 * certificate with another spelling is refused by nobody, but not found under its name.
 */
#pragma once

#include "base/error.h"

/* Adds a warning for each address whose PTR record says something else. Without an address
 * those of the name are looked up. Nothing is told when the DNS does not answer. */
void dns_lint(struct report *out, const char *host, const char *const *address, size_t n);
