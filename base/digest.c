/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include "base/text.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <blake3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

_Static_assert(sizeof(wc_Sha256) <= sizeof(((struct digest_run *)0)->state.room),
               "SHA-256 state fits");
_Static_assert(sizeof(blake3_hasher) <= sizeof(((struct digest_run *)0)->state.room),
               "BLAKE3 state fits");

static wc_Sha256 *sha256_of(struct digest_run *run)
{
    return (wc_Sha256 *)(void *)run->state.room;
}

static blake3_hasher *blake3_of(struct digest_run *run)
{
    return (blake3_hasher *)(void *)run->state.room;
}

/* Software SHA-256 cannot fail on valid arguments; if it does, nothing may go on. */
static void must(int code)
{
    if (code != 0)
        abort();
}

static word32 chunk_of(size_t n)
{
    const size_t most = 1U << 30;

    return (word32)(n < most ? n : most);
}

void digest_begin(struct digest_run *run, enum digest_kind kind)
{
    run->kind = kind;
    switch (kind) {
    case DIGEST_SHA256:
        must(wc_InitSha256(sha256_of(run)));
        return;
    case DIGEST_BLAKE3:
        blake3_hasher_init(blake3_of(run));
        return;
    }
}

void digest_add(struct digest_run *run, struct span bytes)
{
    if (bytes.n == 0)
        return;
    switch (run->kind) {
    case DIGEST_SHA256:
        while (bytes.n > 0) {
            word32 n = chunk_of(bytes.n);

            must(wc_Sha256Update(sha256_of(run), bytes.at, n));
            bytes = span_after(bytes, n);
        }
        return;
    case DIGEST_BLAKE3:
        blake3_hasher_update(blake3_of(run), bytes.at, bytes.n);
        return;
    }
}

void digest_end(struct digest_run *run, struct digest *out)
{
    switch (run->kind) {
    case DIGEST_SHA256:
        must(wc_Sha256Final(sha256_of(run), out->byte));
        wc_Sha256Free(sha256_of(run));
        return;
    case DIGEST_BLAKE3:
        blake3_hasher_finalize(blake3_of(run), out->byte, DIGEST_BYTES);
        return;
    }
}

void digest_of(struct digest *out, enum digest_kind kind, struct span bytes)
{
    struct digest_run run;

    digest_begin(&run, kind);
    digest_add(&run, bytes);
    digest_end(&run, out);
}

void digest_keyed(struct digest *out, struct span key, struct span bytes)
{
    Hmac hmac;

    must(wc_HmacInit(&hmac, NULL, INVALID_DEVID));
    must(wc_HmacSetKey(&hmac, WC_SHA256, key.at, (word32)key.n));
    if (bytes.n > 0)
        must(wc_HmacUpdate(&hmac, bytes.at, (word32)bytes.n));
    must(wc_HmacFinal(&hmac, out->byte));
    wc_HmacFree(&hmac);
}

void digest_derive(void *out, size_t n, struct span secret, struct span salt,
                   struct span info)
{
    must(wc_HKDF(WC_SHA256, secret.at, (word32)secret.n, salt.at, (word32)salt.n, info.at,
                 (word32)info.n, out, (word32)n));
}

void digest_sha1_label(unsigned char out[SHA1_BYTES], struct span bytes)
{
    wc_Sha sha;

    must(wc_InitSha(&sha));
    if (bytes.n > 0)
        must(wc_ShaUpdate(&sha, bytes.at, (word32)bytes.n));
    must(wc_ShaFinal(&sha, out));
    wc_ShaFree(&sha);
}

static const char *const kind_names[] = {
    [DIGEST_SHA256] = "sha256", [DIGEST_BLAKE3] = "blake3"};

const char *digest_name(enum digest_kind kind)
{
    return kind_names[kind];
}

bool digest_named(enum digest_kind *out, const char *name)
{
    for (size_t i = 0; i < COUNT(kind_names); i++) {
        if (text_equal(kind_names[i], name)) {
            *out = (enum digest_kind)i;
            return true;
        }
    }
    return false;
}

struct span digest_span(const struct digest *digest)
{
    return span_of(digest->byte, DIGEST_BYTES);
}

void digest_hex(char out[DIGEST_HEX], const struct digest *digest)
{
    text_hex(out, digest_span(digest));
}

bool digest_from_hex(struct digest *out, const char *hex)
{
    scoped(buf_clear) struct buf raw = buf_upto(DIGEST_BYTES);
    struct error err = {0};

    if (strlen(hex) != 2 * DIGEST_BYTES || !text_unhex(&raw, hex, &err) ||
        raw.n != DIGEST_BYTES)
        return false;
    memcpy(out->byte, raw.at, DIGEST_BYTES);
    return true;
}

bool digest_same_secret(struct span a, struct span b)
{
    unsigned different = 0;

    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        different |= (unsigned)(a.at[i] ^ b.at[i]);
    return different == 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return digest_same_secret(digest_span(a), digest_span(b));
}

bool random_fill(void *out, size_t n, struct error *err)
{
    unsigned char *at = out;

    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0)
            return fail_errno(err, E_RANDOM, "getrandom");
        at += got;
        n -= (size_t)got;
    }
    return true;
}
