/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/sealed.h"

#include "base/fs.h"
#include "base/text.h"
#include "certs/armor.h"
#include "certs/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/random.h>

#define SALT_BYTES 16
#define SEALED_ROOM (KEY_DER_MAX + 512)

static const char *const sealed_labels[] = {"ENCRYPTED PRIVATE KEY"};

bool key_is_sealed(struct span pem)
{
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    struct error err = {0};
    size_t which = 0;

    return armor_read(&der, &which, pem, sealed_labels, 1, &err);
}

/* wolfCrypt's writer takes what it needs from a generator of its own: the IV. */
static int encrypt(struct buf *out, const struct key *key, struct span passphrase,
                   unsigned char salt[SALT_BYTES])
{
    word32 room = (word32)out->room;
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_EncryptPKCS8Key_ex(key->der.at, (word32)key->der.n, out->at, &room,
                               (const char *)passphrase.at, (int)passphrase.n, PKCS5, PBES2,
                               AES256CBCb, salt, SALT_BYTES, SEALED_ROUNDS, HMAC_SHA256_OID,
                               &rng, NULL);
    wc_FreeRng(&rng);
    return rc;
}

bool key_seal(struct buf *out, const struct key *key, struct span passphrase,
              struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    unsigned char salt[SALT_BYTES];
    int n;

    if (key->der.n == 0)
        return fail(err, E_KEY_ABSENT, "to write it");
    if (passphrase.n < PASSPHRASE_MIN || passphrase.n > PASSPHRASE_MAX)
        return fail(err, E_PASSPHRASE_FORM, "%zu bytes", passphrase.n);
    if (!random_fill(salt, sizeof(salt), err) || !buf_reserve(&der, SEALED_ROOM, err))
        return false;
    n = encrypt(&der, key, passphrase, salt);
    if (n <= 0)
        return fail(err, E_KEY_MAKE, "wolfCrypt error %d while encrypting", n);
    der.n = (size_t)n;
    return pem_add(out, sealed_labels[0], buf_span(&der), err);
}

bool key_unseal(struct key *out, struct span pem, struct span passphrase, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(SEALED_ROOM);
    scoped(buf_clear) struct buf plain = buf_upto(KEY_PEM_MAX);
    struct error form = {0};
    size_t which = 0;
    int n;

    if (!armor_read(&der, &which, pem, sealed_labels, 1, &form))
        return key_from_pem(out, pem, err);
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

bool sealed_is_on(int state)
{
    return faccessat(state, SEALED_LINK, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool own_passphrase(struct buf *out, int state, struct error *err)
{
    struct error why = {0};

    if (!sealed_is_on(state))
        return fail(err, E_KEY_SEALED, "and there is no link " SEALED_LINK);
    if (passphrase_read(out, state, SEALED_LINK, &why))
        return true;
    return fail(err, why.msg == E_FILE_READ ? E_KEY_SEALED : why.msg, "%s", why.about);
}

bool sealed_read(struct key *out, int state, int dir, const char *name, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf passphrase = buf_upto(PASSPHRASE_MAX);

    if (!secret_is_private(dir, name, err) || !fs_read_secret(&pem, dir, name, err))
        return false;
    if (!key_is_sealed(buf_span(&pem)))
        return key_from_pem(out, buf_span(&pem), err);
    return own_passphrase(&passphrase, state, err) &&
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

    if (!sealed_is_on(state))
        return write_as(dir, name, key, NULL, err);
    return own_passphrase(&passphrase, state, err) &&
           write_as(dir, name, key, &passphrase, err);
}
