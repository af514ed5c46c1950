/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passphrases that people give: by file, by descriptor, or on the terminal; never as a word
 * of the command line. */
#pragma once

#include "agent/args.h"
#include "base/buf.h"
#include "certs/key.h"

#define PASSPHRASE_WORDS "[--passphrase-file F | --passphrase-fd N]"
struct passphrase_source {
    const char *file; /* --passphrase-file */
    const char *fd;   /* --passphrase-fd */
};
must_check bool passphrase_source_read(struct passphrase_source *out, struct args *args,
                                       struct error *err);
/* The first line of it; with neither, asked for on the terminal without echo. */
must_check bool passphrase_take(struct buf *out, const struct passphrase_source *source,
                                const char *prompt, struct error *err);
/* An administrator's new password, fit to be one and with a NUL behind it: E_PASSWORD_FORM.
 * Twice on a terminal, which shows nothing of it; once from a file or a descriptor. */
must_check bool passphrase_take_new(struct buf *out, const struct passphrase_source *source,
                                    const char *name, struct error *err);
/*
 * The key in a file, which is refused when others can read it. An encrypted one is opened
 * with what `source` names; when that is nothing, with the passphrase of the state
 * directory `own`, or when that has none (or is NULL) with what is typed.
 */
must_check bool passphrase_key(struct key *out, const char *path,
                               const struct passphrase_source *source, const char *own,
                               struct error *err);
