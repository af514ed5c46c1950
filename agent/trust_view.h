/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores, published lists and what was done to them, for a terminal and as JSON. */
#pragma once

#include "certs/published.h"
#include "certs/refresh.h"

#include <stdio.h>

/* Two lines an entry: SHA-256; name, key, end, origin. */
void trust_view_entry(FILE *out, const struct entry *entry);
/* As `vecs-cli entry list --text`: "Alias : …" and the certificate as text (V-03). */
void trust_view_entry_text(FILE *out, const struct entry *entry);
/* As `dir-cli trustedcert list`: "CN(id): …", "Subject DN: …", "CRL present: yes" (V-05).
 */
void trust_view_published(FILE *out, const struct published *list, size_t from);
void trust_view_refreshed(FILE *out, const struct refreshed *refreshed);
/* "ED:CF:…" */
void trust_view_colons(char *out, size_t room, const char *hex);

/* {"store":…,"anchors":[…]}; `pem` adds the certificate itself. */
struct entries_shown {
    const char *store;
    const char *list; /* "anchors", "entries", "removed" */
    const struct entry *const *entry;
    size_t n;
};
void trust_view_json_entries(FILE *out, const struct entries_shown *shown);
void trust_view_json_entry(FILE *out, const struct entry *entry, struct span pem);
/* {"entry":…,"published":bool,"changed":…} of publish, unpublish, remove, undo. */
void trust_view_json_done(FILE *out, const char *what, const struct entry *entry,
                          const struct entry *renews, bool comes_back);
void trust_view_json_published(FILE *out, const struct published_lists *lists);
/* `failed`: the revocation lists that could not be fetched. */
void trust_view_json_refreshed(FILE *out, const struct refreshed *refreshed,
                               const struct report *failed);
void trust_view_json_stores(FILE *out, const struct store_kind *kinds, const size_t *held,
                            size_t n);
