/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with one path. Only certs/validate.c sees it. */
#pragma once

#include "certs/validate.h"

/* A path from leaf to anchor. */
void judge_path(struct report *out, const struct path *path,
                const struct question *question);
/* A branch that reaches none: the same without what needs an issuer above. */
void judge_branch(struct report *out, const struct path *branch,
                  const struct question *question);
/* Revocation, in judging_crl.c: certificate i under certificate i + 1. */
void judge_revocation(struct report *out, const struct path *path,
                      const struct question *question);
