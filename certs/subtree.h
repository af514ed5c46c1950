/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One name against one subtree of a name constraint (RFC 5280 4.2.1.10). */
#pragma once

#include "certs/general.h"

/* The name lies within the subtree. Both are of the same kind. */
bool subtree_holds(const struct general_name *subtree, const struct general_name *name);
/* The name lies within it or, being a wildcard, stands for one that does. */
bool subtree_touches(const struct general_name *subtree, const struct general_name *name);
