/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for a terminal that is too narrow for our tables. */
#pragma once

#include <stdio.h>

#define NARROW_COLUMNS 72 /* with fewer it is narrow */

/* How many columns COLUMNS says there are, else the terminal behind `fd`; 0: nobody says.
 * A confined process cannot ask the terminal any more. */
unsigned narrow_ask(int fd);
/*
 * One line, folded at blanks to so many columns; what goes on stands below column `hang`,
 * and nothing is folded before that. A word that is wider is not cut.
 */
void narrow_line(FILE *out, const char *line, size_t hang, unsigned columns);
/* Every line of a text; what goes on is two columns further in than its line. */
void narrow_text(FILE *out, const char *text, unsigned columns);
