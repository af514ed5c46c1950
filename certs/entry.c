/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/store.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/algorithm.h"
#include "certs/notes.h"
#include "certs/pem.h"

#include <ctype.h>
#include <string.h>

#define BEGIN "-----BEGIN"

void entry_clear(struct entry *entry)
{
    cert_clear(&entry->cert);
    *entry = (struct entry){0};
}

static void to_upper(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)toupper((unsigned char)*text);
}

static void sha1_of(char out[SHA1_HEX], struct span bytes)
{
    unsigned char sha1[SHA1_BYTES];

    digest_sha1_label(sha1, bytes);
    text_hex(out, span_of(sha1, sizeof(sha1)));
}

void entry_key_id(char out[CERT_TEXT_MAX], const struct cert *cert)
{
    struct public_key key = {0};

    out[0] = '\0';
    if (cert->has_ski && cert->ski.n > 0 && cert->ski.n < CERT_TEXT_MAX / 2)
        text_hex(out, cert->ski);
    else if (public_key_read(&key, cert->spki))
        sha1_of(out, key.bytes);
    to_upper(out);
}

void entry_key_id_of_spki(char out[SHA1_HEX], const struct cert *cert)
{
    sha1_of(out, cert->spki);
    to_upper(out);
}

/* Letters, digits and a few signs: it stands in file names and on command lines. */
static bool alias_is_plain(const char *alias)
{
    const size_t n = strnlen(alias, ALIAS_MAX);

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)alias[i]) && strchr("-_.:@+", alias[i]) == NULL)
            return false;
    return n > 0 && n < ALIAS_MAX && alias[0] != '-';
}

static void describe(struct entry *entry)
{
    sha1_of(entry->sha1, buf_span(&entry->cert.der));
    entry_key_id(entry->key_id, &entry->cert);
}

bool entry_make(struct entry *out, const struct cert *cert, const char *store,
                const char *alias, struct error *err)
{
    if (alias != NULL && alias[0] != '\0' && !alias_is_plain(alias))
        return fail(err, E_ALIAS, "%s", alias);
    if (!text_fits(out->store, store) || !cert_parse(&out->cert, buf_span(&cert->der), err))
        return fail(err, E_STORE_NAME, "%s", store);
    describe(out);
    return text_fits(out->alias, alias != NULL && alias[0] != '\0' ? alias : out->sha1);
}

bool entry_print(struct buf *out, const struct entry *entry, struct error *err)
{
    return notes_add(out, "store", entry->store, err) &&
           notes_add(out, "alias", entry->alias, err) &&
           (!entry->automatic || notes_add(out, "auto-refresh", "1", err)) &&
           (entry->added == 0 || notes_add_time(out, "added", entry->added, err)) &&
           (entry->removed == 0 || notes_add_time(out, "removed", entry->removed, err)) &&
           cert_to_pem(out, &entry->cert, err);
}

static time_t time_of(struct span notes, const char *word)
{
    time_t at = 0;

    return notes_get_time(&at, notes, word) && at > 0 ? at : 0;
}

/* The notes end where the certificate begins. A file without any is one too. */
static void read_notes(struct entry *out, struct span text)
{
    size_t begin = 0;
    char automatic[4];

    if (!span_find(text, BEGIN, &begin))
        return;
    text = span_head(text, begin);
    if (!notes_get(out->store, sizeof(out->store), text, "store") && out->store[0] == '\0')
        (void)text_fits(out->store, STORE_ROOTS);
    if (!notes_get(out->alias, sizeof(out->alias), text, "alias") ||
        !alias_is_plain(out->alias))
        (void)text_fits(out->alias, out->sha1);
    out->automatic = notes_get(automatic, sizeof(automatic), text, "auto-refresh") &&
                     text_equal(automatic, "1");
    out->added = time_of(text, "added");
    out->removed = time_of(text, "removed");
}

bool entry_read(struct entry *out, struct span text, struct error *err)
{
    static const char *const labels[] = {"CERTIFICATE"};
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    size_t which = 0;

    if (!pem_find(&der, &which, text, labels, COUNT(labels), err))
        return fail(err, E_ANCHOR_BROKEN, "no certificate in it");
    if (!cert_parse(&out->cert, buf_span(&der), err))
        return false;
    describe(out);
    read_notes(out, text);
    return true;
}

void store_clear(struct store *store)
{
    for (size_t i = 0; i < store->n; i++)
        entry_clear(&store->entry[i]);
    mem_free(store->entry);
    *store = (struct store){0};
}

bool store_add(struct store *out, const struct entry *entry, struct error *err)
{
    struct entry copy = *entry;

    copy.cert = (struct cert){0};
    if (!cert_parse(&copy.cert, buf_span(&entry->cert.der), err)) {
        cert_clear(&copy.cert);
        return false;
    }
    out->entry = mem_resize(out->entry, out->n + 1, sizeof(*out->entry));
    out->entry[out->n++] = copy;
    return true;
}

struct entry *store_find(const struct store *store, const struct digest *sha256)
{
    for (size_t i = 0; i < store->n; i++)
        if (digest_equal(&store->entry[i].cert.sha256, sha256))
            return &store->entry[i];
    return NULL;
}
