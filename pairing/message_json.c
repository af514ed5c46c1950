/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/message_json.h"

#include "base/text.h"
#include "certs/statement.h"
#include "pairing/json.h"

#include <jansson.h>

#define DURATION_MAX (10LL * 366 * 86400)

#define VERDICT_FIELDS_MAX 4096 /* of a verdict without its findings */

static void put_leaf(json_t *object, const char *field, const struct profile_leaf *leaf)
{
    json_t *value = json_object();

    json_put_bytes(value, "certificate", buf_span(&leaf->der));
    if (leaf->vouch.n > 0)
        json_put_bytes(value, "vouch", buf_span(&leaf->vouch));
    json_object_set_new(object, field, value);
}

bool message_write_hello(struct buf *out, const struct profile *profile,
                         const struct digest *commitment, struct error *err)
{
    json_t *object = json_object();
    json_t *leaves = json_object();

    json_put_text(object, "role", side_name(profile->role));
    json_put_int(object, "version_min", profile->version_min);
    json_put_int(object, "version_max", profile->version_max);
    json_put_text(object, "policy", policy_name(profile->policy));
    json_put_int(object, "clock_ms", profile->clock_ms);
    json_put_text(object, "product", profile->product);
    if (profile->duration > 0)
        json_put_int(object, "duration_s", profile->duration);
    put_leaf(leaves, "server", &profile->server);
    put_leaf(leaves, "client", &profile->client);
    json_object_set_new(object, "leaves", leaves);
    if (commitment != NULL)
        json_put_digest(object, "nonce_sha256", commitment);
    return json_write(out, object, err);
}

static bool read_side(enum side *out, const json_t *object, struct error *err)
{
    char role[16];

    if (!json_get_text(role, sizeof(role), object, "role", err))
        return false;
    *out = text_equal(role, "source")   ? SIDE_SOURCE
           : text_equal(role, "target") ? SIDE_TARGET
                                        : SIDE_NONE;
    return *out != SIDE_NONE || fail(err, E_JSON, "'role' is neither source nor target");
}

static bool read_policy(enum policy *out, const json_t *object, struct error *err)
{
    char name[16];

    return json_get_text(name, sizeof(name), object, "policy", err) &&
           policy_named(out, name, err);
}

static bool read_leaf(struct profile_leaf *out, const json_t *leaves, const char *field,
                      struct error *err)
{
    scoped(cert_clear) struct cert cert = {0};
    const json_t *object = NULL;

    out->der = buf_upto(CERT_DER_MAX);
    out->vouch = buf_upto(KEY_SIGNATURE_MAX);
    if (!json_get_object(&object, leaves, field, err) ||
        !json_get_bytes(&out->der, object, "certificate", err) ||
        !cert_parse(&cert, buf_span(&out->der), err))
        return false;
    out->spki_sha256 = cert.spki_sha256;
    return json_object_get(object, "vouch") == NULL ||
           json_get_bytes(&out->vouch, object, "vouch", err);
}

static bool read_version(unsigned *out, const json_t *object, const char *field,
                         struct error *err)
{
    int64_t value = 0;

    if (!json_get_int(&value, object, field, 1, 65535, err))
        return false;
    *out = (unsigned)value;
    return true;
}

bool message_read_hello(struct profile *out, struct digest *commitment, struct span json,
                        struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    const json_t *leaves = NULL;

    if (!json_open(&object, json, err))
        return false;
    return read_side(&out->role, object, err) &&
           read_version(&out->version_min, object, "version_min", err) &&
           read_version(&out->version_max, object, "version_max", err) &&
           read_policy(&out->policy, object, err) &&
           json_get_int(&out->clock_ms, object, "clock_ms", 0, INT64_MAX / 4, err) &&
           json_get_text(out->product, sizeof(out->product), object, "product", err) &&
           (json_object_get(object, "duration_s") == NULL ||
            json_get_int(&out->duration, object, "duration_s", 0, DURATION_MAX, err)) &&
           json_get_object(&leaves, object, "leaves", err) &&
           read_leaf(&out->server, leaves, "server", err) &&
           read_leaf(&out->client, leaves, "client", err) &&
           (commitment == NULL || json_get_digest(commitment, object, "nonce_sha256", err));
}

bool message_write_nonce(struct buf *out, const struct digest *nonce, struct error *err)
{
    json_t *object = json_object();

    json_put_digest(object, "nonce", nonce);
    return json_write(out, object, err);
}

bool message_read_nonce(struct digest *out, struct span json, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;

    return json_open(&object, json, err) && json_get_digest(out, object, "nonce", err);
}

bool message_write_signed(struct buf *out, struct span body, struct span signature,
                          struct error *err)
{
    json_t *object = json_object();

    json_put_bytes(object, "body", body);
    json_put_bytes(object, "signature", signature);
    return json_write(out, object, err);
}

bool message_read_signed(struct buf *body, struct buf *signature, struct span json,
                         struct error *err)
{
    scoped(json_drop) json_t *object = NULL;

    return json_open(&object, json, err) && json_get_bytes(body, object, "body", err) &&
           json_get_bytes(signature, object, "signature", err);
}

/* The terms, field by field: one table for writing and reading. */
static const struct {
    const char *field;
    size_t offset;
} terms_fields[] = {
    {"exporter", offsetof(struct verdict_terms, exporter)},
    {"source_chain", offsetof(struct verdict_terms, source_chain)},
    {"target_chain", offsetof(struct verdict_terms, target_chain)},
    {"source_server_key", offsetof(struct verdict_terms, source_server_key)},
    {"source_client_key", offsetof(struct verdict_terms, source_client_key)},
    {"target_server_key", offsetof(struct verdict_terms, target_server_key)},
    {"target_client_key", offsetof(struct verdict_terms, target_client_key)},
    {"source_nonce", offsetof(struct verdict_terms, source_nonce)},
    {"target_nonce", offsetof(struct verdict_terms, target_nonce)},
};

bool message_write_verdict(struct buf *out, const struct pair *pair,
                           const struct verdict_terms *terms, int64_t now_ms,
                           struct error *err)
{
    json_t *object = json_object();

    json_put_int(object, "version", PROTOCOL_VERSION);
    json_put_text(object, "role", side_name(pair->setup.self));
    for (size_t i = 0; i < COUNT(terms_fields); i++)
        json_put_digest(object, terms_fields[i].field,
                        (const struct digest *)(const void *)((const char *)terms +
                                                              terms_fields[i].offset));
    json_put_text(object, "policy", policy_name(pair->setup.policy));
    json_put_int(object, "clock_ms", now_ms);
    json_put_bool(object, "paired", pair->good);
    /* A verdict too long to sign would leave the peer without any reason. */
    json_object_set_new(
        object, "findings",
        json_findings_within(&pair->findings, STATEMENT_BODY_MAX - VERDICT_FIELDS_MAX));
    return json_write(out, object, err);
}

bool message_read_verdict(struct verdict_read *out, struct span json, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    unsigned version = 0;

    if (!json_open(&object, json, err) || !read_version(&version, object, "version", err))
        return false;
    if (version != PROTOCOL_VERSION)
        return fail(err, E_PAIR_VERSION, "a verdict of version %u", version);
    for (size_t i = 0; i < COUNT(terms_fields); i++)
        if (!json_get_digest(
                (struct digest *)(void *)((char *)&out->terms + terms_fields[i].offset),
                object, terms_fields[i].field, err))
            return false;
    return read_side(&out->role, object, err) && read_policy(&out->policy, object, err) &&
           json_get_bool(&out->good, object, "paired", err) &&
           json_read_findings(&out->findings, object, err);
}

static const char *const methods[AUTHORIZE_METHODS] = {[AUTHORIZE_CODE] = "code",
                                                       [AUTHORIZE_AGAIN] = "again",
                                                       [AUTHORIZE_PASSWORD] = "password",
                                                       [AUTHORIZE_WAIT] = "wait"};

static bool method_has_scram(enum authorize_method method)
{
    return method == AUTHORIZE_CODE || method == AUTHORIZE_PASSWORD;
}

bool message_write_ask(struct buf *out, const struct authorize_ask *ask, struct error *err)
{
    json_t *object = json_object();

    json_put_text(object, "method", methods[ask->method]);
    json_put_text(object, "name", ask->name);
    if (ask->purpose != PURPOSE_UNSAID)
        json_put_bool(object, "nowhere", ask->purpose == PURPOSE_MEASURE);
    if (ask->migration[0] != '\0')
        json_put_text(object, "migration", ask->migration);
    if (ask->method == AUTHORIZE_CODE)
        json_put_int(object, "selector", ask->selector);
    if (ask->method == AUTHORIZE_PASSWORD)
        json_put_text(object, "user", ask->user);
    if (method_has_scram(ask->method))
        json_put_text(object, "scram", ask->scram);
    return json_write(out, object, err);
}

static bool read_method(enum authorize_method *out, const json_t *object, struct error *err)
{
    char method[16];

    if (!json_get_text(method, sizeof(method), object, "method", err))
        return false;
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (!text_equal(method, methods[i]))
            continue;
        *out = (enum authorize_method)i;
        return true;
    }
    return fail(err, E_JSON, "'method' is none that is known");
}

static bool read_purpose(enum authorize_purpose *out, const json_t *object,
                         struct error *err)
{
    bool nowhere = false;

    if (json_object_get(object, "nowhere") == NULL)
        return true;
    if (!json_get_bool(&nowhere, object, "nowhere", err))
        return false;
    *out = nowhere ? PURPOSE_MEASURE : PURPOSE_MOVE;
    return true;
}

bool message_read_ask(struct authorize_ask *out, struct span json, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    int64_t selector = 0;

    if (!json_open(&object, json, err) || !read_method(&out->method, object, err) ||
        !json_get_text(out->name, sizeof(out->name), object, "name", err) ||
        !read_purpose(&out->purpose, object, err))
        return false;
    if ((out->method == AUTHORIZE_AGAIN || json_object_get(object, "migration") != NULL) &&
        !json_get_text(out->migration, sizeof(out->migration), object, "migration", err))
        return false;
    if (out->method == AUTHORIZE_CODE &&
        !json_get_int(&selector, object, "selector", 0, (1 << 30) - 1, err))
        return false;
    if (out->method == AUTHORIZE_PASSWORD &&
        !json_get_text(out->user, sizeof(out->user), object, "user", err))
        return false;
    out->selector = (uint32_t)selector;
    return !method_has_scram(out->method) ||
           json_get_text(out->scram, sizeof(out->scram), object, "scram", err);
}

bool message_write_answer(struct buf *out, const struct authorize_answer *answer,
                          struct error *err)
{
    json_t *object = json_object();

    json_put_text(object, "scram", answer->scram);
    if (answer->waiting) {
        json_put_bool(object, "waiting", true);
        json_put_int(object, "expires", answer->expires);
    }
    if (answer->granted) {
        json_t *grant = json_object();

        json_put_text(grant, "id", answer->grant.id);
        json_put_text(grant, "migration", answer->grant.migration);
        json_put_int(grant, "byte_ceiling", (int64_t)answer->grant.byte_ceiling);
        json_put_int(grant, "issued", answer->grant.issued);
        json_put_int(grant, "expires", answer->grant.expires);
        json_object_set_new(object, "grant", grant);
    }
    return json_write(out, object, err);
}

static bool id_is_plain(const char *id, char letter)
{
    if (id[0] != letter || id[1] != '-' || id[2] == '\0')
        return false;
    for (const char *c = id + 2; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')))
            return false;
    return true;
}

static bool read_grant(struct grant *out, const json_t *object, struct error *err)
{
    int64_t ceiling = 0, issued = 0, expires = 0;

    if (!json_get_text(out->id, sizeof(out->id), object, "id", err) ||
        !json_get_text(out->migration, sizeof(out->migration), object, "migration", err) ||
        !json_get_int(&ceiling, object, "byte_ceiling", 0, INT64_MAX, err) ||
        !json_get_int(&issued, object, "issued", 0, INT64_MAX / 2, err) ||
        !json_get_int(&expires, object, "expires", 0, INT64_MAX / 2, err))
        return false;
    if (!id_is_plain(out->id, 'g') || !id_is_plain(out->migration, 'm'))
        return fail(err, E_JSON, "the grant's ids are not of the form g-… and m-…");
    out->byte_ceiling = (uint64_t)ceiling;
    out->issued = issued;
    out->expires = expires;
    return true;
}

static bool read_waiting(struct authorize_answer *out, const json_t *object,
                         struct error *err)
{
    return json_object_get(object, "waiting") == NULL ||
           (json_get_bool(&out->waiting, object, "waiting", err) &&
            json_get_int(&out->expires, object, "expires", 0, INT64_MAX / 2, err));
}

bool message_read_answer(struct authorize_answer *out, struct span json, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    const json_t *grant = NULL;

    if (!json_open(&object, json, err) ||
        !json_get_text(out->scram, sizeof(out->scram), object, "scram", err) ||
        !read_waiting(out, object, err))
        return false;
    if (json_object_get(object, "grant") == NULL)
        return true;
    out->granted = true;
    return json_get_object(&grant, object, "grant", err) &&
           read_grant(&out->grant, grant, err);
}

bool message_write_findings(struct buf *out, const struct report *report, struct error *err)
{
    json_t *object = json_object();

    json_object_set_new(object, "findings", json_findings(report));
    return json_write(out, object, err);
}

bool message_read_findings(struct report *out, struct span json, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;

    return json_open(&object, json, err) && json_read_findings(out, object, err);
}
