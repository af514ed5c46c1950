/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subject alternative names: from what people type, and back. */
#include "base/text.h"
#include "certs/csr.h"
#include "certs/encode.h"
#include "certs/general.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 253
#define LABEL_BYTES_MAX 63
#define OTHER_NAME_BYTES_MAX 512 /* e-mail addresses and URIs */

/* Labels of letters, digits, '-' and '_', a first label "*" allowed: RFC 1123, RFC 9525. */
static bool is_dns_name(const char *name)
{
    const char *rest = text_starts(name, "*.") ? name + 2 : name;

    if (rest[0] == '\0' || strlen(name) > NAME_BYTES_MAX)
        return false;
    while (*rest != '\0') {
        size_t n = strcspn(rest, ".");

        if (n == 0 || n > LABEL_BYTES_MAX || rest[0] == '-' || rest[n - 1] == '-')
            return false;
        for (size_t i = 0; i < n; i++)
            if (!isalnum((unsigned char)rest[i]) && rest[i] != '-' && rest[i] != '_')
                return false;
        rest += n;
        if (*rest == '.' && *++rest == '\0')
            return false;
    }
    return true;
}

static bool address_read(unsigned char out[16], size_t *n, const char *text)
{
    if (inet_pton(AF_INET, text, out) == 1)
        *n = 4;
    else if (inet_pton(AF_INET6, text, out) == 1)
        *n = 16;
    else
        return false;
    return true;
}

/* user@host, ASCII: RFC 5280 4.2.1.6 takes an addr-spec and nothing around it. */
static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');

    return at != NULL && at != text && strchr(text, '@') == at && is_dns_name(at + 1) &&
           at[1] != '*' && strpbrk(text, "<>\"(),:;[]\\ ") == NULL;
}

/* An absolute URI: a scheme, and something behind its colon (RFC 3986 4.3). */
static bool is_uri(const char *text)
{
    size_t n = 0;

    if (!isalpha((unsigned char)text[0]))
        return false;
    while (isalnum((unsigned char)text[n]) || (text[n] != '\0' && strchr("+-.", text[n])))
        n++;
    return text[n] == ':' && text[n + 1] != '\0' && strpbrk(text, "<>\"{}|\\^` ") == NULL;
}

static bool is_ascii(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return strlen(text) <= OTHER_NAME_BYTES_MAX;
}

static bool add_text(struct encoder *encoder, enum general kind, const char *value,
                     bool good, struct error *err)
{
    encode_value(encoder, TAG_CONTEXT((unsigned)kind), span_text(value));
    return good || fail(err, E_CSR_SAN, "%s is no %s", value,
                        kind == GENERAL_EMAIL ? "e-mail address"
                        : kind == GENERAL_URI ? "URI"
                                              : "DNS name");
}

static bool add_typed(struct encoder *encoder, const char *san, struct error *err)
{
    unsigned char address[16];
    const char *value = strchr(san, ':') + 1;
    size_t n = 0;

    if (text_starts(san, "DNS:"))
        return add_text(encoder, GENERAL_DNS, value, is_dns_name(value), err);
    if (text_starts(san, "email:"))
        return add_text(encoder, GENERAL_EMAIL, value, is_ascii(value) && is_email(value),
                        err);
    if (text_starts(san, "URI:"))
        return add_text(encoder, GENERAL_URI, value, is_ascii(value) && is_uri(value), err);
    if (!address_read(address, &n, value))
        return fail(err, E_CSR_SAN, "%s is no IP address", san);
    encode_value(encoder, TAG_CONTEXT(GENERAL_IP), span_of(address, n));
    return true;
}

bool csr_add_general_name(struct buf *out, const char *san, struct error *err)
{
    static const char *const types[] = {"DNS:", "IP:", "email:", "URI:"};
    scoped(encoder_clear) struct encoder encoder = encoder_upto(OTHER_NAME_BYTES_MAX + 16);
    unsigned char address[16];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(types); i++)
        if (text_starts(san, types[i]))
            return add_typed(&encoder, san, err) && encode_finish(out, &encoder, err);
    if (address_read(address, &n, san))
        encode_value(&encoder, TAG_CONTEXT(GENERAL_IP), span_of(address, n));
    else if (!add_text(&encoder, GENERAL_DNS, san, is_dns_name(san), err))
        return false;
    return encode_finish(out, &encoder, err);
}

void csr_general_text(char *out, size_t room, const struct general_name *name)
{
    char value[CERT_TEXT_MAX];

    switch (name->kind) {
    case GENERAL_EMAIL:
    case GENERAL_DNS:
    case GENERAL_URI:
        text_printable(value, sizeof(value), name->value);
        snprintf(out, room, "%s:%s",
                 name->kind == GENERAL_DNS     ? "DNS"
                 : name->kind == GENERAL_EMAIL ? "email"
                                               : "URI",
                 value);
        return;
    case GENERAL_IP:
        if ((name->value.n != 4 && name->value.n != 16) ||
            inet_ntop(name->value.n == 4 ? AF_INET : AF_INET6, name->value.at, value,
                      sizeof(value)) == NULL)
            break;
        snprintf(out, room, "IP:%s", value);
        return;
    case GENERAL_OTHER:
    case GENERAL_X400:
    case GENERAL_DIRECTORY:
    case GENERAL_EDI:
    case GENERAL_ID:
        break;
    }
    snprintf(out, room, "a name of kind %d", (int)name->kind);
}

void csr_san_text(char *out, size_t room, struct span san)
{
    struct general_name name = {0};
    char one[CERT_TEXT_MAX];
    size_t n = 0;

    out[0] = '\0';
    while (san.n > 0 && general_take(&name, &san)) {
        csr_general_text(one, sizeof(one), &name);
        if (n + strlen(one) + 8 > room) {
            (void)text_copy(out + n, room - n, ", ...");
            return;
        }
        n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? ", " : "", one);
    }
}
