/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/issued.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/notes.h"
#include "certs/pem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ISSUED_DIR "ca.issued"
#define RECORD_MAX (2 * CERT_DER_MAX + NOTES_MAX)
#define FILE_ROOM (SERIAL_TEXT_MAX + 4)

static const struct {
    enum revocation_reason reason;
    const char *name;
} reasons[] = {
    {REASON_UNSPECIFIED, "unspecified"},
    {REASON_KEY_COMPROMISE, "keyCompromise"},
    {REASON_AFFILIATION_CHANGED, "affiliationChanged"},
    {REASON_SUPERSEDED, "superseded"},
    {REASON_CESSATION, "cessationOfOperation"},
};

const char *reason_name(enum revocation_reason reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return reasons[0].name;
}

bool reason_named(enum revocation_reason *out, const char *name, struct error *err)
{
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (!text_equal(reasons[i].name, name))
            continue;
        *out = reasons[i].reason;
        return true;
    }
    return fail(err, E_USAGE, "there is no reason %s; see RFC 5280 5.3.1", name);
}

void issued_clear(struct issued *issued)
{
    cert_clear(&issued->cert);
    *issued = (struct issued){0};
}

void issued_list_clear(struct issued_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        issued_clear(&list->item[i]);
    mem_free(list->item);
    *list = (struct issued_list){0};
}

void issued_serial(char out[SERIAL_TEXT_MAX], const struct cert *cert)
{
    struct span serial = cert->serial;

    while (serial.n > 1 && serial.at[0] == 0)
        serial = span_after(serial, 1);
    text_hex(out, span_head(serial, SERIAL_TEXT_MAX / 2 - 1));
    for (char *c = out; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

static bool write_record(int state, const struct issued *issued, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(RECORD_MAX);
    scoped(fd_close) int dir = -1;
    char hex[DIGEST_HEX], file[FILE_ROOM];

    digest_hex(hex, &issued->issuer_key);
    snprintf(file, sizeof(file), "%s.pem", issued->serial);
    return notes_add(&text, "serial", issued->serial, err) &&
           notes_add(&text, "subject", issued->cert.subject_text, err) &&
           notes_add(&text, "issuer-key", hex, err) &&
           notes_add_time(&text, "issued", issued->at, err) &&
           (issued->revoked == 0 ||
            (notes_add_time(&text, "revoked", issued->revoked, err) &&
             notes_add(&text, "reason", reason_name(issued->reason), err))) &&
           cert_to_pem(&text, &issued->cert, err) &&
           fs_make_dir(&dir, state, ISSUED_DIR, 0700, err) &&
           fs_replace(dir, file, buf_span(&text), 0600, err);
}

static bool is_record(const struct dirent *row)
{
    return text_ends(row->d_name, ".pem") && row->d_name[0] != '.';
}

/* What is more than can be read again could never be listed or revoked. */
static bool has_room(int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, ISSUED_DIR, 0);
    const struct dirent *row;
    size_t n = 0;

    if (list == NULL)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, ISSUED_DIR);
    while ((row = dir_next(list)) != NULL)
        n += is_record(row);
    if (errno != 0)
        return fail_errno(err, E_FILE_READ, ISSUED_DIR);
    return n < ISSUED_MAX || fail(err, E_CA_FULL, "%zu certificates", n);
}

bool issued_add(int state, const struct cert *leaf, const struct ca *ca, time_t now,
                struct error *err)
{
    scoped(issued_clear) struct issued issued = {.at = now};

    if (!has_room(state, err))
        return false;
    issued_serial(issued.serial, leaf);
    key_spki_digest(&issued.issuer_key, &ca->key);
    return cert_parse(&issued.cert, buf_span(&leaf->der), err) &&
           write_record(state, &issued, err);
}

static bool read_text(struct issued *out, struct span text, struct error *err)
{
    static const char *const labels[] = {"CERTIFICATE"};
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    char hex[DIGEST_HEX], reason[32];
    size_t which = 0;

    if (!pem_find(&der, &which, text, labels, COUNT(labels), err) ||
        !cert_parse(&out->cert, buf_span(&der), err))
        return false;
    if (!notes_get(hex, sizeof(hex), text, "issuer-key") ||
        !digest_from_hex(&out->issuer_key, hex))
        return false;
    issued_serial(out->serial, &out->cert);
    (void)notes_get_time(&out->at, text, "issued");
    (void)notes_get_time(&out->revoked, text, "revoked");
    return !notes_get(reason, sizeof(reason), text, "reason") ||
           reason_named(&out->reason, reason, err);
}

static bool read_record(struct issued *out, int dir, const char *file, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(RECORD_MAX);
    struct error why = {0};

    return (fs_read_at(&text, dir, file, &why) && read_text(out, buf_span(&text), &why)) ||
           fail(err, E_CA_RECORD, ISSUED_DIR "/%s: %s", file, why.about);
}

static int by_time(const void *a, const void *b)
{
    const struct issued *one = a, *other = b;

    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return strcmp(one->serial, other->serial);
}

bool issued_load(struct issued_list *out, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, ISSUED_DIR, 0);
    const struct dirent *row;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, ISSUED_DIR);
    while ((row = dir_next(list)) != NULL) {
        if (!is_record(row))
            continue;
        if (out->n == ISSUED_MAX)
            return fail(err, E_CA_RECORD, "more than %d", ISSUED_MAX);
        out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
        out->item[out->n] = (struct issued){0};
        if (!read_record(&out->item[out->n++], dirfd(list), row->d_name, err))
            return false;
    }
    if (errno != 0)
        return fail_errno(err, E_FILE_READ, ISSUED_DIR);
    if (out->n > 1)
        qsort(out->item, out->n, sizeof(*out->item), by_time);
    return true;
}

/* The file name of a serial number as people type it; false when it is none. */
static bool file_of(char out[FILE_ROOM], const char *serial)
{
    size_t n = 0;

    for (; *serial != '\0'; serial++) {
        if (*serial == ':')
            continue;
        if (!isxdigit((unsigned char)*serial) || n + 1 >= SERIAL_TEXT_MAX)
            return false;
        out[n++] = (char)toupper((unsigned char)*serial);
    }
    memcpy(out + n, ".pem", sizeof(".pem"));
    return n > 0;
}

bool issued_revoke(struct issued *out, int state, const char *serial,
                   enum revocation_reason reason, time_t now, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char file[FILE_ROOM], path[sizeof(ISSUED_DIR) + FILE_ROOM], then[TIME_TEXT_MAX];
    bool has = false;

    if (!file_of(file, serial))
        return fail(err, E_SERIAL_UNKNOWN, "%s", serial);
    snprintf(path, sizeof(path), ISSUED_DIR "/%s", file);
    if (!fs_has(&has, state, path, err))
        return false;
    if (!has)
        return fail(err, E_SERIAL_UNKNOWN, "%s", serial);
    if (!fs_open_dir(&dir, state, ISSUED_DIR, err) || !read_record(out, dir, file, err))
        return false;
    if (out->revoked != 0) {
        text_show_time(then, out->revoked);
        return fail(err, E_CA_REVOKED, "%s, since %s", serial, then);
    }
    out->revoked = now;
    out->reason = reason;
    return write_record(state, out, err);
}
