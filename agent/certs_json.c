/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/certs_json.h"

#include "agent/view_json.h"

#include <jansson.h>

static json_t *pem_text(struct span pem)
{
    return pem.n == 0 ? json_null() : json_stringn((const char *)pem.at, pem.n);
}

static json_t *leaves_object(size_t count, const struct leaves *leaves)
{
    json_t *ladder = view_json_ladder(leaves->server);

    if (leaves->server->n > 0)
        view_json_leaves(json_array_get(ladder, 0), leaves);
    return json_pack("{s:I, s:o}", "count", (json_int_t)count, "ladder", ladder);
}

static json_t *chain_object(const struct chain *chain)
{
    const struct leaves leaves = leaves_one(chain);

    return leaves_object(chain->n, &leaves);
}

static json_t *check_object(const struct upload *upload)
{
    const struct leaves leaves = upload_leaves(upload);

    return json_pack("{s:b, s:s, s:o, s:o}", "accepted", upload->accepted, "policy",
                     policy_name(upload->policy), "chain",
                     leaves_object(upload->given.n, &leaves), "findings",
                     view_json_report(&upload->report));
}

void certs_json_check(FILE *out, const struct upload *upload)
{
    view_json_print(out, check_object(upload));
}

static json_t *services_array(const struct services *services)
{
    json_t *array = json_array();

    for (size_t i = 0; i < services->n; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "verb", services->step[i].verb,
                                               "service", services->step[i].name));
    return array;
}

static void add_facts(json_t *object, const struct change_facts *facts)
{
    if (facts == NULL)
        return;
    json_object_set_new(
        object, "confirm_by",
        view_json_time(facts->rollback.pending ? facts->rollback.deadline : 0));
    json_object_set_new(object, "services", services_array(&facts->services));
    if (facts->warnings.n > 0)
        json_object_set_new(object, "warnings", view_json_report(&facts->warnings));
}

static void put_answer(json_t *object, const char *request, const char *requested,
                       const struct upload_answer *answer)
{
    json_object_set_new(object, request,
                        answer->request[0] != '\0' ? json_string(answer->request)
                                                   : json_null());
    json_object_set_new(object, requested, view_json_time(answer->requested));
}

void certs_json_upload(FILE *out, const struct upload *upload, const struct digest *anchor,
                       const struct change_facts *facts)
{
    json_t *object = check_object(upload);

    json_object_set_new(object, "identity",
                        upload->number != 0 ? json_integer(upload->number) : json_null());
    json_object_set_new(object, "unchanged", json_boolean(upload->unchanged));
    put_answer(object, "request", "requested", &upload->answer);
    if (upload->client.n > 0)
        put_answer(object, "client_request", "client_requested", &upload->client_answer);
    json_object_set_new(object, "anchor",
                        anchor != NULL ? view_json_digest(anchor) : json_null());
    add_facts(object, facts);
    view_json_print(out, object);
}

static void put_leaf(json_t *object, const struct identity *identity, enum leaf_use use)
{
    const struct cert *leaf = chain_leaf(identity_chain(identity, use));
    char key[CERT_KEY_NAME_MAX];

    key_show_name(key, sizeof(key), identity_key(identity, use));
    json_object_set_new(object, "name", json_string(cert_issued_to(leaf)));
    json_object_set_new(object, "key", json_string(key));
    json_object_set_new(object, "spki_sha256", view_json_digest(&leaf->spki_sha256));
    json_object_set_new(object, "not_after", view_json_time(leaf->not_after.at));
}

/* What a backup has too: all but the chain. */
static json_t *identity_object(const struct identity *identity)
{
    json_t *object = json_object();

    json_object_set_new(object, "identity", json_integer(identity->number));
    json_object_set_new(object, "epoch", json_integer(identity->epoch));
    json_object_set_new(object, "origin",
                        json_string(identity_origin_name(identity->origin)));
    json_object_set_new(object, "imported", json_boolean(identity->imported));
    json_object_set_new(object, "purpose", json_string(services_purpose_of(identity)));
    json_object_set_new(object, "reason", json_string(identity->reason));
    json_object_set_new(object, "made", view_json_time(identity->made));
    json_object_set_new(object, "seen", view_json_time(identity->seen));
    json_object_set_new(object, "previous",
                        identity->previous != 0 ? json_integer(identity->previous)
                                                : json_null());
    put_leaf(object, identity, LEAF_SERVER);
    if (identity_is_split(identity)) {
        json_t *client = json_object();

        put_leaf(client, identity, LEAF_CLIENT);
        json_object_set_new(object, "client", client);
    }
    return object;
}

void certs_json_identity(FILE *out, const struct identity *identity,
                         const struct change_facts *facts)
{
    const struct leaves leaves = identity_leaves(identity);
    json_t *object = identity_object(identity);

    json_object_set_new(object, "chain", leaves_object(identity->chain.n, &leaves));
    add_facts(object, facts);
    view_json_print(out, object);
}

void certs_json_backups(FILE *out, const struct identities *identities, unsigned current)
{
    json_t *array = json_array();

    for (size_t i = 0; i < identities->n; i++) {
        const struct identity *item = &identities->item[i];
        json_t *object = item->chain.n > 0
                             ? identity_object(item)
                             : json_pack("{s:i, s:s}", "identity", (int)item->number,
                                         "damage", item->reason);

        json_object_set_new(object, "current", json_boolean(item->number == current));
        json_array_append_new(array, object);
    }
    view_json_print(out, json_pack("{s:o}", "identities", array));
}

void certs_json_services(FILE *out, const struct services *services)
{
    view_json_print(out, json_pack("{s:s, s:o}", "purpose", services->purpose, "services",
                                   services_array(services)));
}

void certs_json_count(FILE *out, const char *name, size_t n)
{
    view_json_print(out, json_pack("{s:I}", name, (json_int_t)n));
}

void certs_json_ca(FILE *out, const struct chain *ca)
{
    view_json_print(out, json_pack("{s:o}", "chain", chain_object(ca)));
}

void certs_json_issued(FILE *out, const struct chain *chain, const struct report *report,
                       struct span pem)
{
    const bool accepted = report_errors(report) == 0;

    view_json_print(out, json_pack("{s:b, s:o, s:o, s:o}", "accepted", accepted, "chain",
                                   chain_object(chain), "findings",
                                   view_json_report(report), "pem", pem_text(pem)));
}
