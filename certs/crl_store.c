/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/crl_store.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/der.h"
#include "certs/extension.h"
#include "certs/general.h"
#include "certs/notes.h"
#include "certs/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CRLS_DIR "trust/crls"
#define FILE_ROOM (DIGEST_HEX + 4)

static void file_name(char out[FILE_ROOM], const struct digest *key)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, key);
    snprintf(out, FILE_ROOM, "%s.pem", hex);
}

void held_crls_clear(struct held_crls *held)
{
    for (size_t i = 0; i < held->n; i++)
        crl_clear(&held->item[i].crl);
    mem_free(held->item);
    *held = (struct held_crls){0};
}

const struct held_crl *held_crls_find(const struct held_crls *held,
                                      const struct digest *issuer_key)
{
    for (size_t i = 0; i < held->n; i++)
        if (digest_equal(&held->item[i].issuer_key, issuer_key))
            return &held->item[i];
    return NULL;
}

static void read_notes(struct held_crl *out, struct span text)
{
    size_t begin = 0;
    char automatic[4];

    if (!span_find(text, "-----BEGIN", &begin))
        return;
    text = span_head(text, begin);
    (void)notes_get(out->issuer_text, sizeof(out->issuer_text), text, "issuer");
    (void)notes_get(out->url, sizeof(out->url), text, "url");
    (void)notes_get_time(&out->fetched, text, "fetched");
    out->automatic = notes_get(automatic, sizeof(automatic), text, "auto-refresh") &&
                     text_equal(automatic, "1");
}

static bool read_list(struct held_crls *out, int dir, const char *file, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(CRL_FILE_MAX);
    scoped(crls_clear) struct crls lists = {0};
    char hex[DIGEST_HEX];
    struct held_crl *held;
    struct error why = {0};
    struct digest key;

    if (!text_copy_span(hex, sizeof(hex), span_head(span_text(file), DIGEST_HEX - 1)) ||
        !digest_from_hex(&key, hex))
        return true; /* none of ours */
    if (out->n == CRL_STORE_MAX)
        return fail(err, E_ANCHORS_FULL, "more than %d lists", CRL_STORE_MAX);
    if (!fs_read_at(&text, dir, file, &why) || !crls_parse(&lists, buf_span(&text), &why) ||
        lists.n != 1)
        return fail(err, E_ANCHOR_BROKEN, CRLS_DIR "/%s: %s", file, why.about);
    out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
    held = &out->item[out->n++];
    *held = (struct held_crl){.crl = lists.item[0], .issuer_key = key};
    lists.n = 0; /* moved */
    read_notes(held, buf_span(&text));
    return true;
}

bool crl_store_load(struct held_crls *out, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, CRLS_DIR, 0);
    const struct dirent *row;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, CRLS_DIR);
    while ((row = dir_next(list)) != NULL)
        if (text_ends(row->d_name, ".pem") &&
            !read_list(out, dirfd(list), row->d_name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, CRLS_DIR);
}

const struct cert *crl_signer(const struct crl *crl, const struct chain *cas)
{
    for (size_t i = 0; i < cas->n; i++) {
        const struct cert *ca = &cas->cert[i];
        const enum name_relation names = cert_names_compare(ca->subject, crl->issuer);

        if ((names == NAME_SAME || names == NAME_EQUAL) &&
            (!ca->has_ku || (ca->ku & KU_CRL_SIGN) != 0) && crl_is_signed_by(crl, ca))
            return ca;
    }
    return NULL;
}

/* Big-endian magnitudes of INTEGERs that are not negative. */
static int compare_numbers(struct span a, struct span b)
{
    while (a.n > 1 && a.at[0] == 0)
        a = span_after(a, 1);
    while (b.n > 1 && b.at[0] == 0)
        b = span_after(b, 1);
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n == 0 ? 0 : memcmp(a.at, b.at, a.n);
}

static bool may_follow(const struct crl *crl, const struct held_crl *held,
                       struct error *err)
{
    char then[TIME_TEXT_MAX];

    if (held == NULL || (compare_numbers(crl->number, held->crl.number) >= 0 &&
                         crl->this_update.at >= held->crl.this_update.at))
        return true;
    text_show_time(then, held->crl.this_update.at);
    return fail(err, E_CRL_OLDER, "the list held was made %s", then);
}

static bool is_good(const struct crl *crl, const struct crl_wish *wish, struct error *err)
{
    char then[TIME_TEXT_MAX];

    if (crl_is_weakly_signed(crl))
        return fail(err, E_CRL_WEAK, "%s", cert_issued_to(wish->issuer));
    if (!crl_is_signed_by(crl, wish->issuer))
        return fail(err, E_CRL_SIGNATURE, "%s", cert_issued_to(wish->issuer));
    if (crl_is_current(crl, wish->now))
        return true;
    text_show_time(then, wish->now < crl->this_update.at ? crl->this_update.at
                                                         : crl->next_update.at);
    return fail(err, E_CRL_DATE, "it %s %s",
                wish->now < crl->this_update.at ? "begins" : "ended", then);
}

static bool print_list(struct buf *out, const struct crl *crl, const struct crl_wish *wish,
                       const char *url, struct error *err)
{
    return notes_add(out, "issuer", wish->issuer->subject_text, err) &&
           (url[0] == '\0' || notes_add(out, "url", url, err)) &&
           (!wish->automatic || notes_add(out, "auto-refresh", "1", err)) &&
           notes_add_time(out, "fetched", wish->now, err) &&
           pem_add(out, "X509 CRL", buf_span(&crl->der), err);
}

bool crl_store_put(int state, const struct crl *crl, const struct crl_wish *wish,
                   bool *changed, struct error *err)
{
    scoped(held_crls_clear) struct held_crls all = {0};
    scoped(buf_clear) struct buf text = buf_upto(CRL_FILE_MAX);
    scoped(fd_close) int dir = -1;
    const struct held_crl *held;
    const char *url = wish->url;
    char name[FILE_ROOM];

    *changed = false;
    if (!is_good(crl, wish, err) || !crl_store_load(&all, state, err))
        return false;
    held = held_crls_find(&all, &wish->issuer->spki_sha256);
    if (!may_follow(crl, held, err))
        return false;
    if (url == NULL)
        url = held != NULL ? held->url : "";
    if (held != NULL && span_equal(buf_span(&held->crl.der), buf_span(&crl->der)) &&
        held->automatic == wish->automatic && text_equal(url, held->url))
        return true;
    *changed = true;
    file_name(name, &wish->issuer->spki_sha256);
    return print_list(&text, crl, wish, url, err) &&
           fs_make_dir(&dir, state, CRLS_DIR, 0700, err) &&
           fs_replace(dir, name, buf_span(&text), 0600, err);
}

bool crl_store_drop(int state, const struct digest *issuer_key, struct error *err)
{
    char name[FILE_ROOM];
    scoped(fd_close) int dir = -1;

    file_name(name, issuer_key);
    if (!fs_open_dir(&dir, state, CRLS_DIR, err))
        return false;
    return (unlinkat(dir, name, 0) == 0 || fail_errno(err, E_FILE_WRITE, name)) &&
           fs_sync(dir, CRLS_DIR, err);
}

/* DistributionPoint: the fullName of its distributionPoint, when it has one. */
static bool full_name(struct span *out, struct span point)
{
    struct span fields = {0}, name = {0};

    return der_expect(&fields, &point, TAG_CONTEXT_OVER(0)) &&
           der_expect(&name, &fields, TAG_CONTEXT_OVER(0)) && ((*out = name).n > 0);
}

static bool http_of(char out[CRL_URL_MAX], struct span names)
{
    struct general_name name = {0};

    while (general_find(&name, &names, GENERAL_URI))
        if (span_starts(name.value, "http://") &&
            general_name_is_well_formed(&name, false) &&
            text_copy_span(out, CRL_URL_MAX, name.value))
            return true;
    return false;
}

bool crl_point(char out[CRL_URL_MAX], const struct cert *cert)
{
    struct span rest = cert->extensions, points = {0}, point = {0}, names = {0};
    struct extension extension = {0};

    out[0] = '\0';
    while (rest.n > 0 && extension_take(&extension, &rest)) {
        if (!span_equal(extension.oid, span_text("\x55\x1d\x1f")) ||
            !der_only(&points, extension.value, TAG_SEQUENCE))
            continue;
        while (points.n > 0 && der_expect(&point, &points, TAG_SEQUENCE))
            if (full_name(&names, point) && http_of(out, names))
                return true;
    }
    out[0] = '\0';
    return false;
}
