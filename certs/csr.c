/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/csr.h"

#include "base/text.h"
#include "certs/encode.h"
#include "certs/pem.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define CN_POINTS_MAX 64 /* X.520 */
#define DER_MAX (CSR_PEM_MAX / 2)

/* The attributes of the subject, in the order they are encoded. X.520 wants the country as
 * PrintableString, PKCS#9 the address as IA5String; all else is UTF8String. */
static const struct field {
    const char *label;
    const char *oid;
    unsigned tag;
    size_t points_max; /* X.520 counts characters */
    size_t offset;     /* in struct csr_wish */
} fields[] = {
    {"C", "2.5.4.6", TAG_PRINTABLE, 2, offsetof(struct csr_wish, country)},
    {"ST", "2.5.4.8", TAG_UTF8, 128, offsetof(struct csr_wish, state)},
    {"L", "2.5.4.7", TAG_UTF8, 128, offsetof(struct csr_wish, locality)},
    {"O", "2.5.4.10", TAG_UTF8, 64, offsetof(struct csr_wish, organization)},
    {"OU", "2.5.4.11", TAG_UTF8, 64, offsetof(struct csr_wish, unit)},
    {"CN", "2.5.4.3", TAG_UTF8, CN_POINTS_MAX, offsetof(struct csr_wish, common_name)},
    {"emailAddress", "1.2.840.113549.1.9.1", TAG_IA5, 255,
     offsetof(struct csr_wish, email)},
};

static size_t points_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static bool text_is_plain(const char *text, bool ascii)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f || (ascii && (unsigned char)*c > 0x7f))
            return false;
    return text_is_utf8(span_text(text));
}

static bool field_is_good(const struct field *field, const char *value, struct error *err)
{
    const size_t n = points_of(value);

    if (n > field->points_max)
        return fail(err, E_CSR_FIELD, "%s has %zu characters; at most %zu", field->label, n,
                    field->points_max);
    if (!text_is_plain(value, field->tag != TAG_UTF8))
        return fail(err, E_CSR_FIELD, "%s holds characters that cannot stand there",
                    field->label);
    if (field->tag == TAG_PRINTABLE &&
        (n != 2 || !isupper((unsigned char)value[0]) || !isupper((unsigned char)value[1])))
        return fail(err, E_CSR_FIELD, "the country %s", value);
    return true;
}

bool csr_name_is_exact(const char *name)
{
    return name != NULL && name[0] != '\0' && points_of(name) <= CN_POINTS_MAX &&
           strchr(name, '*') == NULL && text_is_plain(name, false);
}

static bool encode_subject(struct encoder *encoder, const struct csr_wish *wish,
                           struct error *err)
{
    encode_begin(encoder, TAG_SEQUENCE);
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *value =
            *(const char *const *)(const void *)((const char *)wish + fields[i].offset);

        if (value == NULL || value[0] == '\0')
            continue;
        if (!field_is_good(&fields[i], value, err))
            return false;
        encode_begin(encoder, TAG_SET);
        encode_begin(encoder, TAG_SEQUENCE);
        encode_oid(encoder, fields[i].oid);
        encode_value(encoder, fields[i].tag, span_text(value));
        encode_end(encoder);
        encode_end(encoder);
    }
    encode_end(encoder);
    return true;
}

static bool encode_san(struct encoder *encoder, const struct csr_wish *wish,
                       struct error *err)
{
    scoped(buf_clear) struct buf names = buf_upto(DER_MAX);

    if (wish->sans > CSR_SAN_MAX)
        return fail(err, E_CSR_SAN, "%zu of them; at most %d", wish->sans, CSR_SAN_MAX);
    for (size_t i = 0; i < wish->sans; i++)
        if (!csr_add_general_name(&names, wish->san[i], err))
            return false;
    if (names.n == 0)
        return true;
    encode_extension_begin(encoder, "2.5.29.17", false);
    encode_value(encoder, TAG_SEQUENCE, buf_span(&names));
    encode_extension_end(encoder);
    return true;
}

static void encode_ca(struct encoder *encoder)
{
    encode_extension_begin(encoder, "2.5.29.19", true);
    encode_begin(encoder, TAG_SEQUENCE);
    encode_true(encoder);
    encode_small(encoder, 0);
    encode_end(encoder);
    encode_extension_end(encoder);
}

/* attributes [0]: one extensionRequest (RFC 2985 5.4.2). */
static bool encode_attributes(struct encoder *encoder, const struct csr_wish *wish,
                              const struct key *key, struct error *err)
{
    const struct csr_profile *profile = wish->profile;

    encode_begin(encoder, TAG_CONTEXT_OVER(0));
    encode_begin(encoder, TAG_SEQUENCE);
    encode_oid(encoder, "1.2.840.113549.1.9.14");
    encode_begin(encoder, TAG_SET);
    encode_begin(encoder, TAG_SEQUENCE);
    if (profile->ca)
        encode_ca(encoder);
    encode_usages(encoder, key->kind == KEY_RSA ? profile->ku_rsa : profile->ku_other,
                  profile->eku);
    if (!encode_san(encoder, wish, err))
        return false;
    for (int open = 0; open < 4; open++)
        encode_end(encoder);
    return true;
}

static bool make_body(struct buf *out, const struct csr_wish *wish, const struct key *key,
                      struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(DER_MAX);

    encode_begin(&encoder, TAG_SEQUENCE);
    encode_small(&encoder, 0);
    if (!encode_subject(&encoder, wish, err))
        return false;
    encode_raw(&encoder, buf_span(&key->spki));
    if (!encode_attributes(&encoder, wish, key, err))
        return false;
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool csr_make(struct buf *out, const struct csr_wish *wish, const struct key *key,
              struct error *err)
{
    scoped(buf_clear) struct buf body = buf_upto(DER_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    scoped(buf_clear) struct buf der = buf_upto(DER_MAX);
    scoped(encoder_clear) struct encoder encoder = encoder_upto(DER_MAX);

    if (!csr_name_is_exact(wish->common_name))
        return fail(err, E_CSR_NAME, "%s",
                    wish->common_name != NULL ? wish->common_name : "no name given");
    if (!csr_profile_allows(wish, key->kind, err) || !make_body(&body, wish, key, err) ||
        !key_sign_certificate(&signature, key, buf_span(&body), err))
        return false;
    encode_signed(&encoder, buf_span(&body), key_certificate_algorithm(key),
                  buf_span(&signature));
    return encode_finish(&der, &encoder, err) &&
           pem_add(out, "CERTIFICATE REQUEST", buf_span(&der), err);
}
