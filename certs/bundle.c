/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/bundle.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/pem.h"

static bool has(const struct chain *chain, const struct cert *cert)
{
    for (size_t i = 0; i < chain->n; i++)
        if (digest_equal(&chain->cert[i].sha256, &cert->sha256))
            return true;
    return false;
}

static void note(struct report *notes, unsigned line, const struct error *cause)
{
    struct error finding = {0};

    fail(&finding, E_ANCHOR_SKIPPED, "line %u: %s %s", line, message_of(cause->msg)->text,
         cause->about);
    finding.severity = SEVERITY_NOTE;
    report_add(notes, &finding);
}

static bool read_block(struct cert *out, const struct pem_block *block, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);

    if (!text_equal(block->label, "CERTIFICATE") &&
        !text_equal(block->label, "X509 CERTIFICATE"))
        return fail(err, E_PEM_LABEL, "a %s", block->label);
    return pem_decode(&der, block, err) && cert_parse(out, buf_span(&der), err);
}

static bool add_block(struct chain *out, const struct pem_block *block,
                      struct report *notes, struct error *err)
{
    struct error cause = {0};
    struct cert cert = {0};
    bool good;

    if (out->n == ANCHORS_MAX)
        return fail(err, E_ANCHORS_FULL, "more than %d", ANCHORS_MAX);
    good = read_block(&cert, block, &cause);
    if (!good)
        note(notes, block->line, &cause);
    if (!good || has(out, &cert)) {
        cert_clear(&cert);
        return true;
    }
    out->cert = mem_resize(out->cert, out->n + 1, sizeof(*out->cert));
    out->cert[out->n++] = cert;
    return true;
}

bool bundle_read(struct chain *out, struct span file, struct report *notes,
                 struct error *err)
{
    struct pem_block block = {0};
    struct pem pem = {0};
    bool found = false;

    if (!pem_open(&pem, file, err) || !pem_next(&block, &found, &pem, err))
        return false;
    while (found)
        if (!add_block(out, &block, notes, err) || !pem_next(&block, &found, &pem, err))
            return false;
    return out->n > 0 || fail(err, E_PEM_NONE, "no certificate in %zu bytes", file.n);
}
