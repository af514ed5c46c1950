/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PEM blocks of keys and requests (RFC 7468), written, and found in a text by label. Chain
 * files, which are judged to the letter, are read by certs/pem.h.
 */
#pragma once

#include "base/buf.h"

/*
 * The first block that has one of the n labels; false with err untouched when there is
 * none. `which` says whose. Blanks and line ends inside do not count, everything else is
 * refused.
 */
must_check bool armor_read(struct buf *out, size_t *which, struct span text,
                           const char *const *labels, size_t n, struct error *err);
/* "-----BEGIN label-----", 64 columns, appended to out. */
must_check bool armor_write(struct buf *out, const char *label, struct span der,
                            struct error *err);
