/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The extensions of RFC 5280 4.2 that we process, as facts of a certificate. */
#pragma once

#include "certs/cert.h"

/* Read cert->extensions. A failure belongs to the rule `encoding`. */
must_check bool extensions_read(struct cert *cert, struct error *err);
