/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The revocation list of the built-in CA (RFC 5280 section 5). */
#include "base/fs.h"
#include "base/text.h"
#include "certs/algorithm.h"
#include "certs/crl.h"
#include "certs/encode.h"
#include "certs/issued.h"
#include "certs/notes.h"

#include <unistd.h>

#define NUMBER_FILE "ca.issued/crl-number"
#define TAG_ENUMERATED 0x0A

/* One more than the last; on disk before the list is signed, so that no two are alike. */
static bool next_number(unsigned *out, int state, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    scoped(buf_clear) struct buf fresh = buf_upto(NOTES_MAX);
    scoped(fd_close) int dir = -1;
    bool has = false;

    *out = 0;
    if (!fs_make_dir(&dir, state, "ca.issued", 0700, err) ||
        !fs_has(&has, state, NUMBER_FILE, err))
        return false;
    if (has && (!fs_read_at(&notes, state, NUMBER_FILE, err) ||
                !notes_are_whole(buf_span(&notes)) ||
                !notes_get_number(out, buf_span(&notes), "number")))
        return fail(err, E_CA_RECORD, NUMBER_FILE);
    ++*out;
    return buf_print(&fresh, err, "number %u\n", *out) &&
           fs_replace(dir, "crl-number", buf_span(&fresh), 0600, err);
}

static void encode_entry(struct encoder *encoder, const struct issued *issued)
{
    const unsigned char reason = (unsigned char)issued->reason;

    encode_begin(encoder, TAG_SEQUENCE);
    encode_value(encoder, TAG_INTEGER, issued->cert.serial);
    encode_time(encoder, issued->revoked);
    if (issued->reason != REASON_UNSPECIFIED) {
        encode_begin(encoder, TAG_SEQUENCE);
        encode_extension_begin(encoder, "2.5.29.21", false);
        encode_value(encoder, TAG_ENUMERATED, span_of(&reason, 1));
        encode_extension_end(encoder);
        encode_end(encoder);
    }
    encode_end(encoder);
}

static bool counts(const struct issued *issued, const struct digest *key)
{
    return issued->revoked != 0 && digest_equal(&issued->issuer_key, key);
}

/* An empty SEQUENCE would be malformed: RFC 5280 5.1.2.6. */
static void encode_entries(struct encoder *encoder, const struct issued_list *list,
                           const struct digest *key)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += counts(&list->item[i], key);
    if (n == 0)
        return;
    encode_begin(encoder, TAG_SEQUENCE);
    for (size_t i = 0; i < list->n; i++)
        if (counts(&list->item[i], key))
            encode_entry(encoder, &list->item[i]);
    encode_end(encoder);
}

static bool encode_extensions(struct encoder *encoder, const struct cert *issuer,
                              unsigned number, struct error *err)
{
    unsigned char label[SHA1_BYTES];
    struct span aki = span_of(label, sizeof(label));
    struct public_key key = {0};

    if (!public_key_read(&key, issuer->spki))
        return fail(err, E_DER_ENCODE, "the CA's public key");
    digest_sha1_label(label, key.bytes);
    if (issuer->has_ski)
        aki = issuer->ski;
    encode_begin(encoder, TAG_CONTEXT_OVER(0));
    encode_begin(encoder, TAG_SEQUENCE);
    encode_extension_begin(encoder, "2.5.29.35", false);
    encode_begin(encoder, TAG_SEQUENCE);
    encode_value(encoder, TAG_CONTEXT(0), aki);
    encode_end(encoder);
    encode_extension_end(encoder);
    encode_extension_begin(encoder, "2.5.29.20", false);
    encode_small(encoder, number);
    encode_extension_end(encoder);
    encode_end(encoder);
    encode_end(encoder);
    return true;
}

static bool make_body(struct buf *out, int state, const struct ca *ca, unsigned days,
                      time_t now, struct error *err)
{
    scoped(encoder_clear) struct encoder encoder = encoder_upto(CRL_DER_MAX);
    scoped(issued_list_clear) struct issued_list list = {0};
    const struct cert *issuer = chain_leaf(&ca->chain);
    struct digest key;
    unsigned number = 0;

    key_spki_digest(&key, &ca->key);
    if (!issued_load(&list, state, err) || !next_number(&number, state, err))
        return false;
    encode_begin(&encoder, TAG_SEQUENCE);
    encode_small(&encoder, 1); /* version 2 */
    encode_raw(&encoder, key_certificate_algorithm(&ca->key));
    encode_raw(&encoder, issuer->subject);
    encode_time(&encoder, now);
    encode_time(&encoder, now + (time_t)days * DAY_SECONDS);
    encode_entries(&encoder, &list, &key);
    if (!encode_extensions(&encoder, issuer, number, err))
        return false;
    encode_end(&encoder);
    return encode_finish(out, &encoder, err);
}

bool issued_crl(struct buf *out, int state, const struct ca *ca, unsigned days, time_t now,
                struct error *err)
{
    scoped(buf_clear) struct buf body = buf_upto(CRL_DER_MAX);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    scoped(encoder_clear) struct encoder encoder = encoder_upto(CRL_DER_MAX);

    if (!make_body(&body, state, ca, days, now, err) ||
        !key_sign_certificate(&signature, &ca->key, buf_span(&body), err))
        return false;
    encode_signed(&encoder, buf_span(&body), key_certificate_algorithm(&ca->key),
                  buf_span(&signature));
    return encode_finish(out, &encoder, err);
}
