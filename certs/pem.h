/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PEM text (RFC 7468): labelled blocks of base64. CRLF, a byte order mark, blanks at the
 * ends of lines and text between blocks are fine. A BEGIN or END line that is not exact is
 * an error and never taken for text: nobody loses a certificate silently.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define PEM_LABEL_MAX 64

struct pem_block {
    char label[PEM_LABEL_MAX]; /* "CERTIFICATE" */
    struct span body;          /* the lines between BEGIN and END, still encoded */
    unsigned line;             /* of BEGIN, from 1 */
};

/* Where in a text the reader stands. Fill with pem_open. */
struct pem {
    struct span rest;
    unsigned line;
};

/* Begin to read. Refuses what is not text at all: DER, UTF-16, binary. */
must_check bool pem_open(struct pem *out, struct span text, struct error *err);
/* The next block; *found is false at the end of the text. */
must_check bool pem_next(struct pem_block *out, bool *found, struct pem *pem,
                         struct error *err);
/* The bytes of a block, by strict base64, appended to out. */
must_check bool pem_decode(struct buf *out, const struct pem_block *block,
                           struct error *err);
/*
 * Decode the first block that has one of the n labels: a key or a request among other
 * blocks. `which` says whose label. False with err untouched when there is none.
 */
must_check bool pem_find(struct buf *out, size_t *which, struct span text,
                         const char *const *labels, size_t n, struct error *err);
/* The text holds a private key, whole or damaged. */
bool pem_has_private_key(struct span text);

/* Append a block: 64 columns, LF. */
must_check bool pem_add(struct buf *out, const char *label, struct span der,
                        struct error *err);
