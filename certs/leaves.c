/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/leaves.h"

#include "base/text.h"
#include "certs/name.h"
#include "certs/statement.h"

#include <stdio.h>

struct leaves leaves_one(const struct chain *chain)
{
    return (struct leaves){.server = chain, .client = chain};
}

struct leaves leaves_two(const struct chain *server, const struct chain *client)
{
    return (struct leaves){.server = server, .client = client->n > 0 ? client : server};
}

bool leaves_are_split(const struct leaves *leaves)
{
    return leaves->server != leaves->client;
}

enum leaf_use leaf_use_of(enum side side)
{
    return side == SIDE_SOURCE ? LEAF_CLIENT : LEAF_SERVER;
}

const char *leaf_use_name(enum leaf_use use)
{
    static const char *const names[] = {"", "server", "client"};

    return names[use];
}

const char *leaf_use_words(enum leaf_use use)
{
    static const char *const words[] = {NULL, "server leaf", "client leaf"};

    return words[use];
}

const struct chain *leaves_of_side(const struct leaves *leaves, enum side side)
{
    return leaf_use_of(side) == LEAF_CLIENT ? leaves->client : leaves->server;
}

/* What is vouched for: SHA-256 of the server leaf's key, then of the client leaf's. */
static bool vouch_body(struct buf *out, struct span server_spki, struct span client_spki,
                       struct error *err)
{
    struct digest server, client;

    digest_of(&server, DIGEST_SHA256, server_spki);
    digest_of(&client, DIGEST_SHA256, client_spki);
    return buf_add(out, digest_span(&server), err) &&
           buf_add(out, digest_span(&client), err);
}

bool leaf_vouch(struct buf *out, const struct key *by, enum leaf_use use,
                struct span server_spki, struct span client_spki, struct error *err)
{
    scoped(buf_clear) struct buf body = buf_upto(2 * DIGEST_BYTES);

    return vouch_body(&body, server_spki, client_spki, err) &&
           statement_sign(out, by, STATEMENT_VOUCH, leaf_use_name(use), buf_span(&body),
                          err);
}

/* No CA, and no other names it as its issuer. */
static bool is_a_leaf(const struct chain *given, size_t i)
{
    for (size_t k = 0; k < given->n; k++)
        if (k != i && name_is_equal(given->cert[k].issuer, given->cert[i].subject))
            return false;
    return !given->cert[i].ca;
}

/* One may serve and the other call, and not the other way round as well. */
static bool is_a_pair(const struct cert *server, const struct cert *client)
{
    return (server->eku & EKU_SERVER_AUTH) != 0 && (client->eku & EKU_CLIENT_AUTH) != 0 &&
           ((server->eku & EKU_CLIENT_AUTH) == 0 || (client->eku & EKU_SERVER_AUTH) == 0);
}

static bool holds(const struct chain *chain, const struct cert *cert)
{
    for (size_t i = 0; i < chain->n; i++)
        if (digest_equal(&chain->cert[i].sha256, &cert->sha256))
            return true;
    return false;
}

/* The two leaves of a file; false when it has one, or more, or no such pair. */
static bool find_leaves(const struct cert **server, const struct cert **client,
                        const struct chain *given)
{
    const struct cert *leaf[2] = {NULL, NULL};
    size_t n = 0;

    for (size_t i = 0; i < given->n; i++) {
        const struct cert *cert = &given->cert[i];

        if (!is_a_leaf(given, i) ||
            (n > 0 && digest_equal(&leaf[0]->sha256, &cert->sha256)) ||
            (n > 1 && digest_equal(&leaf[1]->sha256, &cert->sha256)))
            continue;
        if (n == COUNT(leaf))
            return false;
        leaf[n++] = cert;
    }
    if (n < COUNT(leaf))
        return false;
    *server = is_a_pair(leaf[0], leaf[1]) ? leaf[0] : leaf[1];
    *client = *server == leaf[0] ? leaf[1] : leaf[0];
    return is_a_pair(*server, *client);
}

/* The issuers of either leaf often come with each of them: that is no fault here. */
bool leaves_part(struct chain *server, struct chain *client, const struct chain *given,
                 struct error *err)
{
    const struct cert *serves = NULL, *calls = NULL;

    if (!find_leaves(&serves, &calls, given))
        return chain_copy(server, given, err);
    if (!chain_add_der(server, buf_span(&serves->der), err) ||
        !chain_add_der(client, buf_span(&calls->der), err))
        return false;
    for (size_t i = 0; i < given->n; i++) {
        const struct cert *cert = &given->cert[i];

        if (!holds(server, cert) && !holds(client, cert) &&
            (!chain_add_der(server, buf_span(&cert->der), err) ||
             !chain_add_der(client, buf_span(&cert->der), err)))
            return false;
    }
    server->from_pkcs7 = client->from_pkcs7 = given->from_pkcs7;
    return true;
}

bool leaves_over(struct chain *out, struct span leaf, const struct chain *other,
                 struct error *err)
{
    if (!chain_add_der(out, leaf, err))
        return false;
    for (size_t i = 1; i < other->n; i++)
        if (!chain_add_der(out, buf_span(&other->cert[i].der), err))
            return false;
    return true;
}

void leaves_tell(struct report *out, const char *which, const struct error *finding)
{
    struct error named = *finding;
    char about[2 * ABOUT_MAX];

    if (which != NULL && finding->has_rung && finding->rung == 0) {
        snprintf(about, sizeof(about), "%s: %s", which, finding->about);
        (void)text_fits(named.about, about);
    }
    if (report_same(out, &named) == NULL)
        report_add(out, &named);
}

static void tell(struct report *out, enum policy policy, enum occasion occasion,
                 enum msg msg, const char *about)
{
    struct error finding = {0};
    enum severity severity = SEVERITY_ERROR;

    if (!policy_severity(msg, policy, occasion, &severity))
        return;
    fail_at(&finding, msg, 0, "%s", about);
    finding.severity = severity;
    report_add(out, &finding);
}

/* The vouching for one leaf, which the key of the other one has signed. */
static enum msg judge_vouch(const struct leaves *leaves, enum leaf_use of)
{
    scoped(buf_clear) struct buf body = buf_upto(2 * DIGEST_BYTES);
    const enum leaf_use by = of == LEAF_SERVER ? LEAF_CLIENT : LEAF_SERVER;
    const struct span server = chain_leaf(leaves->server)->spki;
    const struct span client = chain_leaf(leaves->client)->spki;
    const struct span vouch =
        of == LEAF_SERVER ? leaves->server_vouch : leaves->client_vouch;
    struct error err = {0};

    if (vouch.n == 0)
        return E_VOUCH_MISSING;
    if (!vouch_body(&body, server, client, &err) ||
        !statement_verifies(by == LEAF_SERVER ? server : client, STATEMENT_VOUCH,
                            leaf_use_name(by), buf_span(&body), vouch))
        return E_VOUCH_FORGED;
    return E_NONE;
}

void leaves_judge(const struct leaves *leaves, enum policy policy, enum occasion occasion,
                  struct report *out)
{
    static const enum leaf_use uses[] = {LEAF_SERVER, LEAF_CLIENT};

    if (!leaves_are_split(leaves) || leaves->server->n == 0 || leaves->client->n == 0)
        return;
    tell(out, policy, occasion, E_PAIR_SPLIT, cert_issued_to(chain_leaf(leaves->server)));
    for (size_t i = 0; i < COUNT(uses); i++) {
        const enum msg fault = judge_vouch(leaves, uses[i]);
        char about[64];

        snprintf(about, sizeof(about), "for the %s leaf, by the %s leaf's key",
                 leaf_use_name(uses[i]), leaf_use_name(uses[1 - i]));
        if (fault != E_NONE)
            tell(out, policy, occasion, fault, about);
    }
}
