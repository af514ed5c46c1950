/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/narrow.h"

#include "base/span.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 100000
#define HANG 2

bool narrow_is(unsigned columns)
{
    return columns > 0 && columns < NARROW_COLUMNS;
}

unsigned narrow_ask(int fd)
{
    const char *columns = getenv("COLUMNS");
    struct winsize window = {0};
    struct error no_number = {0};
    uint64_t n = 0;

    if (columns != NULL && text_number(&n, columns, 1, COLUMNS_MAX, &no_number))
        return (unsigned)n;
    return ioctl(fd, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}

/* Bytes of `text` before the blank to fold at, all of them when it fits or has no such
 * blank. `from`: no blank before that counts. */
static size_t piece(struct span text, size_t from, size_t columns)
{
    size_t at = text.n, width = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == ' ' && i >= from && (width <= columns || at == text.n))
            at = i;
        width += (text.at[i] & 0xC0) != 0x80;
        if (width > columns && at < text.n)
            return at;
    }
    return text.n;
}

static size_t blanks(struct span text)
{
    size_t n = 0;

    while (n < text.n && text.at[n] == ' ')
        n++;
    return n;
}

/* Without the blanks at its end: a label's are there for what stands beside it. */
static void write_piece(FILE *out, struct span line, size_t n)
{
    while (n > 0 && line.at[n - 1] == ' ')
        n--;
    fwrite(line.at, 1, n, out);
}

static void fold(FILE *out, struct span line, size_t hang, size_t columns)
{
    size_t n = piece(line, hang, columns);

    write_piece(out, line, n);
    for (;;) {
        line = span_of(line.at + n, line.n - n);
        line = span_of(line.at + blanks(line), line.n - blanks(line));
        if (line.n == 0)
            break;
        n = piece(line, 1, columns > hang ? columns - hang : 1);
        fprintf(out, "\n%*s", (int)hang, "");
        write_piece(out, line, n);
    }
    fputc('\n', out);
}

void narrow_line(FILE *out, const char *line, size_t hang, unsigned columns)
{
    fold(out, span_text(line), hang, columns);
}

void narrow_text(FILE *out, const char *text, unsigned columns)
{
    while (*text != '\0') {
        const size_t n = strcspn(text, "\n");

        fold(out, span_of(text, n), strspn(text, " ") + HANG, columns);
        text += n + (text[n] == '\n');
    }
}

/* What is printed, in memory of its own; NULL where there is none to hold it. */
static char *printed(void (*print)(FILE *out, const void *what), const void *what)
{
    char *text = NULL;
    size_t n = 0;
    FILE *held = open_memstream(&text, &n);

    if (held == NULL)
        return NULL;
    print(held, what);
    if (fclose(held) == 0)
        return text;
    free(text);
    return NULL;
}

/* As it is also where there is no memory to hold it. */
void narrow_print(FILE *out, void (*print)(FILE *out, const void *what), const void *what,
                  unsigned columns)
{
    char *text = columns > 0 ? printed(print, what) : NULL;

    if (text != NULL)
        narrow_text(out, text, columns);
    else
        print(out, what);
    free(text);
}

static size_t widest(const char *text)
{
    size_t width = 0, most = 0;

    for (; *text != '\0'; text++) {
        width = *text == '\n' ? 0 : width + ((*text & 0xC0) != 0x80);
        most = width > most ? width : most;
    }
    return most;
}

bool narrow_exceeds(void (*print)(FILE *out, const void *what), const void *what,
                    unsigned columns)
{
    char *text = columns > 0 ? printed(print, what) : NULL;
    const bool exceeds = text != NULL && widest(text) > columns;

    free(text);
    return exceeds;
}
