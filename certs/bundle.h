/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file of trusted certificates, such as the system's: PEM, many, in no order. One that we
 * cannot read is no reason to refuse the rest: it is left out, and told.
 */
#pragma once

#include "certs/trust.h"

#define BUNDLE_FILE_MAX (8U << 20)

/* Append the certificates of the file, each once, up to ANCHORS_MAX. Those left out become
 * notes. Fails when the file is no PEM or holds no certificate at all. */
must_check bool bundle_read(struct chain *out, struct span file, struct report *notes,
                            struct error *err);
