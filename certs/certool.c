/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/certool.h"

#include "base/text.h"
#include "certs/csr.h"
#include "certs/encode.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELD(member) offsetof(struct certool, member)
#define NAME_DER_MAX 4096

static const struct field {
    const char *key;
    size_t offset;
} fields[] = {
    {"Country", FIELD(country)},
    {"Name", FIELD(name)},
    {"Organization", FIELD(organization)},
    {"OrgUnit", FIELD(unit)},
    {"State", FIELD(state)},
    {"Locality", FIELD(locality)},
    {"Hostname", FIELD(hostname)},
    {"IPAddress", FIELD(address)},
    {"Email", FIELD(email)},
    {"DomainComponent", FIELD(domain)},
};

/* The RDNs in the order they are written, after the domain components. */
static const struct rdn {
    const char *oid;
    unsigned tag;
    size_t offset;
    size_t max; /* RFC 5280 appendix A */
} rdns[] = {
    {"2.5.4.6", TAG_PRINTABLE, FIELD(country), 2},
    {"2.5.4.8", TAG_UTF8, FIELD(state), 128},
    {"2.5.4.7", TAG_UTF8, FIELD(locality), 128},
    {"2.5.4.10", TAG_UTF8, FIELD(organization), 64},
    {"2.5.4.11", TAG_UTF8, FIELD(unit), 64},
    {"2.5.4.3", TAG_UTF8, FIELD(name), 64},
};

static char *value_at(struct certool *config, size_t offset)
{
    return (char *)config + offset;
}

static const char *text_at(const struct certool *config, size_t offset)
{
    return (const char *)config + offset;
}

static struct span trim(struct span text)
{
    while (text.n > 0 && isspace(text.at[0]))
        text = span_after(text, 1);
    while (text.n > 0 && isspace(text.at[text.n - 1]))
        text.n--;
    return text;
}

static bool keep(struct certool *out, struct span key, struct span value, unsigned line,
                 struct error *err)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        char *at = value_at(out, fields[i].offset);

        if (key.n != strlen(fields[i].key) ||
            strncasecmp(fields[i].key, (const char *)key.at, key.n) != 0)
            continue;
        if (at[0] != '\0')
            return fail(err, E_CERTOOL_LINE, "line %u: %s is there twice", line,
                        fields[i].key);
        if (!text_is_utf8(value) || !text_copy_span(at, CERTOOL_VALUE_MAX, value))
            return fail(err, E_CERTOOL_LINE, "line %u: %s is too long or no text", line,
                        fields[i].key);
        for (const char *c = at; *c != '\0'; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                return fail(err, E_CERTOOL_LINE, "line %u: a control character", line);
        return true;
    }
    return fail(err, E_CERTOOL_LINE, "line %u: no such key", line);
}

static bool read_line(struct certool *out, struct span line, unsigned number,
                      struct error *err)
{
    size_t equals = 0;

    if (span_find(line, "#", &equals))
        line = span_head(line, equals);
    line = trim(line);
    if (line.n == 0)
        return true;
    if (!span_find(line, "=", &equals))
        return fail(err, E_CERTOOL_LINE, "line %u has no '='", number);
    return keep(out, trim(span_head(line, equals)), trim(span_after(line, equals + 1)),
                number, err);
}

static bool is_complete(struct certool *config, struct error *err)
{
    const char *country = config->country;

    if (strlen(country) != 2 || !isalpha((unsigned char)country[0]) ||
        !isalpha((unsigned char)country[1]))
        return fail(err, E_CERTOOL_COUNTRY, "Country is '%s'", country);
    for (char *c = config->country; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    if (strpbrk(config->hostname, ", ;") != NULL)
        return fail(err, E_CA_HOSTS, "Hostname is '%s'", config->hostname);
    if (!csr_name_is_exact(config->hostname))
        return fail(err, E_CERTOOL_HOST, "Hostname is '%s'", config->hostname);
    if (config->name[0] == '\0')
        (void)text_fits(config->name, config->hostname);
    return true;
}

bool certool_parse(struct certool *out, struct span text, struct error *err)
{
    unsigned number = 0;
    struct span line;

    if (text.n > CERTOOL_BYTES_MAX)
        return fail(err, E_TOO_LARGE, "%zu bytes", text.n);
    if (span_starts(text, "\xEF\xBB\xBF"))
        text = span_after(text, 3);
    while (span_take_line(&text, &line))
        if (!read_line(out, line, ++number, err))
            return false;
    return is_complete(out, err);
}

static void encode_rdn(struct encoder *encoder, const char *oid, unsigned tag,
                       struct span value)
{
    encode_begin(encoder, TAG_SET);
    encode_begin(encoder, TAG_SEQUENCE);
    encode_oid(encoder, oid);
    encode_value(encoder, tag, value);
    encode_end(encoder);
    encode_end(encoder);
}

/* RFC 2247: the last label first. */
static bool encode_domain(struct encoder *encoder, const char *domain, struct error *err)
{
    size_t end = strlen(domain);

    for (const char *c = domain; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
            return fail(err, E_CERTOOL_LINE, "DomainComponent is '%s'", domain);
    while (end > 0) {
        size_t from = end;

        while (from > 0 && domain[from - 1] != '.')
            from--;
        if (from == end || from == 1) /* an empty label */
            return fail(err, E_CERTOOL_LINE, "DomainComponent is '%s'", domain);
        encode_rdn(encoder, "0.9.2342.19200300.100.1.25", TAG_IA5,
                   span_of(domain + from, end - from));
        end = from > 0 ? from - 1 : 0;
    }
    return true;
}

static size_t points_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

bool certool_subject(struct buf *out, const struct certool *config, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(NAME_DER_MAX);

    encode_begin(&encoder, TAG_SEQUENCE);
    if (!encode_domain(&encoder, config->domain, err))
        return false;
    for (size_t i = 0; i < COUNT(rdns); i++) {
        const char *value = text_at(config, rdns[i].offset);

        if (points_of(value) > rdns[i].max)
            return fail(err, E_CSR_FIELD, "'%s' is longer than %zu characters", value,
                        rdns[i].max);
        if (value[0] != '\0')
            encode_rdn(&encoder, rdns[i].oid, rdns[i].tag, span_text(value));
    }
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool certool_address(char out[CERTOOL_VALUE_MAX], const struct certool *config, size_t i)
{
    const char *at = config->address + strspn(config->address, ", ");

    for (; i > 0; i--) {
        at += strcspn(at, ", ");
        at += strspn(at, ", ");
    }
    return text_copy_span(out, CERTOOL_VALUE_MAX, span_of(at, strcspn(at, ", "))) &&
           out[0] != '\0';
}

static bool add_name(struct buf *out, const char *type, const char *value,
                     struct error *err)
{
    char name[CERTOOL_VALUE_MAX + 8];
    struct error why = {0};

    snprintf(name, sizeof(name), "%s:%s", type, value);
    return csr_add_general_name(out, name, &why) ||
           fail(err, E_CERTOOL_LINE, "%s", why.about);
}

bool certool_san(struct buf *out, const struct certool *config, struct error *err)
{
    char address[CERTOOL_VALUE_MAX];

    if (!add_name(out, "DNS", config->hostname, err))
        return false;
    for (size_t i = 0; certool_address(address, config, i); i++)
        if (i == CERTOOL_ADDRESSES_MAX || !add_name(out, "IP", address, err))
            return fail(err, E_CERTOOL_LINE, "more than %d addresses",
                        CERTOOL_ADDRESSES_MAX);
    return config->email[0] == '\0' || add_name(out, "email", config->email, err);
}
