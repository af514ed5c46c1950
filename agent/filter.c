/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/filter.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define VALUE_MAX 512

static const char *const fields[] = {"alias", "subject", "issuer", "cn",  "ski",
                                     "sha1",  "sha256",  "serial", "key", "origin",
                                     "store", "until",   "expired"};
enum field {
    FIELD_ALIAS,
    FIELD_SUBJECT,
    FIELD_ISSUER,
    FIELD_CN,
    FIELD_SKI,
    FIELD_SHA1,
    FIELD_SHA256,
    FIELD_SERIAL,
    FIELD_KEY,
    FIELD_ORIGIN,
    FIELD_STORE,
    FIELD_UNTIL,
    FIELD_EXPIRED
};

const char *entry_origin(const struct entry *entry)
{
    if (entry->own)
        return "own";
    return entry->automatic ? "published" : "imported";
}

static bool read_one(struct criterion *out, const char *given, struct error *err)
{
    const size_t n = strcspn(given, "~=");

    if (given[n] == '\0')
        return fail(err, E_FILTER, "%s", given);
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (strlen(fields[i]) != n || strncasecmp(fields[i], given, n) != 0)
            continue;
        *out = (struct criterion){
            .field = (unsigned)i, .exact = given[n] == '=', .text = given + n + 1};
        return true;
    }
    return fail(err, E_FILTER, "there is no field %.*s", (int)n, given);
}

bool filter_read(struct filter *out, struct args *args, struct error *err)
{
    const char *given = NULL;

    while (args_next_value(args, "--filter", &given, err)) {
        if (out->n == FILTERS_MAX)
            return fail(err, E_FILTER, "more than %d filters", FILTERS_MAX);
        if (!read_one(&out->item[out->n++], given, err))
            return false;
    }
    return err->msg == E_NONE;
}

static void value_of(char out[VALUE_MAX], unsigned field, const struct entry *entry,
                     time_t now)
{
    const struct cert *cert = &entry->cert;
    const char *text = "";
    char hex[DIGEST_HEX], until[TIME_TEXT_MAX];

    out[0] = '\0';
    switch ((enum field)field) {
    case FIELD_ALIAS:
        text = entry->alias;
        break;
    case FIELD_SUBJECT:
        text = cert->subject_text;
        break;
    case FIELD_ISSUER:
        text = cert->issuer_text;
        break;
    case FIELD_CN:
        text = cert->cn;
        break;
    case FIELD_SKI:
        text = entry->key_id;
        break;
    case FIELD_SHA1:
        text = entry->sha1;
        break;
    case FIELD_SHA256:
        digest_hex(hex, &cert->sha256);
        text = hex;
        break;
    case FIELD_SERIAL:
        text_hex(out, span_head(cert->serial, VALUE_MAX / 2 - 1));
        return;
    case FIELD_KEY:
        text = cert_key_name(cert);
        break;
    case FIELD_ORIGIN:
        text = entry_origin(entry);
        break;
    case FIELD_STORE:
        text = entry->store;
        break;
    case FIELD_UNTIL:
        text_show_time(until, cert->not_after.at);
        text = until;
        break;
    case FIELD_EXPIRED:
        text = now > cert->not_after.at ? "yes" : "no";
        break;
    }
    (void)text_copy(out, VALUE_MAX, text);
}

/* Identifiers may be given with colons, as openssl prints them. */
static void plain(char out[VALUE_MAX], const char *text, unsigned field)
{
    const bool hex = field == FIELD_SKI || field == FIELD_SHA1 || field == FIELD_SHA256 ||
                     field == FIELD_SERIAL;
    size_t n = 0;

    for (; *text != '\0' && n + 1 < VALUE_MAX; text++)
        if (!hex || *text != ':')
            out[n++] = *text;
    out[n] = '\0';
}

bool filter_admits(const struct filter *filter, const struct entry *entry, time_t now)
{
    for (size_t i = 0; i < filter->n; i++) {
        const struct criterion *item = &filter->item[i];
        char value[VALUE_MAX], wanted[VALUE_MAX];

        value_of(value, item->field, entry, now);
        plain(wanted, item->text, item->field);
        if (item->exact ? strcasecmp(value, wanted) != 0
                        : strcasestr(value, wanted) == NULL)
            return false;
    }
    return true;
}
