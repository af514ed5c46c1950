/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which wolfSSL is underneath, and whether it is a validated module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BUILD_TEXT_MAX 128

/* "5.9.2"; says so when headers and library differ. */
void build_wolfssl(char out[BUILD_TEXT_MAX]);
/*
 * A build of wolfCrypt's FIPS 140 module, which alone has a certificate; `module` then
 * names it. Policy `fips` without it is a choice of algorithms and sizes, not validation.
 */
bool build_has_fips_module(char module[BUILD_TEXT_MAX]);
