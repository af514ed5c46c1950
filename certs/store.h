/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named stores of certificates, as administrators of other products know them. An entry is
 * one PEM file that openssl reads, with a few notes above the BEGIN line:
 *   TRUSTED_ROOTS   DIR/trust/anchors/<sha256>.pem, what a peer's chain must reach, and the
 *                   root of our own chain, which goes with the chain
 *   every other     DIR/trust/stores/<name>/<sha256>.pem; pairing never looks there
 * Decisions are made on SHA-256; the alias, by default the SHA-1 of the certificate as in
 * VECS, is a label. Whoever changes a store holds the state's lock.
 */
#pragma once

#include "certs/cert.h"

#define STORE_ENTRIES_MAX 1024
#define STORE_NAME_MAX 48
#define STORES_MAX 128 /* made by hand */
#define ALIAS_MAX 128
#define SHA1_HEX (2 * SHA1_BYTES + 1)
#define STORE_ROOTS "TRUSTED_ROOTS"
#define STORE_IDENTITY "MACHINE_SSL_CERT"
#define STORE_IDENTITY_ALIAS "__MACHINE_CERT" /* two underscores: T-36 */
#define STORE_ROOT_CRLS "TRUSTED_ROOT_CRLS"

enum store_holds {
    STORE_HOLDS_ANCHORS,
    STORE_HOLDS_IDENTITY, /* the one in use; changed by the identity commands only */
    STORE_HOLDS_CRLS,
    STORE_HOLDS_CERTIFICATES
};
enum store_reach {
    REACH_LOCAL,
    REACH_ALL
}; /* this appliance, or all that adopt our list */
enum store_distribution { DISTRIBUTE_LOCAL, DISTRIBUTE_LIST, DISTRIBUTE_QUERY };

struct store_kind {
    const char *name;
    enum store_holds holds;
    enum store_reach import, removal; /* T-21: of CAPF-trust they differ */
    enum store_distribution distribution;
};
/* The stores that are always there, in the order they are listed; NULL past the end. */
const struct store_kind *store_kind_at(size_t i);
/* One of them, or one made with store_create. A name that is nearly one of them is told. */
must_check bool store_kind_named(struct store_kind *out, int state, const char *name,
                                 struct error *err);
/* A published list may have entries of it: every appliance has the store, and it holds
 * certificates that are not the appliance's own. */
bool store_is_shared(const char *name);
/* Make an empty store; remove one made so, its entries with it. */
must_check bool store_create(int state, const char *name, struct error *err);
must_check bool store_delete(int state, const char *name, struct error *err);
/* The names of those that were made, in order; the caller gives room for STORES_MAX. */
must_check bool store_made(char (*out)[STORE_NAME_MAX], size_t *n, int state,
                           struct error *err);

struct entry {
    struct cert cert;
    char store[STORE_NAME_MAX];
    char alias[ALIAS_MAX];
    char sha1[SHA1_HEX];        /* of the certificate: a label */
    char key_id[CERT_TEXT_MAX]; /* entry_key_id */
    bool automatic;             /* auto-refresh: kept by a published list (V-23) */
    bool own;                   /* the root of our own chain, or our own leaf */
    time_t added, removed;      /* 0: not known, not removed */
};

/* A copy of the certificate under an alias; NULL or "" is the SHA-1. */
must_check bool entry_make(struct entry *out, const struct cert *cert, const char *store,
                           const char *alias, struct error *err);
/* The file of an entry; and back. */
must_check bool entry_print(struct buf *out, const struct entry *entry, struct error *err);
must_check bool entry_read(struct entry *out, struct span text, struct error *err);
void entry_clear(struct entry *entry);
/* The SubjectKeyIdentifier, upper case without colons; without one the SHA-1 of the key's
 * bits, which is what most CAs write there (T-34). */
void entry_key_id(char out[CERT_TEXT_MAX], const struct cert *cert);
/* The other way to compute it: SHA-1 of the whole SubjectPublicKeyInfo. */
void entry_key_id_of_spki(char out[SHA1_HEX], const struct cert *cert);

struct store {
    struct entry *entry; /* n of them, on the heap, by SHA-256 */
    size_t n;
};
must_check bool store_load(struct store *out, int state, const char *name,
                           struct error *err);
/* Write an entry, whole or not at all. An alias stands for one certificate of a store. */
must_check bool store_put(int state, const struct entry *entry, struct error *err);
/* Remove an entry; E_ANCHOR_UNKNOWN when it is not there. */
must_check bool store_drop(int state, const char *name, const struct digest *sha256,
                           struct error *err);
struct entry *store_find(const struct store *store, const struct digest *sha256);
/*
 * The one entry that `text` stands for: its alias, at least eight digits of its SHA-256,
 * all of its SHA-1 or of its key id (colons are fine), its subject or common name. What
 * stands for several is refused, never guessed (V-08).
 */
must_check bool store_choose(struct entry **out, const struct store *store,
                             const char *text, struct error *err);
/* Append a copy; used by those who make lists of their own. */
must_check bool store_add(struct store *out, const struct entry *entry, struct error *err);
void store_clear(struct store *store);

/* The name of the PEM file of an entry. */
#define STORE_FILE_NAME (DIGEST_HEX + 4)
void store_file_name(char out[STORE_FILE_NAME], const struct digest *sha256);
