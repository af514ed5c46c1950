/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ca_root.h"

#include "base/fs.h"
#include "base/text.h"
#include "certs/issue.h"
#include "certs/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GENERATIONS_MAX 1000
#define NAME_ROOM 16

/* The first free name ca.1, ca.2 … */
static bool free_name(char out[NAME_ROOM], int state, struct error *err)
{
    for (unsigned i = 1; i < GENERATIONS_MAX; i++) {
        bool has = false;

        snprintf(out, NAME_ROOM, CA_DIR ".%u", i);
        if (!fs_has(&has, state, out, err))
            return false;
        if (!has)
            return true;
    }
    return fail(err, E_CA_EXISTS, "%d of them", GENERATIONS_MAX);
}

/* Whole aside, then in place: by a rename, or in exchange for the one that is there. */
static bool put_in_place(int state, const struct chain *chain, const struct key *key,
                         const struct key *root_key, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char aside[NAME_ROOM];
    bool has = false;

    if (!free_name(aside, state, err) || !fs_remove_tree(state, CA_DIR ".new", err) ||
        !fs_make_dir(&dir, state, CA_DIR ".new", 0700, err) ||
        !ca_write(state, dir, chain, key, root_key, err) ||
        !fs_has(&has, state, CA_DIR, err))
        return false;
    if (!has)
        return fs_rename_new(state, CA_DIR ".new", CA_DIR, err);
    if (!fs_rename_new(state, CA_DIR ".new", aside, err))
        return false;
    if (renameat2(state, aside, state, CA_DIR, RENAME_EXCHANGE) != 0)
        return fail_errno(err, E_FILE_WRITE, CA_DIR);
    return fs_sync(state, CA_DIR, err);
}

static bool is_issuer(const struct cert *cert)
{
    return cert->ca && (!cert->has_ku || (cert->ku & KU_KEY_CERT_SIGN) != 0);
}

static bool chain_can_issue(const struct chain *chain, time_t now, struct error *err)
{
    struct chain_order order = {0};

    chain_lay_order(&order, chain);
    if (!order.complete || !order.as_given || order.n != chain->n)
        return fail(err, E_CA_CERTIFICATE, "its issuers up to the root are not all there");
    for (size_t i = 0; i < chain->n; i++) {
        const struct cert *cert = &chain->cert[i];

        if (!order.verified[i] || !is_issuer(cert))
            return fail(err, E_CA_CERTIFICATE, "%s", cert_issued_to(cert));
        if (now < cert->not_before.at || now > cert->not_after.at)
            return fail(err, E_CA_ENDED, "%s is not in date", cert_issued_to(cert));
    }
    return chain->n < CHAIN_MAX ||
           fail(err, E_CA_CERTIFICATE, "%zu certificates leave none for a leaf", chain->n);
}

bool ca_may_import(int state, const struct chain *chain, bool replace, time_t now,
                   struct error *err)
{
    bool has = false;

    if (!replace && state >= 0 && !fs_has(&has, state, CA_DIR, err))
        return false;
    if (has)
        return fail(err, E_CA_EXISTS, "--replace takes its place");
    return chain_can_issue(chain, now, err);
}

bool ca_import(int state, const struct chain *chain, const struct key *key, bool replace,
               time_t now, struct error *err)
{
    if (!ca_may_import(state, chain, replace, now, err))
        return false;
    if (!span_equal(buf_span(&key->spki), chain_leaf(chain)->spki))
        return fail(err, E_IDENTITY_KEY, "%s", cert_issued_to(chain_leaf(chain)));
    return put_in_place(state, chain, key, NULL, err);
}

/* "Name" becomes "Name G2", "Name G2" becomes "Name G3". */
static void next_name(char out[CERT_TEXT_MAX], const char *name)
{
    const char *mark = strrchr(name, ' ');
    uint64_t generation = 1;
    struct error err = {0};
    size_t n = strlen(name);

    if (mark != NULL && mark[1] == 'G' &&
        text_number(&generation, mark + 2, 2, GENERATIONS_MAX, &err))
        n = (size_t)(mark - name);
    else
        generation = 1;
    snprintf(out, CERT_TEXT_MAX, "%.*s G%u", (int)n, name, (unsigned)generation + 1);
}

static bool make_root(struct chain *out, const struct key *key, const struct cert *before,
                      const struct ca_renewal *renewal, struct error *err)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_DER_MAX);
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    struct issue plan = {.signer = key,
                         .is_ca = true,
                         .from = renewal->now - CA_PREDATE_SECONDS,
                         .until = renewal->now + CA_ROOT_DAYS * DAY_SECONDS,
                         .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
                         .spki = buf_span(&key->spki)};
    char name[CERT_TEXT_MAX];

    next_name(name, cert_issued_to(before));
    if (renewal->same_key ? !buf_add(&subject, before->subject, err)
                          : !issue_name(&subject, name, err))
        return false;
    plan.subject = buf_span(&subject);
    return issue_certificate(&der, &plan, err) && chain_add_der(out, buf_span(&der), err);
}

/* What issues keeps its name and key; under a new root it is signed again. */
static bool add_issuing(struct chain *out, const struct ca *ca, const struct key *root_key,
                        const struct cert *root, const struct ca_renewal *renewal,
                        struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    const struct cert *issuing = chain_leaf(&ca->chain);
    const struct issue plan = {.subject = issuing->subject,
                               .spki = issuing->spki,
                               .issuer = root,
                               .signer = root_key,
                               .is_ca = true,
                               .last_ca = true,
                               .from = renewal->now - CA_PREDATE_SECONDS,
                               .until = renewal->now + CA_INTERMEDIATE_DAYS * DAY_SECONDS,
                               .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN};

    return issue_certificate(&der, &plan, err) && chain_add_der(out, buf_span(&der), err);
}

static bool find_root_key(struct key *out, int state, const struct ca *ca,
                          const struct ca_renewal *renewal, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    const struct cert *root = chain_root(&ca->chain);
    const struct key *given = renewal->root_key;
    struct error why = {0};

    if (given == NULL && ca->chain.n == 1)
        given = &ca->key;
    if (given == NULL && !sealed_read(out, state, state, CA_DIR "/" ROOT_KEY_FILE, &why))
        return fail(err, sealed_explains(why.msg) ? why.msg : E_CA_ROOT_KEY, "%s",
                    why.about);
    if (given != NULL &&
        (!key_to_pem(&pem, given, err) || !key_from_pem(out, buf_span(&pem), err)))
        return false;
    return span_equal(buf_span(&out->spki), root->spki) ||
           fail(err, E_CA_ROOT_KEY, "this is not the key of %s", cert_issued_to(root));
}

bool ca_renew(int state, const struct ca_renewal *renewal, struct error *err)
{
    scoped(ca_clear) struct ca ca = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain root = {0};
    scoped(chain_clear) struct chain chain = {0};

    if (!ca_load(&ca, state, err))
        return false;
    if (ca.chain.n > 2)
        return fail(err, E_CA_CERTIFICATE,
                    "its root is another CA's: have it renewed there");
    if ((renewal->same_key ? !find_root_key(&key, state, &ca, renewal, err)
                           : !key_make(&key, renewal->key, err)) ||
        !make_root(&root, &key, chain_root(&ca.chain), renewal, err))
        return false;
    if (ca.chain.n == 1)
        return put_in_place(state, &root, &key, NULL, err);
    return add_issuing(&chain, &ca, &key, chain_root(&root), renewal, err) &&
           chain_add_der(&chain, buf_span(&chain_root(&root)->der), err) &&
           put_in_place(state, &chain, &ca.key, &key, err);
}
