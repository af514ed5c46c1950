/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ladder of CAs of the test's own and appliances that stand on it. The private key of an
 * appliance lives in a thread of its own behind certs/signer.h, as in the product. What is
 * issued is in date from 2026 to 2036: at AT_NOON and by the clock of the machine. These
 * chains are for what happens on the wire; the rules are judged on those openssl made.
 * Whatever fails in here stops the program.
 */
#pragma once

#include "certs/identity.h"
#include "certs/signer.h"
#include "certs/trust.h"

#define AT_NOON 1813060800 /* 2027-06-15T12:00:00Z */
#define FAMILY_MAX 128

struct family {
    struct key key[FAMILY_MAX]; /* of each CA; the one that issues leaves first */
    struct chain cas;           /* the same order, root last */
};

/* `rungs` counts the leaf and the root. RSA families have one key for all CAs: fast. */
void family_make(struct family *out, enum key_choice choice, size_t rungs);
void family_clear(struct family *family);

struct appliance {
    struct identity identity; /* without its private key */
    struct key whole;         /* with it; the supervisor's alone */
    struct key whole_client;  /* the same of the client leaf, when there are two */
    struct signer signer;
    struct trust trust; /* the root of its own chain */
    int supervisor;     /* socket */
    pthread_t thread;
};

/* A leaf for `name` under the family, and the thread that signs for it. */
void appliance_make(struct appliance *out, const struct family *family,
                    enum key_choice choice, const char *name);
/* The same with a leaf to serve and a leaf to call, which vouch for one another. */
void appliance_split(struct appliance *out, const struct family *family,
                     enum key_choice choice, const char *name);
/* A key and the chain of a leaf with these extended key usages. */
void leaf_make(struct key *key, struct chain *chain, const struct family *family,
               enum key_choice choice, const char *name, unsigned eku);
/* From key.pem and chain.pem in a directory. */
void appliance_load(struct appliance *out, const char *dir);
/* From a key and a chain; the root becomes its anchor. */
void appliance_of(struct appliance *out, const struct key *key, const struct chain *chain);
void appliance_clear(struct appliance *appliance);
