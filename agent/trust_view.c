/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust_view.h"

#include "agent/filter.h"
#include "base/text.h"

#include <string.h>

#define LINE_MAX_BYTES 1024

static void print_line(FILE *out, const char *before, const char *text)
{
    char plain[LINE_MAX_BYTES];

    text_printable(plain, sizeof(plain), span_text(text));
    fprintf(out, "%s%s\n", before, plain);
}

/* M-05: times are shown as YYYYMMDDHHMMSSZ. */
static void stamp(char out[TIME_TEXT_MAX], const struct cert_time *time)
{
    char text[TIME_TEXT_MAX];
    size_t n = 0;

    if (time->form == FORM_BAD) {
        snprintf(out, TIME_TEXT_MAX, "not a time");
        return;
    }
    text_show_time(text, time->at);
    for (const char *c = text; *c != '\0'; c++)
        if (strchr("-:T", *c) == NULL)
            out[n++] = *c;
    out[n] = '\0';
}

void trust_view_colons(char *out, size_t room, const char *hex)
{
    size_t n = 0;

    for (size_t i = 0; hex[i] != '\0' && n + 4 < room; i++) {
        if (i > 0 && i % 2 == 0)
            out[n++] = ':';
        out[n++] = hex[i];
    }
    out[n] = '\0';
}

void trust_view_entry(FILE *out, const struct entry *entry)
{
    char hex[DIGEST_HEX], until[TIME_TEXT_MAX] = "not a time", name[CERT_TEXT_MAX];

    digest_hex(hex, &entry->cert.sha256);
    text_printable(name, sizeof(name), span_text(cert_issued_to(&entry->cert)));
    if (entry->cert.not_after.form != FORM_BAD)
        text_show_time(until, entry->cert.not_after.at);
    fprintf(out, "%s\n  %s, %s, until %s, %s\n", hex, name, cert_key_name(&entry->cert),
            until, entry->own ? "root of our chain" : entry_origin(entry));
    if (!text_equal(entry->alias, entry->sha1))
        fprintf(out, "  alias %s\n", entry->alias);
}

void trust_view_entry_text(FILE *out, const struct entry *entry)
{
    const struct cert *cert = &entry->cert;
    char hex[DIGEST_HEX], text[CERT_TEXT_MAX * 2], from[TIME_TEXT_MAX],
        until[TIME_TEXT_MAX];

    digest_hex(hex, &cert->sha256);
    stamp(from, &cert->not_before);
    stamp(until, &cert->not_after);
    fprintf(out, "Alias : %s\nEntry type : Trusted Cert (%s)\nCertificate:\n", entry->alias,
            entry_origin(entry));
    text_hex(text, span_head(cert->serial, CERT_TEXT_MAX - 1));
    fprintf(out, "    Version: %u\n    Serial Number: %s\n", cert->version, text);
    print_line(out, "    Issuer: ", cert->issuer_text);
    fprintf(out, "    Validity\n        Not Before: %s\n        Not After : %s\n", from,
            until);
    print_line(out, "    Subject: ", cert->subject_text);
    fprintf(out, "    Public Key: %s\n", cert_key_name(cert));
    trust_view_colons(text, sizeof(text), entry->key_id);
    fprintf(out, "    X509v3 Subject Key Identifier:%s\n        %s\n",
            cert->has_ski ? "" : " (absent; computed)", text);
    trust_view_colons(text, sizeof(text), entry->sha1);
    fprintf(out, "    SHA-1 (a label): %s\n    SHA-256: %s\n", text, hex);
}

static bool has_crl(const struct published *list, const struct cert *cert)
{
    for (size_t i = 0; i < list->crls.n; i++)
        if (crl_is_signed_by(&list->crls.item[i], cert))
            return true;
    return false;
}

void trust_view_published(FILE *out, const struct published *list, size_t from)
{
    for (size_t i = 0; i < list->entries.n; i++) {
        const struct entry *entry = &list->entries.entry[i];
        char hex[DIGEST_HEX];

        digest_hex(hex, &entry->cert.sha256);
        fprintf(out, "#%zu:\n", from + i + 1);
        fprintf(out, "CN(id):\t\t%s\n", entry->key_id);
        print_line(out, "Subject DN:\t", entry->cert.subject_text);
        fprintf(out, "CRL present:\t%s\n", has_crl(list, &entry->cert) ? "yes" : "no");
        fprintf(out, "Store:\t\t%s\nAlias:\t\t%s\nSHA-256:\t%s\n\n", entry->store,
                entry->alias, hex);
    }
}

void trust_view_refreshed(FILE *out, const struct refreshed *refreshed)
{
    fprintf(out,
            "Refreshed: %zu added, %zu removed, %zu imported ones now kept by a list; "
            "revocation lists: %zu new, %zu removed.\n",
            refreshed->added, refreshed->removed, refreshed->kept, refreshed->crls_added,
            refreshed->crls_removed);
}
