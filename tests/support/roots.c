/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/roots.h"

#include "certs/ca_root.h"
#include "certs/issued.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool done, const struct error *err)
{
    if (done)
        return;
    fprintf(stderr, "roots: %s: %s\n", message_of(err->msg)->text, err->about);
    exit(2);
}

void root_make(struct root *out, const char *name)
{
    const struct ca_plan plan = {.name = name, .now = AT_NOON};
    struct error err = {0};

    *out = (struct root){0};
    scratch_make(&out->scratch);
    must(ca_init(out->scratch.fd, &plan, &err), &err);
    must(ca_load(&out->ca, out->scratch.fd, &err), &err);
}

const struct cert *root_cert(const struct root *root)
{
    return chain_root(&root->ca.chain);
}

void root_renew(struct root *root)
{
    const struct ca_renewal renewal = {.same_key = true, .now = AT_NOON + 60};
    struct error err = {0};

    must(ca_renew(root->scratch.fd, &renewal, &err), &err);
    ca_clear(&root->ca);
    must(ca_load(&root->ca, root->scratch.fd, &err), &err);
}

void root_entry(struct entry *out, const struct root *root, const char *store,
                const char *alias)
{
    struct error err = {0};

    *out = (struct entry){0};
    must(entry_make(out, root_cert(root), store, alias, &err), &err);
    out->added = AT_NOON;
}

void root_crl(struct crl *out, const struct root *root, time_t now)
{
    scoped(buf_clear) struct buf der = buf_upto(CRL_DER_MAX);
    struct error err = {0};

    *out = (struct crl){0};
    must(issued_crl(&der, root->scratch.fd, &root->ca, 7, now, &err), &err);
    must(crl_parse(out, buf_span(&der), &err), &err);
}

void root_clear(struct root *root)
{
    ca_clear(&root->ca);
    scratch_clear(&root->scratch);
}
