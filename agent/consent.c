/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/consent.h"

#include "agent/clock.h"
#include "base/fs.h"
#include "base/text.h"
#include "pairing/approval.h"

#include <stdio.h>
#include <unistd.h>

#define CODE_FILE_MAX 256
#define EAGER_SECONDS 60 /* an operator at hand is not kept waiting */
#define EAGER_EVERY 2

static bool code_take(struct code *out, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(CODE_FILE_MAX);

    return fs_read(&file, path, err) && buf_terminate(&file, err) &&
           code_read(out, (const char *)file.at, err);
}

bool consent_read(struct consent *out, struct args *args, struct error *err)
{
    const bool wait = args_flag(args, "--wait");
    const char *code_file = NULL;

    if (!args_value(args, "--code-file", &code_file, err) ||
        !args_value(args, "--user", &out->user, err) ||
        !args_value(args, "--password-file", &out->password.file, err) ||
        !args_value(args, "--password-fd", &out->password.fd, err))
        return false;
    if ((code_file != NULL) + (out->user != NULL) + wait > 1)
        return fail(err, E_USAGE, "one of --code-file, --user and --wait");
    if (out->password.file != NULL && out->password.fd != NULL)
        return fail(err, E_USAGE, "--password-file and --password-fd");
    if (out->user == NULL && (out->password.file != NULL || out->password.fd != NULL))
        return fail(err, E_USAGE, "a password without --user");
    if (code_file != NULL && !code_take(&out->code, code_file, err))
        return false;
    out->kind = code_file != NULL   ? CONSENT_CODE
                : out->user != NULL ? CONSENT_PASSWORD
                : wait              ? CONSENT_WAIT
                                    : CONSENT_NONE;
    return true;
}

void consent_clear(struct consent *consent)
{
    code_clear(&consent->code);
}

/* Asked for only when it may be used. */
static bool by_password(const struct consent *consent, struct dial *dial,
                        const struct dial_request *request, struct grant *out,
                        struct error *err)
{
    scoped(buf_clear) struct buf password = {0};
    char prompt[256], host[128];

    text_printable(host, sizeof(host), span_text(dial->host));
    snprintf(prompt, sizeof(prompt), "Password of %s at %s", consent->user, host);
    return dial_may_use_password(dial, err) &&
           passphrase_take(&password, &consent->password, prompt, err) &&
           buf_terminate(&password, err) &&
           dial_authorize_password(dial, consent->user, (const char *)password.at, request,
                                   out, err);
}

static void tell_waiting(const struct dial *dial, const struct events *events)
{
    char code[APPROVAL_CODE_MAX];

    approval_code(code, &dial->pair);
    event_waiting(events, dial->host, cert_issued_to(chain_leaf(&dial->tls.facts.peer)),
                  code);
    if (!events->json)
        fprintf(
            stderr,
            "At the target: pairgate pairings; when it shows the same code there,\n"
            "  pairgate approve ID\n"
            "If it shows another, or none, stop here: what answers is not that target.\n");
}

/* Each question is the heartbeat that keeps the connection. */
static bool by_waiting(struct dial *dial, const struct dial_request *request,
                       const struct events *events, struct grant *out, struct error *err)
{
    const int64_t begun = clock_steady_ms();
    bool granted = false, told = false;

    for (;;) {
        if (!dial_authorize_wait(dial, request, &granted, out, err))
            return false;
        if (granted)
            return told || fail(err, E_GRANT_UNASKED, "its first answer was a grant");
        if (!told)
            tell_waiting(dial, events);
        told = true;
        sleep(clock_steady_ms() - begun < EAGER_SECONDS * 1000 ? EAGER_EVERY
                                                               : PAIRING_HEARTBEAT_SECONDS);
    }
}

bool consent_get(const struct consent *consent, struct dial *dial,
                 const struct dial_request *request, const struct events *events,
                 struct grant *out, struct error *err)
{
    switch (consent->kind) {
    case CONSENT_NONE:
        return fail(err, E_GRANT_UNKNOWN, "no code was given");
    case CONSENT_CODE:
        return dial_authorize_code(dial, &consent->code, request, out, err);
    case CONSENT_PASSWORD:
        return by_password(consent, dial, request, out, err);
    case CONSENT_WAIT:
        return by_waiting(dial, request, events, out, err);
    }
    return fail(err, E_GRANT_UNKNOWN, "no code was given");
}
