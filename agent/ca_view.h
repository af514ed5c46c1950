/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the built-in CA issued, as JSON. */
#pragma once

#include "certs/issued.h"

#include <stdio.h>

void ca_view_json_list(FILE *out, const struct issued_list *list);
void ca_view_json_revoked(FILE *out, const struct issued *issued);
