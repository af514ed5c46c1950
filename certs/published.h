/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Published lists: what every appliance that adopts a list shall hold in its stores, as in
 * VMDIR beside VECS. DIR/trust/published/own.pem is the list this appliance publishes, and
 * <list id>.pem each one adopted. A list is text of one kind on disk and in the document
 * that is signed: notes (list, sequence, publisher, dates, removals), then certificates and
 * revocation lists as PEM, each with its notes above. Whoever changes one holds the state's
 * lock.
 */
#pragma once

#include "certs/crl_store.h"
#include "certs/store.h"

#define PUBLISHED_BYTES_MAX (700U << 10) /* what fits into a signed document */
#define PUBLISHED_ENTRIES_MAX 256
#define PUBLISHED_REMOVALS_MAX 256
#define PUBLISHED_LISTS_MAX 16
#define PUBLISHED_DAYS 30
#define LIST_ID_MAX 33 /* 32 hexadecimal digits */

/* Removed everywhere, whoever put it there and how (M-28); what is imported later stays. */
struct removal {
    char store[STORE_NAME_MAX];
    struct digest sha256;
    time_t at;
};

struct published {
    char list[LIST_ID_MAX];
    unsigned sequence; /* one more with each change; 0: nothing was ever published */
    /* Of a document only: who signs it (name and public key), and from when until when. */
    char publisher[CERT_TEXT_MAX];
    struct digest key;
    time_t issued, expires;

    struct store entries; /* each with the store it belongs to */
    struct crls crls;
    struct removal *removal; /* removals of them, on the heap */
    size_t removals;
};

/* The list of this appliance; an empty one with a fresh id when there is none. */
must_check bool published_load_own(struct published *out, int state, struct error *err);
/* Every list: our own first (when there is one), then those adopted. */
struct published_lists {
    struct published list[PUBLISHED_LISTS_MAX + 1];
    size_t n;
};
must_check bool published_load_all(struct published_lists *out, int state,
                                   struct error *err);
/* Write the own list, whole or not at all. */
must_check bool published_save_own(int state, const struct published *list,
                                   struct error *err);
/* Keep an adopted list in the place of the one with its id. */
must_check bool published_keep(int state, const struct published *list, struct error *err);
/* Forget an adopted list; what it brought goes with the next refresh. */
must_check bool published_forget(int state, const char *list, struct error *err);

/* The text of a list; and back, everything checked that can be without a key. */
must_check bool published_print(struct buf *out, const struct published *list,
                                struct error *err);
must_check bool published_parse(struct published *out, struct span text, struct error *err);
void published_clear(struct published *list);
void published_lists_clear(struct published_lists *lists);

/* The entry of a store with this certificate, in a list or in any; NULL when there is none.
 */
const struct entry *published_find(const struct published *list, const char *store,
                                   const struct digest *sha256);
const struct entry *published_find_any(const struct published_lists *lists,
                                       const char *store, const struct digest *sha256);

/*
 * Changes of the own list; the caller saves it. published_add gives the entry that the new
 * one renews (the same key, another certificate: T-30), or NULL; *changed is false when it
 * is there already.
 */
must_check bool published_add(struct published *list, const struct entry *entry,
                              const struct entry **renews, bool *changed,
                              struct error *err);
/* `everywhere`: also where it was imported by hand. */
must_check bool published_remove(struct published *list, const char *store,
                                 const struct digest *sha256, bool everywhere, time_t now,
                                 struct error *err);
/* Put a revocation list in the place of an older one of the same issuer. */
must_check bool published_add_crl(struct published *list, const struct crl *crl,
                                  struct error *err);
