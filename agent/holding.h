/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which appliance holds which sequence of which published list: each writes a signed record
 * of what it holds, its publisher keeps those it was brought (DIR/trust/holders/<key>.txt).
 */
#pragma once

#include "certs/published.h"

#define HOLDING_BYTES_MAX 8192
#define HOLDERS_MAX 1024

struct holding {
    char holder[CERT_TEXT_MAX];
    struct digest key; /* of its leaf */
    time_t at;
    struct {
        char list[LIST_ID_MAX];
        unsigned sequence;
    } item[PUBLISHED_LISTS_MAX + 1];
    size_t n;
};
struct holdings {
    struct holding *item; /* n of them, on the heap */
    size_t n;
};

must_check bool holding_print(struct buf *out, const struct holding *holding,
                              struct error *err);
must_check bool holding_parse(struct holding *out, struct span text, struct error *err);
/* The sequence it holds of a list; false when it holds none. */
bool holding_of(unsigned *sequence, const struct holding *holding, const char *list);
/* Keep a record; one older than that held is refused. */
must_check bool holding_keep(int state, const struct holding *holding, struct error *err);
must_check bool holdings_load(struct holdings *out, int state, struct error *err);
void holdings_clear(struct holdings *holdings);
