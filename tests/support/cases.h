/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of tests/data/chains as fixtures. */
#pragma once

#include "certs/chain.h"

#define AT_NOON 1813060800 /* 2027-06-15T12:00:00Z: when everything there is judged */

/* Parse tests/data/chains/<name>/chain.pem; stops the program when it is no chain. */
void case_chain(struct chain *out, const char *name);
/* A leaf and 100 CAs of one name that all signed each other: the root of
 * `good-ec-under-root` under as many key digests. */
void case_mesh(struct chain *out);
/* The file as it is. */
void case_file(struct buf *out, const char *name);
