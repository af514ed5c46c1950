/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/chain.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/pem.h"
#include "certs/pkcs7.h"

bool chain_add_der(struct chain *out, struct span der, struct error *err)
{
    struct error cause = {0};
    size_t at = out->n;

    if (at == CHAIN_READ_MAX)
        return fail(err, E_CHAIN_ENDLESS, "more than %d", CHAIN_READ_MAX);
    out->cert = mem_resize(out->cert, at + 1, sizeof(*out->cert));
    out->cert[at] = (struct cert){0};
    if (cert_parse(&out->cert[at], der, &cause)) {
        out->n++;
        return true;
    }
    cert_clear(&out->cert[at]);
    return fail_at(err, cause.msg, at, "certificate %zu: %s", at + 1, cause.about);
}

static bool add_bag(struct chain *out, struct span der, struct error *err)
{
    struct pkcs7 bag = {0};
    struct span cert = {0};
    bool found = false;

    out->from_pkcs7 = true;
    if (!pkcs7_read(&bag, der, err) || !pkcs7_next(&cert, &found, &bag, err))
        return false;
    while (found)
        if (!chain_add_der(out, cert, err) || !pkcs7_next(&cert, &found, &bag, err))
            return false;
    return out->n > 0 || fail(err, E_PKCS7, "it is empty");
}

static bool is_bag(const char *label)
{
    return text_equal(label, "PKCS7") || text_equal(label, "CMS");
}

static bool add_block(struct chain *out, const struct pem_block *block, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CHAIN_FILE_MAX);

    if (text_equal(block->label, "TRUSTED CERTIFICATE"))
        return fail(err, E_PEM_TRUSTED, "line %u", block->line);
    if (is_bag(block->label) && out->n == 0) {
        if (!pem_decode(&der, block, err))
            return false;
        return add_bag(out, buf_span(&der), err);
    }
    if (!text_equal(block->label, "CERTIFICATE") &&
        !text_equal(block->label, "X509 CERTIFICATE"))
        return fail(err, E_PEM_LABEL, "line %u begins a %s", block->line, block->label);
    if (out->from_pkcs7)
        return fail(err, E_PEM_LABEL, "line %u follows a PKCS#7 bag", block->line);
    if (out->n == CHAIN_READ_MAX)
        return fail(err, E_CHAIN_ENDLESS, "more than %d", CHAIN_READ_MAX);
    return pem_decode(&der, block, err) && chain_add_der(out, buf_span(&der), err);
}

bool chain_parse(struct chain *out, struct span file, struct error *err)
{
    struct pem_block block = {0};
    struct pem pem = {0};
    bool found = false;

    if (file.n > CHAIN_FILE_MAX)
        return fail(err, E_CERT_LARGE, "the file has more than %u bytes", CHAIN_FILE_MAX);
    if (pem_has_private_key(file))
        return fail(err, E_PEM_PRIVATE_KEY, "a PRIVATE KEY block");
    if (!pem_open(&pem, file, err) || !pem_next(&block, &found, &pem, err))
        return false;
    while (found)
        if (!add_block(out, &block, err) || !pem_next(&block, &found, &pem, err))
            return false;
    return out->n > 0 || fail(err, E_PEM_NONE, "no BEGIN line in %zu bytes", file.n);
}

bool chain_load(struct chain *out, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(CHAIN_FILE_MAX);
    struct error why = {0};

    if (!fs_read(&file, path, err))
        return false;
    if (chain_parse(out, buf_span(&file), &why))
        return true;
    (void)fail(err, why.msg, "%s: %s", path, why.about);
    err->has_rung = why.has_rung;
    err->rung = why.rung;
    return false;
}

/* The same certificate, and what is known of its signature. */
static bool add_copy(struct chain *out, const struct cert *cert, struct error *err)
{
    if (!chain_add_der(out, buf_span(&cert->der), err))
        return false;
    out->cert[out->n - 1].signed_by = cert->signed_by;
    return true;
}

bool chain_sorted(struct chain *out, const struct chain *chain,
                  const struct chain_order *order, struct error *err)
{
    for (size_t i = 0; i < order->n; i++)
        if (!add_copy(out, &chain->cert[order->path[i]], err))
            return false;
    return true;
}

bool chain_copy(struct chain *out, const struct chain *from, struct error *err)
{
    for (size_t i = 0; i < from->n; i++)
        if (!add_copy(out, &from->cert[i], err))
            return false;
    out->from_pkcs7 = from->from_pkcs7;
    return true;
}

/* That a signature verifies under a key is a fact of the bytes alone, wherever they stand.
 */
static void recall(struct cert *cert, const struct chain *known)
{
    for (size_t i = 0; i < known->n; i++)
        if (digest_equal(&cert->sha256, &known->cert[i].sha256))
            cert->signed_by = known->cert[i].signed_by;
}

void chain_remember(struct chain *chain, const struct chain *known)
{
    struct chain_order order = {0};

    if (chain->n == 0)
        return;
    for (size_t i = 0; i < chain->n; i++)
        recall(&chain->cert[i], known);
    chain_lay_order(&order, chain);
    for (size_t i = 0; i < order.n; i++) {
        size_t issuer = order.path[i + 1 < order.n ? i + 1 : i];

        if (order.verified[i])
            chain->cert[order.path[i]].signed_by = chain->cert[issuer].spki_sha256;
    }
}

const struct cert *chain_leaf(const struct chain *chain)
{
    return &chain->cert[0];
}

const struct cert *chain_root(const struct chain *chain)
{
    return &chain->cert[chain->n - 1];
}

static void length_write(unsigned char out[4], size_t n)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (unsigned char)(n >> (24 - 8 * i));
}

void chain_digest(struct digest *out, const struct chain *chain)
{
    struct digest_run run;

    digest_begin(&run, DIGEST_SHA256);
    for (size_t i = 0; i < chain->n; i++) {
        struct span der = buf_span(&chain->cert[i].der);
        unsigned char length[4];

        length_write(length, der.n);
        digest_add(&run, span_of(length, sizeof(length)));
        digest_add(&run, der);
    }
    digest_end(&run, out);
}

bool chain_pack(struct buf *out, const struct chain *chain, struct error *err)
{
    for (size_t i = 0; i < chain->n; i++) {
        struct span der = buf_span(&chain->cert[i].der);
        unsigned char length[4];

        length_write(length, der.n);
        if (!buf_add(out, span_of(length, sizeof(length)), err) || !buf_add(out, der, err))
            return false;
    }
    return true;
}

bool chain_unpack(struct chain *out, struct span packed, struct error *err)
{
    while (packed.n > 0) {
        struct span rest = packed, length = {0}, der = {0};

        if (!span_take(&rest, 4, &length) ||
            !span_take(&rest, (size_t)span_number(length), &der) ||
            out->n == CHAIN_READ_MAX)
            return fail(err, E_CHAIN_PACKED, "%zu bytes are left", packed.n);
        if (!chain_add_der(out, der, err))
            return false;
        packed = rest;
    }
    return out->n > 0 || fail(err, E_CHAIN_PACKED, "no certificate");
}

bool chain_to_pem(struct buf *out, const struct chain *chain, struct error *err)
{
    for (size_t i = 0; i < chain->n; i++)
        if (!cert_to_pem(out, &chain->cert[i], err))
            return false;
    return true;
}

void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->n; i++)
        cert_clear(&chain->cert[i]);
    mem_free(chain->cert);
    *chain = (struct chain){0};
}
