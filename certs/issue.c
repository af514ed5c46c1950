/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/issue.h"

#include "certs/algorithm.h"
#include "certs/encode.h"

#define SERIAL_BYTES 16

bool issue_name(struct buf *out, const char *common_name, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(CERT_TEXT_MAX);

    encode_begin(&encoder, TAG_SEQUENCE);
    encode_begin(&encoder, TAG_SET);
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_oid(&encoder, "2.5.4.3");
    encode_value(&encoder, TAG_UTF8, span_text(common_name));
    encode_end(&encoder);
    encode_end(&encoder);
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

/* Positive and of full length: the top bit clear, the next one set. */
static bool encode_serial(struct encoder *encoder, struct error *err)
{
    unsigned char serial[SERIAL_BYTES];

    if (!random_fill(serial, sizeof(serial), err))
        return false;
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
    encode_unsigned(encoder, span_of(serial, sizeof(serial)));
    return true;
}

static void encode_validity(struct encoder *encoder, const struct issue *issue)
{
    encode_begin(encoder, TAG_SEQUENCE);
    encode_time(encoder, issue->from);
    encode_time(encoder, issue->until);
    encode_end(encoder);
}

static void encode_basic(struct encoder *encoder, const struct issue *issue)
{
    encode_extension_begin(encoder, "2.5.29.19", true);
    encode_begin(encoder, TAG_SEQUENCE);
    if (issue->is_ca)
        encode_true(encoder);
    if (issue->last_ca)
        encode_small(encoder, 0);
    encode_end(encoder);
    encode_extension_end(encoder);
}

/* RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits. A label, not a proof. */
static bool key_label(unsigned char out[SHA1_BYTES], struct span spki, struct error *err)
{
    struct public_key key = {0};

    if (!public_key_read(&key, spki))
        return fail(err, E_DER_ENCODE, "a public key that cannot be read");
    digest_sha1_label(out, key.bytes);
    return true;
}

static bool encode_key_identifiers(struct encoder *encoder, const struct issue *issue,
                                   struct error *err)
{
    unsigned char subject[SHA1_BYTES], authority[SHA1_BYTES];
    struct span aki = span_of(authority, sizeof(authority));

    if (!key_label(subject, issue->spki, err) ||
        !key_label(authority, buf_span(&issue->signer->spki), err))
        return false;
    if (issue->issuer != NULL && issue->issuer->has_ski)
        aki = issue->issuer->ski;
    encode_extension_begin(encoder, "2.5.29.14", false);
    encode_value(encoder, TAG_OCTET_STRING, span_of(subject, sizeof(subject)));
    encode_extension_end(encoder);
    encode_extension_begin(encoder, "2.5.29.35", false);
    encode_begin(encoder, TAG_SEQUENCE);
    encode_value(encoder, TAG_CONTEXT(0), aki);
    encode_end(encoder);
    encode_extension_end(encoder);
    return true;
}

static bool encode_extensions(struct encoder *encoder, const struct issue *issue,
                              struct error *err)
{
    encode_begin(encoder, TAG_CONTEXT_OVER(3));
    encode_begin(encoder, TAG_SEQUENCE);
    encode_basic(encoder, issue);
    encode_usages(encoder, issue->ku, issue->eku);
    if (issue->san.n > 0) {
        encode_extension_begin(encoder, "2.5.29.17", false);
        encode_value(encoder, TAG_SEQUENCE, issue->san);
        encode_extension_end(encoder);
    }
    if (!encode_key_identifiers(encoder, issue, err))
        return false;
    encode_end(encoder);
    encode_end(encoder);
    return true;
}

static bool make_body(struct buf *out, const struct issue *issue, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(CERT_DER_MAX);

    encode_begin(&encoder, TAG_SEQUENCE);
    encode_begin(&encoder, TAG_CONTEXT_OVER(0));
    encode_small(&encoder, 2); /* version 3 */
    encode_end(&encoder);
    if (!encode_serial(&encoder, err))
        return false;
    encode_raw(&encoder, key_certificate_algorithm(issue->signer));
    encode_raw(&encoder, issue->issuer != NULL ? issue->issuer->subject : issue->subject);
    encode_validity(&encoder, issue);
    encode_raw(&encoder, issue->subject);
    encode_raw(&encoder, issue->spki);
    if (!encode_extensions(&encoder, issue, err))
        return false;
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool issue_certificate(struct buf *out, const struct issue *issue, struct error *err)
{
    scoped(buf_clear) struct buf body = buf_upto(CERT_DER_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    scoped(encoder_clear) struct encoder encoder = encoder_upto(CERT_DER_MAX);

    if (!make_body(&body, issue, err) ||
        !key_sign_certificate(&signature, issue->signer, buf_span(&body), err))
        return false;
    encode_signed(&encoder, buf_span(&body), key_certificate_algorithm(issue->signer),
                  buf_span(&signature));
    return encode_finish(out, &encoder, err);
}
