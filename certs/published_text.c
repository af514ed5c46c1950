/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/published.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/notes.h"
#include "certs/pem.h"
#include "certs/trust.h"

#include <ctype.h>
#include <string.h>

#define FORM "pairgate-published"
#define FORM_NUMBER 1
#define REMOVED "removed-everywhere "

static bool malformed(struct error *err, const char *what)
{
    return fail(err, E_PUBLISHED_FORM, "%s", what);
}

static bool print_head(struct buf *out, const struct published *list, struct error *err)
{
    char hex[DIGEST_HEX];

    if (!buf_print(out, err, FORM " %d\n", FORM_NUMBER) ||
        !notes_add(out, "list", list->list, err) ||
        !buf_print(out, err, "sequence %u\n", list->sequence))
        return false;
    if (list->publisher[0] == '\0')
        return true;
    digest_hex(hex, &list->key);
    return notes_add(out, "publisher", list->publisher, err) &&
           notes_add(out, "key", hex, err) &&
           notes_add_time(out, "issued", list->issued, err) &&
           notes_add_time(out, "expires", list->expires, err);
}

static bool print_removals(struct buf *out, const struct published *list, struct error *err)
{
    char hex[DIGEST_HEX], at[TIME_TEXT_MAX];

    for (size_t i = 0; i < list->removals; i++) {
        digest_hex(hex, &list->removal[i].sha256);
        text_show_time(at, list->removal[i].at);
        if (!buf_print(out, err, REMOVED "%s %s %s\n", list->removal[i].store, hex, at))
            return false;
    }
    return true;
}

bool published_print(struct buf *out, const struct published *list, struct error *err)
{
    if (!print_head(out, list, err) || !print_removals(out, list, err))
        return false;
    for (size_t i = 0; i < list->entries.n; i++)
        if (!buf_add_text(out, "\n", err) ||
            !entry_print(out, &list->entries.entry[i], err))
            return false;
    for (size_t i = 0; i < list->crls.n; i++)
        if (!buf_add_text(out, "\n", err) ||
            !pem_add(out, "X509 CRL", buf_span(&list->crls.item[i].der), err))
            return false;
    return true;
}

static bool is_list_id(const char *text)
{
    for (size_t i = 0; i < LIST_ID_MAX - 1; i++)
        if (!isdigit((unsigned char)text[i]) && (text[i] < 'a' || text[i] > 'f'))
            return false;
    return text[LIST_ID_MAX - 1] == '\0';
}

/* Only a document has a publisher; then it has all of it. */
static bool read_publisher(struct published *out, struct span head, struct error *err)
{
    char hex[DIGEST_HEX];

    if (!notes_get(out->publisher, sizeof(out->publisher), head, "publisher"))
        return out->publisher[0] == '\0' || malformed(err, "its publisher's name");
    return (notes_get(hex, sizeof(hex), head, "key") && digest_from_hex(&out->key, hex) &&
            notes_get_time(&out->issued, head, "issued") &&
            notes_get_time(&out->expires, head, "expires") && out->issued > 0 &&
            out->expires >= out->issued) ||
           malformed(err, "its key, issued or expires");
}

/* "STORE SHA256 TIME" */
static bool read_removal(struct published *out, struct span line, struct error *err)
{
    char text[STORE_NAME_MAX + DIGEST_HEX + TIME_TEXT_MAX];
    struct removal removal = {0};
    struct error why = {0};
    char *hex, *at;

    if (!text_copy_span(text, sizeof(text), line) || (hex = strchr(text, ' ')) == NULL ||
        (at = strchr(hex + 1, ' ')) == NULL)
        return malformed(err, "a removal");
    *hex++ = '\0';
    *at++ = '\0';
    if (!store_is_shared(text) || !text_fits(removal.store, text) ||
        !digest_from_hex(&removal.sha256, hex) || !text_time(&removal.at, at, &why) ||
        removal.at <= 0)
        return malformed(err, "a removal");
    if (out->removals == PUBLISHED_REMOVALS_MAX)
        return fail(err, E_PUBLISHED_FULL, "%d removals", PUBLISHED_REMOVALS_MAX);
    out->removal = mem_resize(out->removal, out->removals + 1, sizeof(*out->removal));
    out->removal[out->removals++] = removal;
    return true;
}

static bool read_removals(struct published *out, struct span head, struct error *err)
{
    struct span line;

    while (span_take_line(&head, &line))
        if (span_starts(line, REMOVED) &&
            !read_removal(out, span_after(line, strlen(REMOVED)), err))
            return false;
    return true;
}

static bool read_head(struct published *out, struct span head, struct error *err)
{
    unsigned form = 0;

    if (!notes_get_number(&form, head, FORM))
        return malformed(err, "it is no list of pairgate's");
    if (form != FORM_NUMBER)
        return malformed(err, "it is of a newer form");
    if (!notes_get(out->list, sizeof(out->list), head, "list") || !is_list_id(out->list))
        return malformed(err, "its list id");
    if (!notes_get_number(&out->sequence, head, "sequence"))
        return malformed(err, "its sequence number");
    return read_publisher(out, head, err) && read_removals(out, head, err);
}

static bool read_certificate(struct published *out, struct span text, struct error *err)
{
    scoped(entry_clear) struct entry entry = {0};
    struct error why = {0};

    if (!entry_read(&entry, text, &why))
        return fail(err, E_PUBLISHED_FORM, "a certificate: %s", why.about);
    if (!store_is_shared(entry.store))
        return fail(err, E_PUBLISHED_FORM, "an entry of %s", entry.store);
    if (text_equal(entry.store, STORE_ROOTS) && !trust_may_anchor(&entry.cert, err))
        return false;
    if (out->entries.n == PUBLISHED_ENTRIES_MAX ||
        published_find(out, entry.store, &entry.cert.sha256) != NULL)
        return fail(err, E_PUBLISHED_FORM, "entries beyond %d, or one twice",
                    PUBLISHED_ENTRIES_MAX);
    entry.automatic = false;
    return store_add(&out->entries, &entry, err);
}

static bool read_crl(struct published *out, const struct pem_block *block,
                     struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(PUBLISHED_BYTES_MAX);
    struct crl crl = {0};
    struct error why = {0};
    bool good;

    good = pem_decode(&der, block, &why) && crl_parse(&crl, buf_span(&der), &why) &&
           published_add_crl(out, &crl, &why);
    crl_clear(&crl);
    return good || fail(err, E_PUBLISHED_FORM, "a revocation list: %s", why.about);
}

bool published_parse(struct published *out, struct span text, struct error *err)
{
    struct span rest = text;
    struct pem_block block = {0};
    struct pem pem = {0};
    unsigned sequence;
    size_t head = text.n;
    bool found = true;

    (void)span_find(text, "-----BEGIN", &head);
    if (!read_head(out, span_head(text, head), err))
        return false;
    sequence = out->sequence;
    if (!pem_open(&pem, text, err))
        return false;
    while (pem_next(&block, &found, &pem, err) && found) {
        const struct span item = span_head(rest, (size_t)(pem.rest.at - rest.at));

        if (text_equal(block.label, "CERTIFICATE")) {
            if (!read_certificate(out, item, err))
                return false;
        } else if (!text_equal(block.label, "X509 CRL") || !read_crl(out, &block, err)) {
            return malformed(err, "a block of another kind");
        }
        rest = pem.rest;
    }
    out->sequence = sequence;  /* adding counts */
    return err->msg == E_NONE; /* a malformed boundary ends the loop too */
}
