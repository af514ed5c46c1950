/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_pair.h"

#include "agent/narrow.h"
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

/* "LABEL  name", the name whole: it is what a certificate is known by. */
static void print_name(FILE *out, const char *label, const char *name, unsigned columns)
{
    char line[4 * CERT_TEXT_MAX + 32];
    const int n = snprintf(line, sizeof(line), "  %6s  ", label);

    text_printable(line + n, sizeof(line) - (size_t)n, span_text(name));
    narrow_line(out, line, (size_t)n, columns);
}

static void print_side(FILE *out, const char *label, const struct cert *cert,
                       unsigned columns)
{
    print_name(out, label, name_of(cert, false), columns);
    if (cert != NULL)
        print_name(out, "by", name_of(cert, true), columns);
}

/* Rung by rung, the source's above the target's. */
static void print_rungs(FILE *out, const struct ladder *ladder, unsigned columns)
{
    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *rung = &ladder->rung[i];

        fprintf(out, "  Rung %zu  %s\n", i, rung->match ? "<->" : "X");
        print_side(out, "SOURCE", rung->source, columns);
        print_side(out, "TARGET", rung->target, columns);
    }
}

/* What follows the ladders. */
static void print_rest(FILE *out, const void *what)
{
    const struct pair_view *view = what;
    const struct tls_facts *facts = view->facts;

    print_leaves(out, SIDE_SOURCE, &view->sides.source);
    print_leaves(out, SIDE_TARGET, &view->sides.target);
    fputc('\n', out);
    if (facts != NULL)
        fprintf(out, "Connection: %s, %s, %s.\n", facts->version, facts->cipher,
                facts->group);
    view_text_report(out, view->findings);
}

void view_pair_text(FILE *out, const struct pair_view *view, unsigned columns)
{
    const char *headline =
        view->paired ? "The two appliances can be paired." : verdict_refusal;

    if (!narrow_is(columns)) {
        fprintf(out, "%s\n\n", headline);
        print_ladders(out, view->ladder);
        print_rest(out, view);
        return;
    }
    narrow_line(out, headline, 0, columns);
    fputc('\n', out);
    print_rungs(out, view->ladder, columns);
    narrow_print(out, print_rest, view, columns);
}
