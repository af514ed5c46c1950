/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for a terminal that is too narrow for our tables. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#define NARROW_COLUMNS 72 /* with fewer the two ladders of a pair do not fit */

/* So many columns, and somebody says so. */
bool narrow_is(unsigned columns);
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
/* What `print` writes of `what`, folded like that; as it is where nobody says a width. */
void narrow_print(FILE *out, void (*print)(FILE *out, const void *what), const void *what,
                  unsigned columns);
/* Whether a line of that would be wider than so many columns; of 0 none is. */
bool narrow_exceeds(void (*print)(FILE *out, const void *what), const void *what,
                    unsigned columns);
