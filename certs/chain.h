/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A certificate chain: leaf first, each issued by the next, root last. A parsed chain is
 * what the file or the peer said, in that order; chain_sorted puts it in order by
 * signature.
 */
#pragma once

#include "certs/cert.h"

#define CHAIN_READ_MAX 128                 /* certificates read before giving up */
#define CHAIN_MAX 10                       /* accepted, root included: T-01 */
#define CHAIN_FILE_MAX (1U << 20)          /* bytes of an uploaded file */
#define CHAIN_PEM_MAX (2 * CHAIN_FILE_MAX) /* the same as we write it */
#define CHAIN_FILE "chain.pem"             /* in the directory of an identity or a CA */

struct chain {
    struct cert *cert; /* n of them, on the heap */
    size_t n;
    bool from_pkcs7; /* a PKCS#7 bag has no order: its order says nothing */
};

/*
 * Fill an empty chain from an uploaded file: PEM certificates or one PEM PKCS#7. Fails with
 * the `encoding` or `private-key-in-file` message on the first thing that is no
 * certificate.
 */
must_check bool chain_parse(struct chain *out, struct span file, struct error *err);
/* The same of the file at `path`, which a failure names. */
must_check bool chain_load(struct chain *out, const char *path, struct error *err);
/* Append one certificate given as DER (what a TLS peer presented). */
must_check bool chain_add_der(struct chain *out, struct span der, struct error *err);

/* What sorting found. Indices are those of the chain as given. */
struct chain_order {
    size_t path[CHAIN_READ_MAX]; /* leaf first: certificate numbers on the path */
    size_t n;                    /* length of the path */
    bool as_given;               /* the path is 0, 1, … n-1 */
    bool ascending;              /* the path runs through the file from front to back */
    bool complete;               /* ends in a self-issued certificate */
    bool extra[CHAIN_READ_MAX]; /* certificate i is not on the path (duplicates included) */
    bool duplicate[CHAIN_READ_MAX];
    /* Rung i verifies under the key of the next, the last under its own. Checked once,
     * here. */
    bool verified[CHAIN_READ_MAX];
};
/*
 * Find the path from the leaf upwards by name and signature (name alone when no signature
 * verifies, so that a broken signature is reported as such and not as a missing issuer).
 * The leaf is the first certificate that is no CA and issued no other here; else the first
 * that issued no other; else the first. Of several issuers that verify, a self-signed one
 * is taken, then the one that lasts longest.
 */
void chain_lay_order(struct chain_order *out, const struct chain *chain);
/*
 * Verify each link of the path once and note it in the certificates, so that whoever judges
 * the chain later, however often, need not. Of a certificate that stands in `known` too,
 * byte by byte, what is noted there is taken: two appliances of one CA share all but the
 * leaf.
 */
void chain_remember(struct chain *chain, const struct chain *known);
/* A copy of the chain in path order, duplicates and extras dropped. */
must_check bool chain_sorted(struct chain *out, const struct chain *chain,
                             const struct chain_order *order, struct error *err);

const struct cert *chain_leaf(const struct chain *chain);
const struct cert *chain_root(const struct chain *chain); /* the last one */
/* SHA-256 over each certificate's DER length (u32) and DER, in order. */
void chain_digest(struct digest *out, const struct chain *chain);
/* Those bytes, and the chain in them again: what a digest of a chain vouches for. */
#define CHAIN_PACKED_MAX (192U * 1024) /* more than a peer may present */
must_check bool chain_pack(struct buf *out, const struct chain *chain, struct error *err);
must_check bool chain_unpack(struct chain *out, struct span packed, struct error *err);
must_check bool chain_to_pem(struct buf *out, const struct chain *chain, struct error *err);
must_check bool chain_copy(struct chain *out, const struct chain *from, struct error *err);
void chain_clear(struct chain *chain);
