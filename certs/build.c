/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/build.h"

#include <wolfssl/options.h>

#include <stdio.h>
#include <string.h>
#include <wolfssl/ssl.h>
#include <wolfssl/version.h>
#ifdef HAVE_FIPS
#include <wolfssl/wolfcrypt/fips_test.h>
#endif

void build_wolfssl(char out[BUILD_TEXT_MAX])
{
    const char *linked = wolfSSL_lib_version();

    if (strcmp(linked, LIBWOLFSSL_VERSION_STRING) == 0)
        snprintf(out, BUILD_TEXT_MAX, "%s", linked);
    else
        snprintf(out, BUILD_TEXT_MAX, "%s, with headers of %s", linked,
                 LIBWOLFSSL_VERSION_STRING);
}

bool build_has_fips_module(char module[BUILD_TEXT_MAX])
{
#ifdef HAVE_FIPS
    snprintf(module, BUILD_TEXT_MAX, "%s", wolfCrypt_GetVersion_fips());
    return true;
#else
    module[0] = '\0';
    return false;
#endif
}
