/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_pair.h"

#include "agent/view_text.h"
#include "base/text.h"
#include "pairing/verdict.h"

#include <string.h>

#define COLUMN_MAX 34 /* of one name; longer names are cut */

/* Columns a UTF-8 text takes, near enough for a table: its code points. */
static int columns(const char *text)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* `width` 0: the last cell of a row, not padded. */
static void print_cell(FILE *out, const char *text, int width)
{
    char safe[4 * COLUMN_MAX];
    int n = 0;
    const char *at = safe;

    text_printable(safe, sizeof(safe), span_text(text));
    while (*at != '\0' && (n < COLUMN_MAX || ((unsigned char)*at & 0xC0) == 0x80)) {
        n += ((unsigned char)*at & 0xC0) != 0x80;
        fputc(*at++, out);
    }
    fprintf(out, "%*s", width > n ? width - n : 0, "");
}

static const char *name_of(const struct cert *cert, bool issued_by)
{
    if (cert == NULL)
        return "-";
    return issued_by ? cert_issued_by(cert) : cert_issued_to(cert);
}

static int widest(const struct ladder *ladder, bool target, bool issued_by)
{
    int width = (int)strlen("Issued To");

    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *rung = &ladder->rung[i];
        int n = columns(name_of(target ? rung->target : rung->source, issued_by));

        if (n > COLUMN_MAX)
            n = COLUMN_MAX;
        if (n > width)
            width = n;
    }
    return width;
}

static void print_row(FILE *out, const int width[3], const char *const cell[4],
                      const char *mark)
{
    fputs("  ", out);
    print_cell(out, cell[0], width[0]);
    fputs("  ", out);
    print_cell(out, cell[1], width[1]);
    fprintf(out, "  %-3s  ", mark);
    print_cell(out, cell[2], width[2]);
    fputs("  ", out);
    print_cell(out, cell[3], 0);
    fputc('\n', out);
}

static void print_ladders(FILE *out, const struct ladder *ladder)
{
    const int width[3] = {widest(ladder, false, false), widest(ladder, false, true),
                          widest(ladder, true, false)};
    static const char *const heads[4] = {"Issued To", "Issued By", "Issued To",
                                         "Issued By"};

    fprintf(out, "  %-*s  TARGET\n", width[0] + width[1] + 7, "SOURCE");
    print_row(out, width, heads, "");
    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *rung = &ladder->rung[i];
        const char *const cells[4] = {
            name_of(rung->source, false), name_of(rung->source, true),
            name_of(rung->target, false), name_of(rung->target, true)};

        print_row(out, width, cells, rung->match ? "<->" : "X");
    }
}

/* Who has two leaves, and what the one is called that is not in the ladder. */
static void print_leaves(FILE *out, enum side side, const struct leaves *leaves)
{
    const bool calls = leaf_use_of(side) == LEAF_CLIENT;
    const struct chain *other = calls ? leaves->server : leaves->client;
    char name[4 * CERT_TEXT_MAX];

    if (!leaves_are_split(leaves))
        return;
    text_printable(name, sizeof(name), span_text(cert_issued_to(chain_leaf(other))));
    fprintf(out, "  The %s has two leaves: its %s leaf is above; it %s with '%s'.\n",
            side_name(side), calls ? "client" : "server", calls ? "serves" : "calls", name);
}

void view_pair_text(FILE *out, const struct pair_sides *sides, const struct ladder *ladder,
                    const struct report *findings, const struct tls_facts *facts,
                    bool paired)
{
    fprintf(out, "%s\n\n", paired ? "The two appliances can be paired." : verdict_refusal);
    print_ladders(out, ladder);
    print_leaves(out, SIDE_SOURCE, &sides->source);
    print_leaves(out, SIDE_TARGET, &sides->target);
    fputc('\n', out);
    if (facts != NULL)
        fprintf(out, "Connection: %s, %s, %s.\n", facts->version, facts->cipher,
                facts->group);
    view_text_report(out, findings);
}
