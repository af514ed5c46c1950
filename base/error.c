/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct message catalogue[MSG_COUNT] = {
    {"E_NONE", "", COULD_NOT, NULL, OME_NONE, "Nothing failed.", ""},
#define MSG(name, id, kind, rule, ome, text, remedy)                                       \
    {#name, id, kind, rule, ome, text, remedy},
#include "base/messages.def"
#undef MSG
};

/* Word for word from the products' own texts. */
#define CGEN1008_TEXT "Unable to process the request because an error occurred."
#define CGEN1008_DO                                                                        \
    "Retry the operation. If the issue persists, contact your system administrator."

static const struct ome_words ome_table[] = {
    [OME_CSR_KEY] = {"CGEN1008", "Invalid CSR key.", CGEN1008_TEXT, CGEN1008_DO},
    [OME_CHAIN] = {"CGEN1008", "Invalid certificate chain provided.", CGEN1008_TEXT,
                   CGEN1008_DO},
    [OME_EKU] = {"CGEN1008",
                 "No Client/Server authentication EKU present in leaf certificate.",
                 CGEN1008_TEXT, CGEN1008_DO},
    [OME_WEB_SERVER] = {"CGEN1008", "User Certificate is not a web server certificate.",
                        CGEN1008_TEXT, CGEN1008_DO},
    [OME_NAME] = {"CGEN6002", "DistinguishedName",
                  "Unable to complete the request because the input value for "
                  "DistinguishedName is missing or an invalid value is entered.",
                  "Enter a valid value and retry the operation."},
    [OME_FILE] = {"CSEC9002", NULL,
                  "Unable to upload the certificate because the certificate file provided "
                  "is invalid.",
                  "Make sure the CA certificate and private key are correct and retry the "
                  "operation."},
};

const struct message *message_of(enum msg msg)
{
    return &catalogue[msg < MSG_COUNT ? msg : E_NONE];
}

enum msg message_by_id(const char *id)
{
    for (size_t i = 1; i < MSG_COUNT; i++)
        if (strcmp(catalogue[i].id, id) == 0)
            return (enum msg)i;
    return E_NONE;
}

const struct ome_words *ome_words_of(enum ome ome)
{
    return ome == OME_NONE ? NULL : &ome_table[ome];
}

static void printf_like(3, 0)
    error_set(struct error *err, enum msg msg, const char *fmt, va_list args)
{
    *err = (struct error){.msg = msg};
    vsnprintf(err->about, sizeof(err->about), fmt, args);
}

/* In brackets, for scripts/analyze.h has a macro of this name. */
bool(fail)(struct error *err, enum msg msg, const char *fmt, ...)
{
    va_list args;

    if (err->msg != E_NONE)
        return false;
    va_start(args, fmt);
    error_set(err, msg, fmt, args);
    va_end(args);
    return false;
}

bool(fail_errno)(struct error *err, enum msg msg, const char *what)
{
    if (errno == EMFILE || errno == ENFILE)
        msg = E_NO_DESCRIPTOR;
    return fail(err, msg, "%s: %s", what, strerrordesc_np(errno));
}

bool fail_at(struct error *err, enum msg msg, size_t rung, const char *fmt, ...)
{
    va_list args;

    if (err->msg != E_NONE)
        return false;
    va_start(args, fmt);
    error_set(err, msg, fmt, args);
    va_end(args);
    err->has_rung = true;
    err->rung = (unsigned)rung;
    return false;
}

int error_exit_status(const struct error *err)
{
    if (err->msg == E_NONE)
        return 0;
    switch (message_of(err->msg)->kind) {
    case REFUSED:
        return 1;
    case COULD_NOT:
        return 2;
    case USAGE:
        return 64;
    }
    return 2;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};

    return names[severity];
}

const char *side_name(enum side side)
{
    static const char *const names[] = {"", "source", "target", "both"};

    return names[side];
}

void report_add(struct report *report, const struct error *finding)
{
    if (report->n == REPORT_MAX) {
        report->dropped++;
        return;
    }
    if (report->n == report->room) {
        report->room = report->room > 0 ? report->room * 2 : 8;
        report->item = mem_resize(report->item, report->room, sizeof(*report->item));
    }
    report->item[report->n++] = *finding;
}

size_t report_errors(const struct report *report)
{
    size_t errors = 0;

    for (size_t i = 0; i < report->n; i++)
        errors += report->item[i].severity == SEVERITY_ERROR;
    return errors + report->dropped;
}

const struct error *report_first_error(const struct report *report)
{
    assert(report->n > 0);
    for (size_t i = 0; i < report->n; i++)
        if (report->item[i].severity == SEVERITY_ERROR)
            return &report->item[i];
    return &report->item[0];
}

const struct error *report_find(const struct report *report, enum msg msg)
{
    for (size_t i = 0; i < report->n; i++)
        if (report->item[i].msg == msg)
            return &report->item[i];
    return NULL;
}

struct error *report_same(const struct report *report, const struct error *finding)
{
    for (size_t i = 0; i < report->n; i++) {
        struct error *told = &report->item[i];

        if (told->msg == finding->msg && told->side == finding->side &&
            told->has_rung == finding->has_rung && told->rung == finding->rung &&
            strcmp(told->about, finding->about) == 0)
            return told;
    }
    return NULL;
}

void report_clear(struct report *report)
{
    mem_free(report->item);
    *report = (struct report){0};
}
