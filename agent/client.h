/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file over plain HTTP: revocation lists, which prove themselves by their signature. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define FETCH_CONNECT_SECONDS 10
#define FETCH_SECONDS 30
#define FETCH_REDIRECTS 3

/* GET into `out`, up to its ceiling. http:// only, also after a redirect; E_FETCH. */
must_check bool client_fetch(struct buf *out, const char *url, struct error *err);
