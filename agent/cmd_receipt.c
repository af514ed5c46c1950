/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts: shown, carried, and checked without any state. */
#include "agent/command.h"
#include "agent/events.h"
#include "agent/migration_view.h"
#include "agent/outfile.h"
#include "agent/receipt_check.h"
#include "agent/receipt_view.h"
#include "agent/subject.h"
#include "base/fs.h"
#include "certs/bundle.h"
#include "certs/leaves.h"

#include <stdio.h>

static bool load_outcome(struct outcome_file *out, struct call *call, struct error *err)
{
    scoped(subject_clear) struct subject subject = {0};
    const char *id = NULL;

    return args_need(&call->args, "ID", &id, err) && args_end(&call->args, err) &&
           subject_load(&subject, call, id, err) &&
           outcome_file_load(out, &subject.state.db, id, err);
}

static bool write_outcome(const char *path, const struct outcome_file *file,
                          struct error *err)
{
    scoped(buf_clear) struct buf json = buf_upto(OUTCOME_FILE_MAX);

    return outcome_file_write(&json, file, err) && buf_add_text(&json, "\n", err) &&
           outfile_write(path, buf_span(&json), 0644, err);
}

static int run_show(struct call *call, struct error *err)
{
    scoped(outcome_file_clear) struct outcome_file file = outcome_file_none();

    if (!load_outcome(&file, call, err))
        return 2;
    if (call->json)
        return write_outcome("-", &file, err) ? 0 : 2;
    return receipt_view_text(stdout, &file, err) ? 0 : 2;
}

static int run_export(struct call *call, struct error *err)
{
    scoped(outcome_file_clear) struct outcome_file file = outcome_file_none();
    const char *path = "-";

    if (!args_value(&call->args, "--out", &path, err))
        return 64;
    return load_outcome(&file, call, err) && write_outcome(path, &file, err) ? 0 : 2;
}

/* By what the receipts are judged. */
struct judges {
    struct chain anchors;
    struct chain target;
};

static void judges_clear(struct judges *judges)
{
    chain_clear(&judges->anchors);
    chain_clear(&judges->target);
}

static bool judges_read(struct judges *out, struct args *args, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(BUNDLE_FILE_MAX);
    scoped(report_clear) struct report notes = {0};
    scoped(chain_clear) struct chain given = {0}, client = {0}; /* it signs nothing */
    const char *trust = NULL, *target = NULL;

    if (!args_value(args, "--trust", &trust, err) ||
        !args_value(args, "--target", &target, err))
        return false;
    if (trust == NULL && target == NULL)
        return fail(err, E_USAGE,
                    "--trust ANCHORS.pem or --target CHAIN.pem is missing: whose signature "
                    "should it be?");
    if (trust != NULL && (!fs_read(&pem, trust, err) ||
                          !bundle_read(&out->anchors, buf_span(&pem), &notes, err)))
        return false;
    return target == NULL || (chain_load(&given, target, err) &&
                              leaves_part(&out->target, &client, &given, err));
}

static bool check_file(struct receipt_check *out, const struct judges *judges,
                       const char *path, struct error *err)
{
    scoped(outcome_file_clear) struct outcome_file file = outcome_file_none();
    scoped(buf_clear) struct buf text = buf_upto(OUTCOME_FILE_MAX);
    struct error why = {0};

    if (!fs_read(&text, path, err))
        return false;
    if (!outcome_file_read(&file, buf_span(&text), &why))
        return fail(err, why.msg, "%.200s: %.300s", path, why.about);
    if (file.kind != SIGNED_RECEIPT)
        return fail(err, E_STATEMENT_BAD, "%s has no receipt", path);
    receipt_check(out, &file, judges->anchors.n > 0 ? &judges->anchors : NULL,
                  judges->target.n > 0 ? chain_leaf(&judges->target) : NULL);
    return true;
}

/* Of several, each is the target's next one after the one before. */
static int run_verify(struct call *call, struct error *err)
{
    scoped(judges_clear) struct judges judges = {0};
    scoped(receipt_check_clear) struct receipt_check before = {0};
    const char *path = NULL;
    size_t refused = 0, n = 0;

    if (!judges_read(&judges, &call->args, err) ||
        !args_need(&call->args, "FILE", &path, err))
        return 64;
    for (; path != NULL; path = args_operand(&call->args), n++) {
        struct receipt_check check = {0};

        if (!check_file(&check, &judges, path, err)) {
            receipt_check_clear(&check);
            return 2;
        }
        if (n > 0)
            receipt_check_follows(&check, &before);
        receipt_view_check(stdout, &check, path, call->json);
        refused += report_errors(&check.findings) > 0;
        receipt_check_clear(&before);
        before = check;
    }
    return refused == 0 ? 0 : 1;
}

const struct command commands_receipt[] = {
    {"receipt show", "ID", "What a migration came to.", run_show},
    {"receipt export", "[--out FILE] ID",
     "The same with both signatures and chains, to be carried or kept.", run_export},
    {"receipt verify", "[--trust ANCHORS.pem] [--target CHAIN.pem] FILE...",
     "Check receipts without any state, by an anchor or by the target's certificate.",
     run_verify},
    {0},
};
