/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/cases.h"

#include "base/fs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void stop(const char *name, const struct error *err)
{
    fprintf(stderr, "%s: %s: %s\n", name, message_of(err->msg)->text, err->about);
    exit(2);
}

void case_file(struct buf *out, const char *name)
{
    struct error err = {0};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), TEST_DATA "/chains/%s/chain.pem", name);
    *out = buf_upto(2 * CHAIN_FILE_MAX);
    if (!fs_read(out, path, &err))
        stop(name, &err);
}

void case_chain(struct chain *out, const char *name)
{
    scoped(buf_clear) struct buf file = {0};
    struct error err = {0};

    case_file(&file, name);
    if (!chain_parse(out, buf_span(&file), &err))
        stop(name, &err);
}

#define MESH 100

void case_mesh(struct chain *out)
{
    scoped(chain_clear) struct chain good = {0};
    struct error err = {0};

    case_chain(&good, "good-ec-under-root");
    for (size_t i = 0; i <= MESH; i++) {
        const struct cert *from = &good.cert[i > 0];

        if (!chain_add_der(out, buf_span(&from->der), &err))
            stop("good-ec-under-root", &err);
        out->cert[i].spki_sha256.byte[0] = (unsigned char)i;
    }
}
