/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/sealed.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/encode.h"
#include "certs/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/pwdbased.h>
#include <wolfssl/wolfcrypt/random.h>

#define SALT_BYTES 16
#define AES_BLOCK 16
#define SEALED_ROOM (KEY_DER_MAX + 512)

struct secret_numbers {
    unsigned char salt[SALT_BYTES], iv[AES_BLOCK];
};

static const char *const sealed_labels[] = {"ENCRYPTED PRIVATE KEY"};

bool key_is_sealed(struct span pem)
{
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    struct error err = {0};
    size_t which = 0;

    return pem_find(&der, &which, pem, sealed_labels, 1, &err);
}

/*
 * Random bytes from wolfCrypt, which is also what leaves its vector registers clean: after
 * its code for elliptic curves PBKDF2 runs a hundred times slower on some processors.
 */
static bool draw(void *out, size_t n, struct error *err)
{
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return fail(err, E_RANDOM, "wolfCrypt error %d", rc);
    rc = wc_RNG_GenerateBlock(&rng, out, (word32)n);
    wc_FreeRng(&rng);
    return rc == 0 || fail(err, E_RANDOM, "wolfCrypt error %d", rc);
}

/* PKCS#7 padding, a whole block of it when the text fills its blocks: wolfCrypt's own
 * writer of PKCS#8 leaves that one out, and no other program can then read the key. */
static bool encrypt(struct buf *out, const struct key *key, struct span passphrase,
                    const struct secret_numbers *numbers, struct error *err)
{
    const size_t pad = AES_BLOCK - key->der.n % AES_BLOCK;
    scoped(buf_clear) struct buf plain = buf_upto(SEALED_ROOM);
    scoped(buf_clear) struct buf secret = buf_upto(AES_256_KEY_SIZE);
    Aes aes;
    int rc;

    if (!buf_add(&plain, buf_span(&key->der), err))
        return false;
    for (size_t i = 0; i < pad; i++)
        if (!buf_add_byte(&plain, (unsigned)pad, err))
            return false;
    if (!buf_reserve(out, plain.n, err) || !buf_reserve(&secret, AES_256_KEY_SIZE, err))
        return false;
    rc = wc_PBKDF2(secret.at, passphrase.at, (int)passphrase.n, numbers->salt, SALT_BYTES,
                   SEALED_ROUNDS, AES_256_KEY_SIZE, WC_SHA256);
    if (rc == 0)
        rc = wc_AesInit(&aes, NULL, INVALID_DEVID);
    if (rc != 0)
        return fail(err, E_KEY_MAKE, "wolfCrypt error %d while encrypting", rc);
    rc = wc_AesSetKey(&aes, secret.at, AES_256_KEY_SIZE, numbers->iv, AES_ENCRYPTION);
    if (rc == 0)
        rc = wc_AesCbcEncrypt(&aes, out->at, plain.at, (word32)plain.n);
    wc_AesFree(&aes);
    out->n = rc == 0 ? plain.n : 0;
    return rc == 0 || fail(err, E_KEY_MAKE, "wolfCrypt error %d while encrypting", rc);
}

/* EncryptedPrivateKeyInfo (RFC 5958 3) with PBES2 (RFC 8018 A.2 to A.4). */
static bool encode(struct buf *out, struct span secret,
                   const struct secret_numbers *numbers, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(SEALED_ROOM);

    encode_begin(&encoder, TAG_SEQUENCE);
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_oid(&encoder, "1.2.840.113549.1.5.13");
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_oid(&encoder, "1.2.840.113549.1.5.12");
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_value(&encoder, TAG_OCTET_STRING, span_of(numbers->salt, SALT_BYTES));
    encode_small(&encoder, SEALED_ROUNDS);
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_oid(&encoder, "1.2.840.113549.2.9");
    encode_value(&encoder, TAG_NULL, (struct span){0});
    for (int open = 0; open < 3; open++)
        encode_end(&encoder);
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_oid(&encoder, "2.16.840.1.101.3.4.1.42");
    encode_value(&encoder, TAG_OCTET_STRING, span_of(numbers->iv, AES_BLOCK));
    for (int open = 0; open < 3; open++)
        encode_end(&encoder);
    encode_value(&encoder, TAG_OCTET_STRING, secret);
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool key_seal(struct buf *out, const struct key *key, struct span passphrase,
              struct error *err)
{
    scoped(buf_clear) struct buf secret = buf_upto(SEALED_ROOM);
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    struct secret_numbers numbers;

    if (key->der.n == 0)
        return fail(err, E_KEY_ABSENT, "to write it");
    if (passphrase.n < PASSPHRASE_MIN || passphrase.n > PASSPHRASE_MAX)
        return fail(err, E_PASSPHRASE_FORM, "%zu bytes", passphrase.n);
    return draw(&numbers, sizeof(numbers), err) &&
           encrypt(&secret, key, passphrase, &numbers, err) &&
           encode(&der, buf_span(&secret), &numbers, err) &&
           pem_add(out, sealed_labels[0], buf_span(&der), err);
}

bool key_unseal(struct key *out, struct span pem, struct span passphrase, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    scoped(buf_clear) struct buf plain = buf_upto(KEY_PEM_MAX);
    struct error form = {0};
    unsigned char nothing[1];
    size_t which = 0;
    int n;

    if (!pem_find(&der, &which, pem, sealed_labels, 1, &form))
        return key_from_pem(out, pem, err);
    if (!draw(nothing, sizeof(nothing), err))
        return false;
    n = wc_DecryptPKCS8Key(der.at, (word32)der.n, (const char *)passphrase.at,
                           (int)passphrase.n);
    if (n <= 0 || (size_t)n > der.n)
        return fail(err, E_PASSPHRASE, "wolfCrypt error %d", n);
    form = (struct error){0};
    if (!pem_add(&plain, "PRIVATE KEY", span_of(der.at, (size_t)n), err))
        return false;
    /* One wrong passphrase in 256 decrypts to something that is padded well. */
    return key_from_pem(out, buf_span(&plain), &form) ||
           fail(err, E_PASSPHRASE, "%s", form.about);
}

/* The whole path of dir/name, for a command that people can copy. */
static void whole_path(char out[PATH_MAX], int dir, const char *name)
{
    char link[32];
    ssize_t n = -1;

    if (dir != AT_FDCWD && name[0] != '/') {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        n = readlink(link, out, PATH_MAX - 2);
    }
    if (n <= 0 || (size_t)n + strlen(name) + 2 > PATH_MAX) {
        (void)text_copy(out, PATH_MAX, name);
        return;
    }
    out[n] = '/';
    (void)text_copy(out + n + 1, PATH_MAX - (size_t)n - 1, name);
    if (text_equal(name, "."))
        out[n] = '\0';
}

bool secret_is_private(int dir, const char *name, struct error *err)
{
    char path[PATH_MAX];
    struct stat st;

    if (fstatat(dir, name, &st, 0) != 0)
        return fail_errno(err, E_FILE_READ, name);
    if (S_ISFIFO(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return true;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) /* nobody shall chmod /dev/null */
        return fail(err, E_FILE_READ, "%s is neither a file nor a pipe", name);
    whole_path(path, dir, name);
    return fail(err, E_SECRET_OPEN, "%s has mode %04o; mend it with: chmod %s '%s'", path,
                (unsigned)(st.st_mode & 07777), S_ISDIR(st.st_mode) ? "700" : "600", path);
}

/* The bytes before the end of the line, CR LF included. */
static void keep_first_line(struct buf *text)
{
    size_t n = 0;

    while (n < text->n && text->at[n] != '\n')
        n++;
    if (n > 0 && text->at[n - 1] == '\r')
        n--;
    text->n = n;
}

bool passphrase_read(struct buf *out, int dir, const char *path, struct error *err)
{
    struct error why = {0};

    if (!secret_is_private(dir, path, err))
        return false;
    if (!fs_read_secret(out, dir, path, &why))
        return fail(err, why.msg == E_TOO_LARGE ? E_PASSPHRASE_FORM : why.msg, "%s",
                    why.about);
    keep_first_line(out);
    return out->n > 0 || fail(err, E_PASSPHRASE_FORM, "%s begins with an empty line", path);
}

bool sealed_is_on(bool *on, int state, struct error *err)
{
    return fs_has(on, state, SEALED_LINK, err);
}

bool sealed_passphrase(struct buf *out, int state, struct error *err)
{
    struct error why = {0};
    bool on = false;

    if (!sealed_is_on(&on, state, err))
        return false;
    if (!on)
        return fail(err, E_KEY_SEALED, "and there is no link " SEALED_LINK);
    if (passphrase_read(out, state, SEALED_LINK, &why))
        return true;
    return fail(err, why.msg == E_FILE_READ ? E_KEY_SEALED : why.msg, "%s", why.about);
}

bool sealed_explains(enum msg msg)
{
    return msg == E_SECRET_OPEN || msg == E_KEY_SEALED || msg == E_PASSPHRASE ||
           msg == E_PASSPHRASE_FORM;
}

bool sealed_read(struct key *out, int state, int dir, const char *name, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf passphrase = buf_upto(PASSPHRASE_MAX);

    if (!secret_is_private(dir, name, err) || !fs_read_secret(&pem, dir, name, err))
        return false;
    if (!key_is_sealed(buf_span(&pem)))
        return key_from_pem(out, buf_span(&pem), err);
    return sealed_passphrase(&passphrase, state, err) &&
           key_unseal(out, buf_span(&pem), buf_span(&passphrase), err);
}

static bool write_as(int dir, const char *name, const struct key *key,
                     const struct buf *passphrase, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);

    return (passphrase != NULL ? key_seal(&pem, key, buf_span(passphrase), err)
                               : key_to_pem(&pem, key, err)) &&
           fs_replace(dir, name, buf_span(&pem), 0600, err);
}

bool sealed_write(int state, int dir, const char *name, const struct key *key,
                  struct error *err)
{
    scoped(buf_clear) struct buf passphrase = buf_upto(PASSPHRASE_MAX);
    bool on = false;

    if (!sealed_is_on(&on, state, err))
        return false;
    if (!on)
        return write_as(dir, name, key, NULL, err);
    return sealed_passphrase(&passphrase, state, err) &&
           write_as(dir, name, key, &passphrase, err);
}
