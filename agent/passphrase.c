/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/passphrase.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/sealed.h"
#include "pairing/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define FD_MAX 65535
#define ETX 3 /* Ctrl-C, which comes as a character while we ask */

bool passphrase_source_read(struct passphrase_source *out, struct args *args,
                            struct error *err)
{
    if (!args_value(args, "--passphrase-file", &out->file, err) ||
        !args_value(args, "--passphrase-fd", &out->fd, err))
        return false;
    return out->file == NULL || out->fd == NULL ||
           fail(err, E_USAGE, "--passphrase-file and --passphrase-fd");
}

/* Up to the end of the line; 8 bits, whatever they are. */
static bool read_line(struct buf *out, int fd, struct error *err)
{
    for (;;) {
        unsigned char c = 0;
        const ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, E_FILE_READ, "the passphrase");
        if (n == 0 || c == '\n' || c == '\r')
            break;
        if (c == ETX)
            return fail(err, E_PASSPHRASE_ABSENT, "broken off");
        if (!buf_add_byte(out, c, err))
            return false;
        mem_wipe(&c, 1);
    }
    return out->n > 0 || fail(err, E_PASSPHRASE_FORM, "it is empty");
}

static bool read_descriptor(struct buf *out, const char *text, struct error *err)
{
    uint64_t fd = 0;

    return text_number(&fd, text, 0, FD_MAX, err) && read_line(out, (int)fd, err);
}

static bool read_terminal(struct buf *out, const char *prompt, struct error *err)
{
    scoped(fd_close) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    bool good;

    if (tty < 0 || tcgetattr(tty, &before) != 0)
        return fail(err, E_PASSPHRASE_ABSENT, "and there is no terminal to ask on");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
        return fail_errno(err, E_PASSPHRASE_ABSENT, "the terminal");
    dprintf(tty, "%s: ", prompt);
    good = read_line(out, tty, err);
    tcsetattr(tty, TCSAFLUSH, &before);
    dprintf(tty, "\n");
    return good;
}

bool passphrase_take(struct buf *out, const struct passphrase_source *source,
                     const char *prompt, struct error *err)
{
    *out = buf_upto(PASSPHRASE_MAX);
    if (source->file != NULL)
        return passphrase_read(out, AT_FDCWD, source->file, err);
    if (source->fd != NULL)
        return read_descriptor(out, source->fd, err);
    return read_terminal(out, prompt, err);
}

bool passphrase_take_new(struct buf *out, const struct passphrase_source *source,
                         const char *name, struct error *err)
{
    scoped(buf_clear) struct buf again = {0};
    char prompt[ADMIN_NAME_MAX + 32];

    snprintf(prompt, sizeof(prompt), "New password of %s", name);
    if (!passphrase_take(out, source, prompt, err) || !buf_terminate(out, err) ||
        !admin_password_is_fit((const char *)out->at, err))
        return false;
    if (source->file != NULL || source->fd != NULL)
        return true;
    if (!passphrase_take(&again, source, "Once more", err))
        return false;
    return span_equal(buf_span(out), buf_span(&again)) ||
           fail(err, E_PASSWORD_FORM, "the two are not the same");
}

static bool take_for_key(struct buf *out, const struct passphrase_source *source,
                         const char *own, struct error *err)
{
    scoped(fd_close) int state = -1;
    bool on = false;

    if (source->file == NULL && source->fd == NULL && own != NULL)
        state = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state >= 0 && !sealed_is_on(&on, state, err))
        return false;
    if (!on)
        return passphrase_take(out, source, "Passphrase of the key", err);
    *out = buf_upto(PASSPHRASE_MAX);
    return sealed_passphrase(out, state, err);
}

bool passphrase_key(struct key *out, const char *path,
                    const struct passphrase_source *source, const char *own,
                    struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf passphrase = {0};

    if (!secret_is_private(AT_FDCWD, path, err) ||
        !fs_read_secret(&pem, AT_FDCWD, path, err))
        return false;
    if (!key_is_sealed(buf_span(&pem)))
        return key_from_pem(out, buf_span(&pem), err);
    return take_for_key(&passphrase, source, own, err) &&
           key_unseal(out, buf_span(&pem), buf_span(&passphrase), err);
}
