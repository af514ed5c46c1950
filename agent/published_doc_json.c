/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/published_doc.h"

#include "base/text.h"
#include "certs/path.h"
#include "certs/statement.h"
#include "pairing/json.h"

#include <jansson.h>

#define DOCUMENT_VERSION 1

static const struct {
    const char *kind, *role;
} kinds[] = {
    [DOCUMENT_PUBLISHED] = {"published", "publisher"},
    [DOCUMENT_HOLDING] = {"holding", "holder"},
};

/* A list can be larger than a statement may be, so its digest is what is stated. */
static struct digest digest_body(struct span body)
{
    struct digest sha256;

    digest_of(&sha256, DIGEST_SHA256, body);
    return sha256;
}

static json_t *chain_array(const struct chain *chain)
{
    json_t *array = json_array(), *wrap = json_object();

    for (size_t i = 0; i < chain->n; i++) {
        json_put_bytes(wrap, "der", buf_span(&chain->cert[i].der));
        json_array_append(array, json_object_get(wrap, "der"));
    }
    json_decref(wrap);
    return array;
}

bool document_sign(struct buf *out, enum document kind, struct span body,
                   const struct identity *signer, struct error *err)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    const struct digest sha256 = digest_body(body);
    json_t *object;

    if (!statement_sign(&signature, &signer->key, STATEMENT_PUBLISHED, kinds[kind].role,
                        digest_span(&sha256), err))
        return false;
    object = json_object();
    json_put_int(object, "v", DOCUMENT_VERSION);
    json_put_text(object, "kind", kinds[kind].kind);
    json_put_bytes(object, "body", body);
    json_object_set_new(object, "chain", chain_array(&signer->chain));
    json_put_bytes(object, "signature", buf_span(&signature));
    return json_write(out, object, err) && buf_add_text(out, "\n", err);
}

static bool read_chain(struct chain *out, const struct json_t *object, struct error *err)
{
    const json_t *array = json_object_get(object, "chain");
    size_t i;
    json_t *item;

    if (!json_is_array(array) || json_array_size(array) == 0 ||
        json_array_size(array) > CHAIN_MAX)
        return fail(err, E_PUBLISHED_FORM, "'chain' is no array of 1 to %d", CHAIN_MAX);
    json_array_foreach(array, i, item)
    {
        scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);

        if (!json_is_string(item) ||
            !text_base64_decode(&der, span_text(json_string_value(item)), err) ||
            !chain_add_der(out, buf_span(&der), err))
            return fail(err, E_PUBLISHED_FORM, "a certificate of its chain");
    }
    return true;
}

static bool read_fields(struct buf *body, struct buf *signature, struct chain *chain,
                        enum document kind, const struct json_t *object, struct error *err)
{
    char said[16];
    int64_t version = 0;

    if (!json_get_int(&version, object, "v", DOCUMENT_VERSION, DOCUMENT_VERSION, err) ||
        !json_get_text(said, sizeof(said), object, "kind", err))
        return false;
    if (!text_equal(said, kinds[kind].kind))
        return fail(err, E_PUBLISHED_FORM, "it is a document of kind %s", said);
    return json_get_bytes(body, object, "body", err) &&
           json_get_bytes(signature, object, "signature", err) &&
           read_chain(chain, object, err);
}

static bool is_in_date(const struct path *path, time_t now, struct error *err)
{
    for (size_t i = 0; i < path->n; i++)
        if (now < path->cert[i]->not_before.at || now > path->cert[i]->not_after.at)
            return fail(err, E_PUBLISHED_SIGNER, "%s is not in date",
                        cert_issued_to(path->cert[i]));
    return true;
}

/* An anchor itself may sign too: an appliance that is its own CA. */
static bool signer_is_trusted(const struct chain *chain, const struct trust *trust,
                              time_t now, struct error *err)
{
    struct path path = {0};

    if (!path_build(&path, chain_leaf(chain), chain, trust))
        return fail(err, E_PUBLISHED_SIGNER, "%s leads to no anchor",
                    cert_issued_to(chain_leaf(chain)));
    return is_in_date(&path, now, err);
}

bool document_open(struct buf *body, struct chain *signer, enum document kind,
                   struct span text, const struct trust *trust, time_t now,
                   struct error *err)
{
    scoped(json_drop) struct json_t *object = NULL;
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error why = {0};
    struct digest sha256;

    if (!json_open(&object, text, &why) ||
        !read_fields(body, &signature, signer, kind, object, &why))
        return fail(err, E_PUBLISHED_FORM, "%s", why.about);
    sha256 = digest_body(buf_span(body));
    if (!statement_verifies(chain_leaf(signer)->spki, STATEMENT_PUBLISHED, kinds[kind].role,
                            digest_span(&sha256), buf_span(&signature)))
        return fail(err, E_PUBLISHED_SIGNER, "the signature is not that of %s",
                    cert_issued_to(chain_leaf(signer)));
    return signer_is_trusted(signer, trust, now, err);
}
