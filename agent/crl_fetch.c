/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/crl_fetch.h"

#include "agent/client.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/trust.h"

#define URLS_MAX 64

void crl_taken_clear(struct crl_taken *taken)
{
    report_clear(&taken->failed);
    *taken = (struct crl_taken){0};
}

static bool add_chain(struct chain *out, const struct chain *more, struct error *err)
{
    for (size_t i = 0; i < more->n; i++)
        if (!chain_add_der(out, buf_span(&more->cert[i].der), err))
            return false;
    return true;
}

bool crl_known_cas(struct chain *out, int state, const struct chain *more,
                   struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(trust_clear) struct trust trust = {0};

    return identity_load(&identity, state, false, err) && trust_load(&trust, state, err) &&
           add_chain(out, &identity.chain, err) &&
           add_chain(out, &identity.client_chain, err) &&
           add_chain(out, &trust.anchors, err) &&
           (more == NULL || add_chain(out, more, err));
}

bool crl_take_file(struct crl_taken *out, int state, struct span file,
                   const struct chain *cas, const char *url, time_t now, struct error *err)
{
    scoped(crls_clear) struct crls lists = {0};

    if (!crls_parse(&lists, file, err))
        return false;
    for (size_t i = 0; i < lists.n; i++) {
        struct crl_wish wish = {
            .issuer = crl_signer(&lists.item[i], cas), .url = url, .now = now};
        char name[CERT_TEXT_MAX];
        bool changed = false;

        if (wish.issuer == NULL) {
            text_hex(name, span_head(lists.item[i].number, 20));
            return fail(err, E_CRL_NO_ISSUER, "list %zu, number %s", i + 1, name);
        }
        if (!crl_store_put(state, &lists.item[i], &wish, &changed, err))
            return false;
        out->taken += changed;
        out->unchanged += !changed;
    }
    return true;
}

struct urls {
    char item[URLS_MAX][CRL_URL_MAX];
    size_t n;
};

static void add_url(struct urls *urls, const char *url)
{
    for (size_t i = 0; i < urls->n; i++)
        if (text_equal(urls->item[i], url))
            return;
    if (url[0] != '\0' && urls->n < URLS_MAX && text_fits(urls->item[urls->n], url))
        urls->n++;
}

static bool gather(struct urls *out, int state, const struct chain *cas, struct error *err)
{
    scoped(held_crls_clear) struct held_crls held = {0};
    char url[CRL_URL_MAX];

    if (!crl_store_load(&held, state, err))
        return false;
    for (size_t i = 0; i < held.n; i++)
        add_url(out, held.item[i].url);
    for (size_t i = 0; i < cas->n; i++)
        if (crl_point(url, &cas->cert[i]))
            add_url(out, url);
    return true;
}

bool crl_fetch_all(struct crl_taken *out, int state, time_t now, struct error *err)
{
    scoped(chain_clear) struct chain cas = {0};
    struct urls urls = {0};

    if (!crl_known_cas(&cas, state, NULL, err) || !gather(&urls, state, &cas, err))
        return false;
    for (size_t i = 0; i < urls.n; i++) {
        scoped(buf_clear) struct buf file = buf_upto(CRL_FILE_MAX);
        struct error why = {0};

        if (!client_fetch(&file, urls.item[i], &why) ||
            !crl_take_file(out, state, buf_span(&file), &cas, urls.item[i], now, &why))
            report_add(&out->failed, &why);
    }
    return true;
}
