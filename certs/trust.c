/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/trust.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/pem.h"
#include "certs/store.h"

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

/* M-05: also when it is loaded. */
static bool times_are_times(const struct cert *cert, struct error *err)
{
    return (cert->not_before.form != FORM_BAD && cert->not_after.form != FORM_BAD) ||
           fail(err, E_ANCHOR_TIME, "%s", cert_issued_to(cert));
}

static bool parse_anchor(struct cert *out, struct span pem, struct error *err)
{
    static const char *const labels[] = {"CERTIFICATE"};
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    size_t which = 0;

    if (!pem_find(&der, &which, pem, labels, COUNT(labels), err))
        return fail(err, E_ANCHOR_BROKEN, "no certificate in it");
    return cert_parse(out, buf_span(&der), err) && times_are_times(out, err);
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
        return fail(err, why.msg == E_ANCHOR_TIME ? why.msg : E_ANCHOR_BROKEN, "%s: %s",
                    name, why.about);
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
    scoped(dir_close) DIR *list = dir_open(state, ANCHORS_DIR, 0);
    const struct dirent *entry;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, ANCHORS_DIR);
    while ((entry = dir_next(list)) != NULL)
        if (text_ends(entry->d_name, ANCHOR_SUFFIX) && entry->d_name[0] != '.' &&
            !read_anchor(out, dirfd(list), entry->d_name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, ANCHORS_DIR);
}

bool trust_load(struct trust *out, int state, struct error *err)
{
    bool own = false;

    if (!read_imported(out, state, err) || !fs_has(&own, state, OWN_ANCHOR, err))
        return false;
    out->imported = out->anchors.n;
    return !own || read_anchor(out, state, OWN_ANCHOR, err);
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

bool trust_may_anchor(const struct cert *cert, struct error *err)
{
    if (!cert->ca || !cert_is_self_issued(cert) || !cert_is_signed_by(cert, cert))
        return fail(err, E_ANCHOR_NO_CA, "%s", cert_issued_to(cert));
    return times_are_times(cert, err);
}

bool trust_import(int state, const struct entry *entry, bool confirmed, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};

    if (!trust_may_anchor(&entry->cert, err) || !trust_load(&trust, state, err) ||
        !trust_admits(&trust, &entry->cert, confirmed, err))
        return false;
    if (trust.imported >= ANCHORS_MAX - 1 && !trust_find(&trust, &entry->cert.sha256))
        return fail(err, E_ANCHORS_FULL, "%zu are there", trust.imported);
    return store_put(state, entry, err);
}

bool trust_add(int state, const struct cert *anchor, bool confirmed, struct error *err)
{
    scoped(entry_clear) struct entry entry = {0};

    return entry_make(&entry, anchor, STORE_ROOTS, NULL, err) &&
           trust_import(state, &entry, confirmed, err);
}

bool trust_may_remove(const struct trust *trust, const struct digest *sha256,
                      struct error *err)
{
    const struct cert *anchor = trust_find(trust, sha256);

    if (anchor == NULL)
        return fail(err, E_ANCHOR_UNKNOWN, "it is no anchor");
    if (anchor >= trust->anchors.cert + trust->imported)
        return fail(err, E_ANCHOR_OWN, "%s", cert_issued_to(anchor));
    return trust->anchors.n > 1 || fail(err, E_ANCHOR_LAST, "%s", cert_issued_to(anchor));
}

void trust_clear(struct trust *trust)
{
    chain_clear(&trust->anchors);
    *trust = (struct trust){0};
}
