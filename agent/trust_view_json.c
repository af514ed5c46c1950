/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/filter.h"
#include "agent/trust_view.h"
#include "agent/view_json.h"
#include "pairing/json.h"

#include <jansson.h>

/* A ladder row, and what the entry has beside it. */
static json_t *entry_object(const struct entry *entry)
{
    json_t *object = view_json_rung(&entry->cert);

    json_object_set_new(object, "subject", view_json_text(entry->cert.subject_text));
    json_object_set_new(object, "alias", json_string(entry->alias));
    json_object_set_new(object, "store", json_string(entry->store));
    json_object_set_new(object, "sha1", json_string(entry->sha1));
    json_object_set_new(object, "ski", json_string(entry->key_id));
    json_object_set_new(object, "ski_computed", json_boolean(!entry->cert.has_ski));
    json_object_set_new(object, "origin",
                        json_string(entry->own ? "chain" : entry_origin(entry)));
    json_object_set_new(object, "auto_refresh", json_boolean(entry->automatic));
    json_object_set_new(object, "key", json_string(cert_key_name(&entry->cert)));
    json_object_set_new(object, "added", view_json_time(entry->added));
    if (entry->removed != 0)
        json_object_set_new(object, "removed", view_json_time(entry->removed));
    return object;
}

void trust_view_json_entries(FILE *out, const struct entries_shown *shown)
{
    json_t *array = json_array(), *object = json_object();

    for (size_t i = 0; i < shown->n; i++)
        json_array_append_new(array, entry_object(shown->entry[i]));
    json_object_set_new(object, "store", json_string(shown->store));
    json_object_set_new(object, shown->list, array);
    view_json_print(out, object);
}

void trust_view_json_entry(FILE *out, const struct entry *entry, struct span pem)
{
    json_t *object = entry_object(entry);

    if (pem.n > 0)
        json_object_set_new(object, "pem", json_stringn((const char *)pem.at, pem.n));
    view_json_print(out, object);
}

void trust_view_json_done(FILE *out, const char *what, const struct entry *entry,
                          const struct entry *renews, bool comes_back)
{
    json_t *object = entry_object(entry);
    char hex[DIGEST_HEX];

    json_object_set_new(object, "done", json_string(what));
    if (renews != NULL)
        digest_hex(hex, &renews->cert.sha256);
    json_object_set_new(object, "renews", renews != NULL ? json_string(hex) : json_null());
    json_object_set_new(object, "comes_back", json_boolean(comes_back));
    view_json_print(out, object);
}

static json_t *list_object(const struct published *list)
{
    json_t *entries = json_array();

    for (size_t i = 0; i < list->entries.n; i++) {
        json_t *row = entry_object(&list->entries.entry[i]);
        bool crl = false;

        for (size_t k = 0; k < list->crls.n && !crl; k++)
            crl = crl_is_signed_by(&list->crls.item[k], &list->entries.entry[i].cert);
        json_object_set_new(row, "id", json_string(list->entries.entry[i].key_id));
        json_object_set_new(row, "crl_present", json_boolean(crl));
        json_array_append_new(entries, row);
    }
    return view_json_list(list, entries);
}

void trust_view_json_published(FILE *out, const struct published_lists *lists)
{
    json_t *array = json_array();

    for (size_t i = 0; i < lists->n; i++)
        json_array_append_new(array, list_object(&lists->list[i]));
    view_json_print(out, json_pack("{s:o}", "lists", array));
}

void trust_view_json_refreshed(FILE *out, const struct refreshed *refreshed,
                               const struct report *failed)
{
    view_json_print(out, json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "added",
                                   (json_int_t)refreshed->added, "removed",
                                   (json_int_t)refreshed->removed, "kept",
                                   (json_int_t)refreshed->kept, "crls_added",
                                   (json_int_t)refreshed->crls_added, "crls_removed",
                                   (json_int_t)refreshed->crls_removed, "findings",
                                   json_findings(failed)));
}

static const char *reach_name(enum store_reach reach)
{
    return reach == REACH_ALL ? "all" : "local";
}

static const char *distribution_name(enum store_distribution distribution)
{
    static const char *const names[] = {"local", "list", "query"};

    return names[distribution];
}

void trust_view_json_stores(FILE *out, const struct store_kind *kinds, const size_t *held,
                            size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:I, s:s, s:s, s:s}", "store", kinds[i].name,
                                        "entries", (json_int_t)held[i], "import_scope",
                                        reach_name(kinds[i].import), "delete_scope",
                                        reach_name(kinds[i].removal), "distribution",
                                        distribution_name(kinds[i].distribution)));
    view_json_print(out, json_pack("{s:o}", "stores", array));
}
