/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pkcs12_mac.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/encode.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#define BMP_MAX 4096
#define MAC_ID 3 /* RFC 7292 B.3 */

/* PFX ::= SEQUENCE { version, authSafe, macData }, and what macData says. */
struct mac {
    struct span version, safe; /* as they stand */
    struct span signed_bytes;  /* contents of the OCTET STRING in authSafe */
    struct span digest, salt;
    unsigned rounds;
    int hash;
};

/* AlgorithmIdentifier: SHA-1, SHA-256, SHA-384, SHA-512. */
static bool read_hash(int *out, struct span algorithm)
{
    static const struct {
        const char *oid;
        int hash;
    } hashes[] = {{"1.3.14.3.2.26", WC_SHA},
                  {"2.16.840.1.101.3.4.2.1", WC_SHA256},
                  {"2.16.840.1.101.3.4.2.2", WC_SHA384},
                  {"2.16.840.1.101.3.4.2.3", WC_SHA512}};
    char text[DER_OID_TEXT_MAX];
    struct span oid;

    if (!der_expect(&oid, &algorithm, TAG_OID))
        return false;
    der_oid_text(text, oid);
    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (!text_equal(hashes[i].oid, text))
            continue;
        *out = hashes[i].hash;
        return true;
    }
    return false;
}

/* MacData ::= SEQUENCE { DigestInfo, salt OCTET STRING, iterations INTEGER DEFAULT 1 } */
static bool read_mac_data(struct mac *out, struct span data)
{
    struct span info, algorithm, rounds;

    out->rounds = 1;
    if (!der_expect(&info, &data, TAG_SEQUENCE) ||
        !der_expect(&algorithm, &info, TAG_SEQUENCE) || !read_hash(&out->hash, algorithm) ||
        !der_only(&out->digest, info, TAG_OCTET_STRING) ||
        !der_expect(&out->salt, &data, TAG_OCTET_STRING))
        return false;
    return data.n == 0 ||
           (der_only(&rounds, data, TAG_INTEGER) && der_small(&out->rounds, rounds) &&
            out->rounds > 0 && out->rounds <= PKCS12_ROUNDS_MAX);
}

/* ContentInfo ::= SEQUENCE { OID, [0] EXPLICIT OCTET STRING } */
static bool read_safe(struct mac *out, struct span safe)
{
    struct span oid, bytes;

    return der_expect(&oid, &safe, TAG_OID) &&
           der_only(&bytes, safe, TAG_CONTEXT_OVER(0)) &&
           der_only(&out->signed_bytes, bytes, TAG_OCTET_STRING);
}

static bool read_file(struct mac *out, struct span file)
{
    struct span pfx, data;
    struct der version, safe;

    if (!der_only(&pfx, file, TAG_SEQUENCE) || !der_take(&version, &pfx) ||
        !der_take(&safe, &pfx) || safe.tag != TAG_SEQUENCE ||
        !der_only(&data, pfx, TAG_SEQUENCE))
        return false;
    out->version = version.whole;
    out->safe = safe.whole;
    return read_safe(out, safe.contents) && read_mac_data(out, data);
}

/* UTF-16, big-endian, with two zero bytes behind it. */
static bool widen(struct buf *out, struct span text, struct error *err)
{
    while (text.n > 0) {
        unsigned code = 0;

        text = span_after(text, text_character(&code, text));
        if (code > 0xFFFF) {
            code -= 0x10000;
            if (!buf_add_u16(out, 0xD800 + (code >> 10), err))
                return false;
            code = 0xDC00 + (code & 0x3FF);
        }
        if (!buf_add_u16(out, code, err))
            return false;
    }
    return buf_add_u16(out, 0, err);
}

static bool compute(unsigned char out[WC_MAX_DIGEST_SIZE], const struct mac *mac,
                    struct span bmp)
{
    const int n = wc_HashGetDigestSize((enum wc_HashType)mac->hash);
    unsigned char key[WC_MAX_DIGEST_SIZE];
    Hmac hmac;
    bool good;

    if (n <= 0 || wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0)
        return false;
    good = wc_PKCS12_PBKDF(key, bmp.at, (int)bmp.n, mac->salt.at, (int)mac->salt.n,
                           (int)mac->rounds, n, mac->hash, MAC_ID) == 0 &&
           wc_HmacSetKey(&hmac, mac->hash, key, (word32)n) == 0 &&
           wc_HmacUpdate(&hmac, mac->signed_bytes.at, (word32)mac->signed_bytes.n) == 0 &&
           wc_HmacFinal(&hmac, out) == 0;
    wc_HmacFree(&hmac);
    mem_wipe(key, sizeof(key));
    return good && mac->digest.n == (size_t)n;
}

static bool write_bare(struct buf *out, const struct mac *mac, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(out->max);

    encode_begin(&encoder, TAG_SEQUENCE);
    encode_raw(&encoder, mac->version);
    encode_raw(&encoder, mac->safe);
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool pkcs12_mac_holds(struct buf *bare, struct span file, struct span passphrase,
                      struct error *err)
{
    scoped(buf_clear) struct buf bmp = buf_upto(BMP_MAX);
    unsigned char digest[WC_MAX_DIGEST_SIZE] = {0};
    struct mac mac = {0};

    if (!text_is_utf8(passphrase))
        return fail(err, E_PKCS12, "its passphrase is not UTF-8");
    if (!read_file(&mac, file))
        return fail(err, E_PKCS12, "it is no PKCS#12 in DER with a digest");
    if (!widen(&bmp, passphrase, err))
        return false;
    if (!compute(digest, &mac, buf_span(&bmp)))
        return fail(err, E_PKCS12, "its digest cannot be computed");
    return span_equal(span_of(digest, mac.digest.n), mac.digest)
               ? write_bare(bare, &mac, err)
               : fail(err, E_PASSPHRASE, "its digest does not agree");
}
