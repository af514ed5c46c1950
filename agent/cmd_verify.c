/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain verify, chain lint: neither needs a state or a network. */
#include "agent/command.h"
#include "agent/verify_json.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/bundle.h"
#include "certs/lint.h"
#include "certs/validate.h"

#include <stdio.h>

/* What the files hold. */
struct inputs {
    struct chain given;     /* LEAF: one is judged, the others may help */
    struct chain untrusted; /* those others and --untrusted */
    struct chain anchors;
    struct crls crls;
};

static void inputs_clear(struct inputs *inputs)
{
    chain_clear(&inputs->given);
    chain_clear(&inputs->untrusted);
    chain_clear(&inputs->anchors);
    crls_clear(&inputs->crls);
}

static bool add_untrusted(struct inputs *out, const struct chain *from, struct error *err)
{
    for (size_t i = 0; i < from->n; i++)
        if (!chain_add_der(&out->untrusted, buf_span(&from->cert[i].der), err))
            return false;
    return true;
}

static bool read_untrusted(struct inputs *out, const char *path, struct error *err)
{
    scoped(chain_clear) struct chain file = {0};

    return chain_load(&file, path, err) && add_untrusted(out, &file, err);
}

static bool read_anchors(struct inputs *out, const char *path, struct report *report,
                         struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(BUNDLE_FILE_MAX);

    return fs_read(&file, path, err) &&
           bundle_read(&out->anchors, buf_span(&file), report, err);
}

static bool read_lists(struct inputs *out, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(CRL_FILE_MAX);

    return fs_read(&file, path, err) && crls_parse(&out->crls, buf_span(&file), err);
}

/* The options that name files; each may be given several times. */
static bool read_files(struct inputs *out, struct args *args, struct report *report,
                       struct error *err)
{
    const char *path = NULL;

    while (args_next_value(args, "--trust", &path, err))
        if (!read_anchors(out, path, report, err))
            return false;
    while (args_next_value(args, "--untrusted", &path, err))
        if (!read_untrusted(out, path, err))
            return false;
    while (args_next_value(args, "--crl", &path, err))
        if (!read_lists(out, path, err))
            return false;
    return err->msg == E_NONE;
}

static bool read_question(struct question *out, struct call *call, const char **name,
                          const char **leaf, struct error *err)
{
    const char *at = NULL, *purpose = NULL;

    out->now = call->now;
    if (!args_value(&call->args, "--at", &at, err) ||
        !args_value(&call->args, "--purpose", &purpose, err) ||
        !args_value(&call->args, "--peer-name", name, err) ||
        (at != NULL && !text_time(&out->now, at, err)) ||
        (purpose != NULL && !purpose_named(&out->purpose, purpose, err)))
        return false;
    if (*name != NULL && (*name)[0] == '\0')
        return fail(err, E_USAGE, "--peer-name is empty");
    out->names = name;
    out->names_n = *name != NULL ? 1 : 0;
    return args_need(&call->args, "LEAF", leaf, err) && args_end(&call->args, err);
}

/* The first of a file; a PKCS#7 bag has no first, and its leaf is found. */
static const struct cert *leaf_of(const struct chain *given)
{
    struct chain_order order;

    if (!given->from_pkcs7)
        return chain_leaf(given);
    chain_lay_order(&order, given);
    return &given->cert[order.path[0]];
}

static bool prepare(struct inputs *out, struct question *question, struct call *call,
                    struct report *report, const char **name, struct error *err)
{
    const char *leaf = NULL;

    if (!read_files(out, &call->args, report, err) ||
        !read_question(question, call, name, &leaf, err))
        return false;
    if (out->anchors.n == 0)
        return fail(err, E_USAGE, "--trust is missing");
    if (!chain_load(&out->given, leaf, err) || !add_untrusted(out, &out->given, err))
        return false;
    question->leaf = leaf_of(&out->given);
    question->untrusted = &out->untrusted;
    question->anchors = &out->anchors;
    question->crls = out->crls.n > 0 ? &out->crls : NULL;
    return true;
}

static void print_answer(const struct answer *answer, const struct chain *path,
                         const struct report *report)
{
    const size_t errors = report_errors(report);

    if (answer->valid)
        printf("Valid: %zu certificate%s, up to the anchor %s.\n\n", path->n,
               path->n == 1 ? "" : "s", cert_issued_to(chain_root(path)));
    else
        printf("Refused: %zu error%s%s.\n\n", errors, errors == 1 ? "" : "s",
               answer->reached ? " on the best way to an anchor"
                               : "; no anchor is reached");
    view_text_ladder(stdout, path);
    printf("\n");
    view_text_report(stdout, report);
}

static int run_verify(struct call *call, struct error *err)
{
    scoped(inputs_clear) struct inputs inputs = {0};
    scoped(report_clear) struct report report = {0};
    scoped(chain_clear) struct chain path = {0};
    struct question question = {0};
    struct answer answer = {0};
    const char *name = NULL;

    if (!prepare(&inputs, &question, call, &report, &name, err))
        return 0;
    validate(&answer, &question, &report);
    for (size_t i = 0; i < answer.path.n; i++)
        if (!chain_add_der(&path, buf_span(&answer.path.cert[i]->der), err))
            return 0;
    if (call->json)
        verify_json_print(stdout, answer.valid, &path, &report);
    else
        print_answer(&answer, &path, &report);
    return answer.valid ? 0 : 1;
}

static int run_lint(struct call *call, struct error *err)
{
    scoped(report_clear) struct report report = {0};
    scoped(chain_clear) struct chain chain = {0};
    const char *path = NULL;

    if (!args_need(&call->args, "FILE", &path, err) || !args_end(&call->args, err) ||
        !chain_load(&chain, path, err))
        return 0;
    lint_judge(&report, &chain);
    if (call->json)
        verify_json_lint(stdout, &report);
    else
        view_text_report(stdout, &report);
    return 0;
}

const struct command commands_verify[] = {
    {"chain verify",
     "--trust F [--untrusted F] [--peer-name N] [--purpose server|client] [--crl F] "
     "[--at T] LEAF",
     "find a way from a certificate to an anchor and judge it", run_verify},
    {"chain lint", "FILE", "advice about a chain that is no rule", run_lint},
    {0},
};
