/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/trust.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/armor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANCHORS_DIR "trust/anchors"
#define OWN_ANCHOR "identity/current/anchor.pem"
#define ANCHOR_SUFFIX ".pem"
#define ANCHOR_FILE_MAX (2 * CERT_DER_MAX)

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
    *dir = NULL;
}

static bool parse_anchor(struct cert *out, struct span pem, struct error *err)
{
    static const char *const labels[] = {"CERTIFICATE"};
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    size_t which = 0;

    if (!armor_read(&der, &which, pem, labels, COUNT(labels), err))
        return fail(err, E_ANCHOR_BROKEN, "no certificate in it");
    return cert_parse(out, buf_span(&der), err);
}

/* Append the anchor of a file; a certificate that is there already is dropped. */
static bool read_anchor(struct trust *out, int dir, const char *name, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(ANCHOR_FILE_MAX);
    struct chain *all = &out->anchors;
    struct cert cert = {0};
    struct error why = {0};

    if (all->n == ANCHORS_MAX)
        return fail(err, E_ANCHORS_FULL, "more than %d", ANCHORS_MAX);
    if (!fs_read_at(&pem, dir, name, &why) || !parse_anchor(&cert, buf_span(&pem), &why)) {
        cert_clear(&cert);
        return fail(err, E_ANCHOR_BROKEN, "%s: %s", name, why.about);
    }
    if (trust_find(out, &cert.sha256) != NULL) {
        cert_clear(&cert);
        return true;
    }
    all->cert = mem_resize(all->cert, all->n + 1, sizeof(*all->cert));
    all->cert[all->n++] = cert;
    return true;
}

static bool read_imported(struct trust *out, int state, struct error *err)
{
    const int fd = openat(state, ANCHORS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(dir_close) DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (fd < 0 && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, ANCHORS_DIR);
    while ((entry = readdir(list)) != NULL)
        if (text_ends(entry->d_name, ANCHOR_SUFFIX) && entry->d_name[0] != '.' &&
            !read_anchor(out, fd, entry->d_name, err))
            return false;
    return true;
}

bool trust_load(struct trust *out, int state, struct error *err)
{
    if (!read_imported(out, state, err))
        return false;
    out->imported = out->anchors.n;
    return faccessat(state, OWN_ANCHOR, F_OK, 0) != 0 ||
           read_anchor(out, state, OWN_ANCHOR, err);
}

const struct cert *trust_find(const struct trust *trust, const struct digest *sha256)
{
    for (size_t i = 0; i < trust->anchors.n; i++)
        if (digest_equal(&trust->anchors.cert[i].sha256, sha256))
            return &trust->anchors.cert[i];
    return NULL;
}

const struct cert *trust_find_key(const struct trust *trust,
                                  const struct digest *spki_sha256)
{
    for (size_t i = 0; i < trust->anchors.n; i++)
        if (digest_equal(&trust->anchors.cert[i].spki_sha256, spki_sha256))
            return &trust->anchors.cert[i];
    return NULL;
}

bool trust_admits(const struct trust *trust, const struct cert *anchor, bool confirmed,
                  struct error *err)
{
    if (confirmed || trust_find(trust, &anchor->sha256) != NULL)
        return true;
    for (size_t i = 0; i < trust->anchors.n; i++) {
        const struct cert *there = &trust->anchors.cert[i];
        const enum name_relation names =
            cert_names_compare(there->subject, anchor->subject);
        char hex[DIGEST_HEX];

        if ((names != NAME_SAME && names != NAME_EQUAL) ||
            digest_equal(&there->spki_sha256, &anchor->spki_sha256))
            continue;
        digest_hex(hex, &there->sha256);
        return fail(err, E_ANCHOR_TWIN, "%s, already there with SHA-256 %s",
                    cert_issued_to(anchor), hex);
    }
    return true;
}

static void file_name(char out[NAME_MAX], const struct digest *sha256)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, sha256);
    snprintf(out, NAME_MAX, "%s" ANCHOR_SUFFIX, hex);
}

bool trust_add(int state, const struct cert *anchor, bool confirmed, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    scoped(buf_clear) struct buf pem = buf_upto(ANCHOR_FILE_MAX);
    scoped(fd_close) int dir = -1;
    char name[NAME_MAX];

    if (!anchor->ca || !cert_is_self_issued(anchor) || !cert_is_signed_by(anchor, anchor))
        return fail(err, E_ANCHOR_NO_CA, "%s", cert_issued_to(anchor));
    if (!trust_load(&trust, state, err) || !trust_admits(&trust, anchor, confirmed, err))
        return false;
    if (trust.imported == ANCHORS_MAX - 1)
        return fail(err, E_ANCHORS_FULL, "%zu are there", trust.imported);
    file_name(name, &anchor->sha256);
    return cert_to_pem(&pem, anchor, err) &&
           fs_make_dir(&dir, state, ANCHORS_DIR, 0700, err) &&
           fs_replace(dir, name, buf_span(&pem), 0600, err);
}

bool trust_remove(int state, const struct digest *sha256, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    scoped(fd_close) int dir = -1;
    char name[NAME_MAX];

    file_name(name, sha256);
    if (!trust_load(&trust, state, err))
        return false;
    if (trust_find(&trust, sha256) == NULL)
        return fail(err, E_ANCHOR_UNKNOWN, "%s", name);
    if (trust_find(&trust, sha256) >= trust.anchors.cert + trust.imported)
        return fail(err, E_ANCHOR_OWN, "%s", cert_issued_to(trust_find(&trust, sha256)));
    if (!fs_open_dir(&dir, state, ANCHORS_DIR, err))
        return false;
    return (unlinkat(dir, name, 0) == 0 || fail_errno(err, E_FILE_WRITE, name)) &&
           fs_sync(dir, ANCHORS_DIR, err);
}

void trust_clear(struct trust *trust)
{
    chain_clear(&trust->anchors);
    *trust = (struct trust){0};
}
