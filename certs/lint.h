/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Advice about a chain that is no rule: what linters of public CAs would flag, what
 * stricter programs will refuse, what is going away. Warnings and notes, never errors.
 */
#pragma once

#include "certs/chain.h"

/* Judges the path through the chain, leaf first; certificates off it are left alone. */
void lint_judge(struct report *out, const struct chain *chain);
