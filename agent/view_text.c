/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_text.h"

#include "agent/narrow.h"
#include "base/text.h"

#include <string.h>

#define HANG 4      /* columns before what goes on of a folded fact */
#define CELL_MAX 48 /* columns of a name in a ladder; a longer one gets "..." */

/* One printable line of text from wherever. */
static void print_line(FILE *out, const char *before, const char *text)
{
    char plain[4 * ABOUT_MAX];

    text_printable(plain, sizeof(plain), span_text(text));
    fprintf(out, "%s%s\n", before, plain);
}

static void print_place(FILE *out, const struct error *finding)
{
    if (finding->side != SIDE_NONE)
        fprintf(out, ", %s", side_name(finding->side));
    if (!finding->has_rung)
        return;
    if (finding->rung == 0)
        fprintf(out, ", rung 0 (leaf)");
    else
        fprintf(out, ", rung %u", finding->rung);
}

void view_text_failure(FILE *out, const struct error *err)
{
    const struct message *message = message_of(err->msg);

    fprintf(out, "pairgate: %s", message->id);
    print_place(out, err);
    fprintf(out, ": %s\n", message->text);
    if (err->about[0] != '\0')
        print_line(out, "  ", err->about);
    print_line(out, "  Remedy: ", message->remedy);
}

void view_text_finding(FILE *out, const struct error *finding)
{
    const struct message *message = message_of(finding->msg);

    fprintf(out, "%s: %s", severity_name(finding->severity), message->id);
    if (message->rule != NULL)
        fprintf(out, " %s", message->rule);
    print_place(out, finding);
    fprintf(out, "\n  %s\n", message->text);
    if (finding->about[0] != '\0')
        print_line(out, "  ", finding->about);
    print_line(out, "  Remedy: ", message->remedy);
}

void view_text_report(FILE *out, const struct report *report)
{
    static const enum severity order[] = {SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE};

    for (size_t k = 0; k < COUNT(order); k++)
        for (size_t i = 0; i < report->n; i++)
            if (report->item[i].severity == order[k])
                view_text_finding(out, &report->item[i]);
    if (report->n == 0)
        fprintf(out, "No findings.\n");
    if (report->dropped > 0)
        fprintf(out, "… and %zu more findings.\n", report->dropped);
}

/* Code points, which is what a column shows of printable text. */
static size_t columns_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        if (((unsigned char)*text & 0xc0) != 0x80)
            n++;
    return n;
}

static void print_padded(FILE *out, const char *text, size_t width)
{
    const size_t n = columns_of(text);

    fprintf(out, "%s%*s", text, n < width ? (int)(width - n) : 0, "");
}

static void cell(char out[CELL_MAX + 1], const char *name)
{
    text_printable(out, CELL_MAX + 1, span_text(name));
}

static size_t wider(size_t width, const char *name)
{
    char text[CELL_MAX + 1];

    cell(text, name);
    return columns_of(text) > width ? columns_of(text) : width;
}

static void show_cert_time(char out[TIME_TEXT_MAX], const struct cert_time *time)
{
    if (time->form == FORM_BAD)
        (void)text_copy(out, TIME_TEXT_MAX, "not a time");
    else
        text_show_time(out, time->at);
}

static void print_time(FILE *out, const struct cert_time *time)
{
    char text[TIME_TEXT_MAX];

    show_cert_time(text, time);
    print_padded(out, text, TIME_TEXT_MAX - 2);
}

static void print_rung(FILE *out, size_t rung, const struct cert *cert,
                       const size_t width[2], const char *use)
{
    char to[CELL_MAX + 1], by[CELL_MAX + 1];

    cell(to, cert_issued_to(cert));
    cell(by, cert_issued_by(cert));
    fprintf(out, "%4zu  ", rung);
    print_padded(out, to, width[0]);
    fprintf(out, "  ");
    print_padded(out, by, width[1]);
    fprintf(out, "  ");
    print_time(out, &cert->not_before);
    print_time(out, &cert->not_after);
    fprintf(out, "%s%s\n", cert_key_name(cert), use);
}

static void widen(size_t width[2], const struct cert *cert)
{
    width[0] = wider(width[0], cert_issued_to(cert));
    width[1] = wider(width[1], cert_issued_by(cert));
}

void view_text_leaves(FILE *out, const struct leaves *leaves)
{
    const struct chain *chain = leaves->server;
    const bool split = leaves_are_split(leaves);
    size_t width[2] = {strlen("Issued To"), strlen("Issued By")};

    for (size_t i = 0; i < chain->n; i++)
        widen(width, &chain->cert[i]);
    if (split)
        widen(width, chain_leaf(leaves->client));
    fprintf(out, "Rung  ");
    print_padded(out, "Issued To", width[0]);
    fprintf(out, "  ");
    print_padded(out, "Issued By", width[1]);
    fprintf(out, "  ");
    print_padded(out, "Valid from", TIME_TEXT_MAX - 2);
    print_padded(out, "Valid until", TIME_TEXT_MAX - 2);
    fprintf(out, "Key\n");
    for (size_t i = 0; i < chain->n; i++) {
        print_rung(out, i, &chain->cert[i], width, split && i == 0 ? ", server" : "");
        if (split && i == 0)
            print_rung(out, 0, chain_leaf(leaves->client), width, ", client");
    }
}

/* "  Issued To: NAME", whole. */
static void print_fact(FILE *out, const char *label, const char *fact, unsigned columns)
{
    char line[4 * CERT_TEXT_MAX + 32];
    const int n = snprintf(line, sizeof(line), "  %s: ", label);

    text_printable(line + n, sizeof(line) - (size_t)n, span_text(fact));
    narrow_line(out, line, HANG, columns);
}

static void print_names(FILE *out, const struct cert *cert, unsigned columns)
{
    print_fact(out, "Issued To", cert_issued_to(cert), columns);
    print_fact(out, "Issued By", cert_issued_by(cert), columns);
}

static void print_rung_below(FILE *out, size_t rung, const struct cert *cert,
                             const char *use, unsigned columns)
{
    char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX], hex[DIGEST_HEX];

    show_cert_time(from, &cert->not_before);
    show_cert_time(until, &cert->not_after);
    digest_hex(hex, &cert->sha256);
    fprintf(out, "Rung %zu%s\n", rung, use);
    print_names(out, cert, columns);
    print_fact(out, "Valid from", from, columns);
    print_fact(out, "Valid until", until, columns);
    print_fact(out, "Key", cert_key_name(cert), columns);
    print_fact(out, "SHA-256", hex, columns);
}

void view_text_rungs(FILE *out, const struct leaves *leaves, bool names_alone,
                     unsigned columns)
{
    const struct chain *chain = leaves->server;
    const bool split = leaves_are_split(leaves);

    if (split && names_alone)
        print_names(out, chain_leaf(leaves->client), columns);
    for (size_t i = 0; i < chain->n; i++) {
        if (names_alone)
            print_names(out, &chain->cert[i], columns);
        else
            print_rung_below(out, i, &chain->cert[i], split && i == 0 ? ", server" : "",
                             columns);
        if (split && i == 0 && !names_alone)
            print_rung_below(out, 0, chain_leaf(leaves->client), ", client", columns);
    }
}

void view_text_ladder(FILE *out, const struct chain *chain)
{
    const struct leaves leaves = leaves_one(chain);

    view_text_leaves(out, &leaves);
}
