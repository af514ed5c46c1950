/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/holding.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOLDERS_DIR "trust/holders"
#define HOLDS "holds "
#define FILE_ROOM (DIGEST_HEX + 4)

bool holding_print(struct buf *out, const struct holding *holding, struct error *err)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, &holding->key);
    if (!buf_add_text(out, "pairgate-holding 1\n", err) ||
        !notes_add(out, "holder", holding->holder, err) ||
        !notes_add(out, "key", hex, err) || !notes_add_time(out, "at", holding->at, err))
        return false;
    for (size_t i = 0; i < holding->n; i++)
        if (!buf_print(out, err, HOLDS "%s %u\n", holding->item[i].list,
                       holding->item[i].sequence))
            return false;
    return true;
}

/* "LIST SEQUENCE" */
static bool read_item(struct holding *out, struct span line, struct error *err)
{
    char number[16];
    uint64_t sequence = 0;
    struct error why = {0};

    if (out->n == COUNT(out->item) || line.n < LIST_ID_MAX + 1 ||
        line.at[LIST_ID_MAX - 1] != ' ' ||
        !text_copy_span(number, sizeof(number), span_after(line, LIST_ID_MAX)) ||
        !text_number(&sequence, number, 0, UINT32_MAX, &why))
        return fail(err, E_PUBLISHED_FORM, "what it holds");
    (void)text_copy_span(out->item[out->n].list, LIST_ID_MAX,
                         span_head(line, LIST_ID_MAX - 1));
    out->item[out->n++].sequence = (unsigned)sequence;
    return true;
}

bool holding_parse(struct holding *out, struct span text, struct error *err)
{
    char hex[DIGEST_HEX];
    struct span line;
    unsigned form = 0;

    if (!notes_get_number(&form, text, "pairgate-holding") || form != 1 ||
        !notes_get(out->holder, sizeof(out->holder), text, "holder") ||
        !notes_get(hex, sizeof(hex), text, "key") || !digest_from_hex(&out->key, hex) ||
        !notes_get_time(&out->at, text, "at"))
        return fail(err, E_PUBLISHED_FORM, "it is no record of what an appliance holds");
    while (span_take_line(&text, &line))
        if (span_starts(line, HOLDS) &&
            !read_item(out, span_after(line, strlen(HOLDS)), err))
            return false;
    return true;
}

bool holding_of(unsigned *sequence, const struct holding *holding, const char *list)
{
    for (size_t i = 0; i < holding->n; i++) {
        if (!text_equal(holding->item[i].list, list))
            continue;
        *sequence = holding->item[i].sequence;
        return true;
    }
    return false;
}

void holdings_clear(struct holdings *holdings)
{
    mem_free(holdings->item);
    *holdings = (struct holdings){0};
}

static bool read_one(struct holdings *out, int dir, const char *file, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(HOLDING_BYTES_MAX);
    struct holding holding = {0};
    struct error why = {0};

    if (out->n == HOLDERS_MAX)
        return fail(err, E_PUBLISHED_FULL, "more than %d holders", HOLDERS_MAX);
    if (!fs_read_at(&text, dir, file, &why) ||
        !holding_parse(&holding, buf_span(&text), &why))
        return fail(err, E_PUBLISHED_FORM, HOLDERS_DIR "/%s: %s", file, why.about);
    out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
    out->item[out->n++] = holding;
    return true;
}

bool holdings_load(struct holdings *out, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, HOLDERS_DIR, 0);
    const struct dirent *row;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, HOLDERS_DIR);
    while ((row = dir_next(list)) != NULL)
        if (text_ends(row->d_name, ".txt") && !read_one(out, dirfd(list), row->d_name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, HOLDERS_DIR);
}

bool holding_keep(int state, const struct holding *holding, struct error *err)
{
    scoped(holdings_clear) struct holdings held = {0};
    scoped(buf_clear) struct buf text = buf_upto(HOLDING_BYTES_MAX);
    scoped(fd_close) int dir = -1;
    char hex[DIGEST_HEX], file[FILE_ROOM];

    if (!holdings_load(&held, state, err))
        return false;
    for (size_t i = 0; i < held.n; i++)
        if (digest_equal(&held.item[i].key, &holding->key) && held.item[i].at > holding->at)
            return fail(err, E_PUBLISHED_OLD, "the record of %s", holding->holder);
    digest_hex(hex, &holding->key);
    snprintf(file, sizeof(file), "%s.txt", hex);
    return holding_print(&text, holding, err) &&
           fs_make_dir(&dir, state, HOLDERS_DIR, 0700, err) &&
           fs_replace(dir, file, buf_span(&text), 0600, err);
}
