/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each purpose asks for: documents 003 and 004, exactly as their tables say. */
#include "base/text.h"
#include "certs/csr.h"

#include <arpa/inet.h>
#include <string.h>

#define SRV EKU_SERVER_AUTH
#define CLI EKU_CLIENT_AUTH
#define SRV_CLI (EKU_SERVER_AUTH | EKU_CLIENT_AUTH)
/* ipsecEndSystem is obsolete since RFC 4945, and what the document asks for: T-18. */
#define SRV_CLI_IPSEC (SRV_CLI | EKU_IPSEC_END_SYSTEM)

#define DS KU_DIGITAL_SIGNATURE
#define DS_KE (DS | KU_KEY_ENCIPHERMENT)
#define DS_KE_DE (DS_KE | KU_DATA_ENCIPHERMENT)
#define DS_KE_KCS (DS_KE | KU_KEY_CERT_SIGN)
#define DS_KE_DE_KA (DS_KE_DE | KU_KEY_AGREEMENT)

#define RSA KEY_CHOICE_RSA3072
#define EC KEY_CHOICE_EC

/* clang-format off */
static const struct csr_profile profiles[] = {
    /* name                 key  ecdsa  multi  ca     eku            ku, RSA      ku, other */
    /* document 003: migration is two-way, so its leaf serves and calls */
    {"migration",           EC,  false, true,  false, SRV_CLI,       DS_KE,       DS},
    {"server",              EC,  false, true,  false, SRV,           DS_KE,       DS},
    /* beside a server leaf, where the CA issues no certificate with both uses */
    {"client",              EC,  false, true,  false, CLI,           DS_KE,       DS},
    /* document 004, Unified CM; the EC rows too ask for keyEncipherment: T-02 */
    {"CallManager",         RSA, false, true,  false, SRV_CLI,       DS_KE_DE,    DS_KE_DE},
    {"CallManager-ECDSA",   EC,  true,  true,  false, SRV_CLI,       DS_KE_DE,    DS_KE_DE},
    {"CAPF",                RSA, false, false, true,  SRV,           DS_KE_KCS,   DS_KE_KCS},
    {"ipsec",               RSA, false, false, false, SRV_CLI_IPSEC, DS_KE_DE,    DS_KE_DE},
    {"tomcat",              RSA, false, true,  false, SRV_CLI,       DS_KE_DE,    DS_KE_DE},
    {"tomcat-ECDSA",        EC,  true,  true,  false, SRV_CLI,       DS_KE_DE,    DS_KE_DE},
    {"TVS",                 RSA, false, false, false, SRV_CLI,       DS_KE_DE,    DS_KE_DE},
    /* document 004, IM and Presence: keyAgreement, and `cup` alone is for one server: T-19 */
    {"cup",                 RSA, false, false, false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
    {"cup-ECDSA",           EC,  true,  false, false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
    {"cup-xmpp",            RSA, false, true,  false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
    {"cup-xmpp-ECDSA",      EC,  true,  true,  false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
    {"cup-xmpp-s2s",        RSA, false, true,  false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
    {"cup-xmpp-s2s-ECDSA",  EC,  true,  true,  false, SRV_CLI_IPSEC, DS_KE_DE_KA, DS_KE_DE_KA},
};
/* clang-format on */

const struct csr_profile *csr_profile_at(size_t i)
{
    return i < COUNT(profiles) ? &profiles[i] : NULL;
}

bool csr_profile_named(const struct csr_profile **out, const char *name, struct error *err)
{
    for (size_t i = 0; i < COUNT(profiles); i++) {
        if (text_equal(profiles[i].name, name)) {
            *out = &profiles[i];
            return true;
        }
    }
    return fail(err, E_CSR_PURPOSE, "%s", name);
}

static bool names_a_server(const char *san)
{
    unsigned char address[16];

    return text_starts(san, "DNS:") ||
           (!text_starts(san, "IP:") && !text_starts(san, "email:") &&
            !text_starts(san, "URI:") && inet_pton(AF_INET, san, address) != 1 &&
            inet_pton(AF_INET6, san, address) != 1);
}

bool csr_profile_allows(const struct csr_wish *wish, enum key_kind kind, struct error *err)
{
    const struct csr_profile *profile = wish->profile;
    size_t servers = 0;

    if (profile->ecdsa && kind != KEY_EC_P256 && kind != KEY_EC_P384 && kind != KEY_EC_P521)
        return fail(err, E_CSR_KEY_KIND, "%s", profile->name);
    for (size_t i = 0; i < wish->sans; i++)
        servers += names_a_server(wish->san[i]);
    return servers < 2 || profile->multi_server ||
           fail(err, E_CSR_MULTI_SERVER, "%s, and %zu DNS names", profile->name, servers);
}
