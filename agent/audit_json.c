/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/audit_json.h"

#include "agent/view_json.h"
#include "base/mem.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <string.h>

#define DEPTH_MAX 8
#define RUNGS_MAX 12             /* of each ladder; the rest is counted */
#define FINDINGS_BYTES_MAX 24576 /* of one list */

static json_t *clean_value(json_t *value, int depth);

static json_t *clean_text(const char *text)
{
    char safe[AUDIT_TEXT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    return json_string(safe);
}

static json_t *clean_object(json_t *object, int depth)
{
    json_t *out = json_object();

    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at)) {
        char name[AUDIT_EVENT_MAX];

        text_printable(name, sizeof(name), span_text(json_object_iter_key(at)));
        json_object_set_new(out, name, clean_value(json_object_iter_value(at), depth + 1));
    }
    return out;
}

static json_t *clean_array(json_t *array, int depth)
{
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(array); i++)
        json_array_append_new(out, clean_value(json_array_get(array, i), depth + 1));
    return out;
}

static json_t *clean_value(json_t *value, int depth)
{
    if (depth > DEPTH_MAX)
        return json_string("...");
    if (json_is_object(value))
        return clean_object(value, depth);
    if (json_is_array(value))
        return clean_array(value, depth);
    if (json_is_string(value))
        return clean_text(json_string_value(value));
    return json_deep_copy(value);
}

static int write_piece(const char *piece, size_t n, void *out)
{
    struct error full = {0};

    return buf_add(out, span_of(piece, n), &full) ? 0 : -1;
}

bool audit_json_clean(struct buf *out, struct span details, struct error *err)
{
    scoped(json_drop) json_t *object = NULL;
    scoped(json_drop) json_t *clean = NULL;

    if (details.n == 0)
        return buf_add_text(out, "{}", err);
    if (!json_open(&object, details, err))
        return false;
    clean = clean_value(object, 0);
    return json_dump_callback(clean, write_piece, out, JSON_COMPACT | JSON_ENSURE_ASCII) ==
               0 ||
           fail(err, E_TOO_LARGE, "details of more than %zu bytes", out->max);
}

/* Text that may be no UTF-8 or hold anything else. */
static void put_plain(json_t *object, const char *field, const char *text)
{
    char safe[AUDIT_TEXT_MAX];

    text_printable(safe, sizeof(safe), span_text(text));
    json_put_text(object, field, safe);
}

bool audit_json_about(struct buf *out, const char *about, struct error *err)
{
    json_t *object = json_object();

    if (about[0] != '\0')
        put_plain(object, "about", about);
    return json_write(out, object, err);
}

static json_t *rung_json(const struct cert *cert)
{
    json_t *rung = json_object();

    put_plain(rung, "issued_to", cert_issued_to(cert));
    put_plain(rung, "issued_by", cert_issued_by(cert));
    json_put_digest(rung, "sha256", &cert->sha256);
    json_put_digest(rung, "spki_sha256", &cert->spki_sha256);
    return rung;
}

/* `chain` is one of the two. */
static json_t *ladder_json(const struct chain *chain, const struct leaves *leaves)
{
    json_t *rungs = json_array();

    for (size_t i = 0; i < chain->n && i < RUNGS_MAX; i++)
        json_array_append_new(rungs, rung_json(&chain->cert[i]));
    if (leaves_are_split(leaves))
        view_json_both(json_array_get(rungs, 0), rung_json(chain_leaf(leaves->server)),
                       rung_json(chain_leaf(leaves->client)));
    if (chain->n > RUNGS_MAX)
        json_array_append_new(
            rungs, json_pack("{s:I}", "more", (json_int_t)(chain->n - RUNGS_MAX)));
    return rungs;
}

static json_t *findings_json(const struct report *report)
{
    return json_findings_within(report, FINDINGS_BYTES_MAX);
}

bool audit_json_upload(struct buf *out, const struct audit_upload *upload,
                       struct error *err)
{
    json_t *object = json_object();

    json_put_bool(object, "accepted", upload->accepted);
    json_put_text(object, "policy", upload->policy);
    if (upload->identity != 0)
        json_put_int(object, "identity", upload->identity);
    if (upload->request[0] != '\0')
        put_plain(object, "request", upload->request);
    json_object_set_new(object, "ladder",
                        ladder_json(upload->leaves.server, &upload->leaves));
    json_object_set_new(object, "findings", findings_json(upload->findings));
    return json_write(out, object, err);
}

bool audit_json_identity(struct buf *out, const struct identity *identity,
                         struct error *err)
{
    const struct leaves leaves = identity_leaves(identity);
    json_t *object = json_object();

    json_put_int(object, "identity", identity->number);
    json_put_text(object, "origin", identity_origin_name(identity->origin));
    put_plain(object, "reason", identity->reason);
    json_object_set_new(object, "ladder", ladder_json(leaves.server, &leaves));
    return json_write(out, object, err);
}

static void put_verdicts(json_t *object, const struct pair *pair)
{
    const bool judged = pair->body.n > 0;
    const bool heard = pair->phase == PAIR_AGREED || pair->phase == PAIR_REFUSED;

    json_put_text(object, "policy", policy_name(pair->setup.policy));
    if (judged)
        json_put_text(object, "our_verdict", pair->good ? "good" : "refused");
    if (heard) {
        json_put_text(object, "peer_policy", policy_name(pair->peer_policy));
        json_put_text(object, "peer_verdict", pair->peer_good ? "good" : "refused");
    }
    if (pair->has_skew)
        json_put_int(object, "peer_clock_ms_ahead", pair->skew_ms);
}

static void put_connection(json_t *object, const struct tls_facts *facts)
{
    put_plain(object, "tls", facts->version);
    put_plain(object, "cipher", facts->cipher);
    put_plain(object, "group", facts->group);
}

/* What broke the conversation stands in front of what was found before. */
static void put_findings(json_t *object, const struct audit_attempt *attempt)
{
    scoped(report_clear) struct report all = {0};

    if (attempt->failure != NULL && attempt->failure->msg != E_NONE)
        report_add(&all, attempt->failure);
    if (attempt->pair != NULL)
        pair_findings(attempt->pair, &all);
    json_object_set_new(object, "findings", findings_json(&all));
}

/* As far as the conversation got to know them. */
static struct leaves peer_leaves(const struct audit_attempt *attempt)
{
    return attempt->pair != NULL && attempt->pair->peer.server != NULL
               ? attempt->pair->peer
               : leaves_one(&attempt->facts->peer);
}

static void put_side(json_t *object, enum side side, const struct leaves *leaves)
{
    json_object_set_new(object, side_name(side),
                        ladder_json(leaves_of_side(leaves, side), leaves));
}

bool audit_json_attempt(struct buf *out, const struct audit_attempt *attempt,
                        struct error *err)
{
    const bool is_source = attempt->self == SIDE_SOURCE;
    const struct leaves peer = peer_leaves(attempt);
    json_t *object = json_object();

    json_put_text(object, "role", side_name(attempt->self));
    put_plain(object, "address", attempt->address);
    json_put_bool(object, "paired",
                  attempt->pair != NULL && attempt->pair->phase == PAIR_AGREED);
    if (attempt->pair != NULL)
        put_verdicts(object, attempt->pair);
    put_connection(object, attempt->facts);
    put_side(object, SIDE_SOURCE, is_source ? &attempt->own : &peer);
    put_side(object, SIDE_TARGET, is_source ? &peer : &attempt->own);
    put_findings(object, attempt);
    return json_write(out, object, err);
}

bool audit_json_facts(struct buf *out, const struct audit_fact *fact, size_t n,
                      struct error *err)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++) {
        if (fact[i].text == NULL)
            json_put_int(object, fact[i].name, fact[i].number);
        else
            put_plain(object, fact[i].name, fact[i].text);
    }
    return json_write(out, object, err);
}

bool audit_json_refusals(struct buf *out, unsigned count, time_t first, time_t last,
                         const struct report *reasons, struct error *err)
{
    char text[TIME_TEXT_MAX];
    json_t *object = json_object();

    json_put_int(object, "count", count);
    text_show_time(text, first);
    json_put_text(object, "first", text);
    text_show_time(text, last);
    json_put_text(object, "last", text);
    json_object_set_new(object, "findings", findings_json(reasons));
    return json_write(out, object, err);
}
