/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/pairs.h"

#include "base/fs.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_file(struct buf *out, const char *name, const char *file)
{
    struct error err = {0};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), TEST_DATA "/pairs/%s/%s", name, file);
    *out = buf_upto(CHAIN_FILE_MAX);
    if (fs_read(out, path, &err) && buf_terminate(out, &err))
        return;
    fprintf(stderr, "%s: %s\n", path, err.about);
    exit(2);
}

static void read_leaves(struct chain *server, struct chain *client, const char *name,
                        const char *file)
{
    scoped(buf_clear) struct buf pem = {0};
    scoped(chain_clear) struct chain given = {0};
    struct error err = {0};

    read_file(&pem, name, file);
    if (chain_parse(&given, buf_span(&pem), &err) &&
        leaves_part(server, client, &given, &err))
        return;
    fprintf(stderr, "%s/%s: %s\n", name, file, err.about);
    exit(2);
}

void pair_case_load(struct pair_case *out, const char *name)
{
    *out = (struct pair_case){0};
    read_leaves(&out->source_other, &out->source, name, "source.pem");
    if (out->source.n == 0) { /* one leaf: it is presented */
        out->source = out->source_other;
        out->source_other = (struct chain){0};
    }
    read_leaves(&out->target, &out->target_other, name, "target.pem");
    read_file(&out->expect, name, "expect");
    if (text_starts(name, "split-")) /* judged at noon alone */
        return;
    read_file(&out->clocks, name, "clocks");
}

struct leaves pair_case_leaves(const struct pair_case *given, enum side side)
{
    if (side == SIDE_TARGET)
        return leaves_two(&given->target, &given->target_other);
    return given->source_other.n == 0 ? leaves_one(&given->source)
                                      : leaves_two(&given->source_other, &given->source);
}

void pair_case_clear(struct pair_case *given)
{
    chain_clear(&given->source);
    chain_clear(&given->target);
    chain_clear(&given->source_other);
    chain_clear(&given->target_other);
    buf_clear(&given->expect);
    buf_clear(&given->clocks);
}

bool pair_case_expects(char out[TOLD_MAX], const struct buf *lines, const char *key)
{
    size_t n = strlen(key);
    const char *line = (const char *)lines->at;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        if (strncmp(line, key, n) == 0 && line[n] == ':')
            return text_copy_span(out, TOLD_MAX, span_of(line + n + 2, length - n - 2));
        line += length + (line[length] == '\n');
    }
    return false;
}

/* One rule of the report and the worst severity it has there. */
struct told {
    const char *rule;
    enum severity worst;
};

static int by_rule(const void *a, const void *b)
{
    return strcmp(((const struct told *)a)->rule, ((const struct told *)b)->rule);
}

void report_tell(char out[TOLD_MAX], const struct report *report)
{
    struct told told[64] = {0};
    size_t n = 0, at = 0;

    for (size_t i = 0; i < report->n; i++) {
        const char *rule = message_of(report->item[i].msg)->rule;
        size_t k = 0;

        while (k < n && !text_equal(told[k].rule, rule))
            k++;
        if (k == n && n < COUNT(told))
            told[n++] = (struct told){rule, SEVERITY_NOTE};
        if (k < n && report->item[i].severity < told[k].worst)
            told[k].worst = report->item[i].severity;
    }
    qsort(told, n, sizeof(told[0]), by_rule);
    (void)text_copy(out, TOLD_MAX, "-");
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, TOLD_MAX - at, "%s%s %s", at > 0 ? ", " : "",
                               told[i].rule, severity_name(told[i].worst));
}
