/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ca init, issue, show: the small built-in CA. The chain goes to standard output. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHAIN_PEM_MAX (2 * CHAIN_FILE_MAX)

/* A CA needs no identity, so its directory may hold nothing else. */
static bool open_ca(struct state *state, struct ca *ca, const char *dir, struct error *err)
{
    if (access(dir, F_OK) != 0 && errno == ENOENT)
        return fail(err, E_CA_MISSING, "%s does not exist", dir);
    return state_make(state, dir, err) && ca_load(ca, state->fd, err);
}

static void print_ca(const struct ca *ca)
{
    char hex[DIGEST_HEX];

    view_text_ladder(stdout, &ca->chain);
    digest_hex(hex, &chain_root(&ca->chain)->sha256);
    printf("\nRoot SHA-256 %s\n", hex);
}

/* Two CAs must not have the same name by accident (T-07). */
static bool default_name(char out[CERT_TEXT_MAX], struct error *err)
{
    unsigned char random[4];
    char hex[2 * sizeof(random) + 1];

    if (!random_fill(random, sizeof(random), err))
        return false;
    text_hex(hex, span_of(random, sizeof(random)));
    snprintf(out, CERT_TEXT_MAX, "pairgate CA %s", hex);
    return true;
}

static int run_init(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};
    struct ca_plan plan = {.now = call->now};
    const char *key = "ec";
    char name[CERT_TEXT_MAX];

    plan.intermediate = args_flag(&call->args, "--intermediate");
    if (!args_value(&call->args, "--name", &plan.name, err) ||
        !args_value(&call->args, "--key", &key, err) || !args_end(&call->args, err) ||
        !key_choice_named(&plan.key, key, err) ||
        (plan.name == NULL && !default_name(name, err)))
        return 0;
    if (plan.name == NULL)
        plan.name = name;
    if (!state_make(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !ca_init(state.fd, &plan, err) || !ca_load(&ca, state.fd, err))
        return 0;
    audit_note_cert(&state, AUDIT_CA, "init", chain_root(&ca.chain));
    if (call->json) {
        certs_json_ca(stdout, &ca);
        return 0;
    }
    printf("Made a CA in %s/" CA_DIR ".\n\n", call->state_dir);
    print_ca(&ca);
    if (plan.intermediate)
        printf("\nTake %s/" CA_DIR
               "/root-key.pem away to a safe place: issuing needs it no "
               "more.\n",
               call->state_dir);
    return 0;
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};

    if (!args_end(&call->args, err) || !open_ca(&state, &ca, call->state_dir, err))
        return 0;
    if (call->json)
        certs_json_ca(stdout, &ca);
    else
        print_ca(&ca);
    return 0;
}

struct issue_options {
    const char *request;
    const char *out; /* NULL: standard output */
    uint64_t days;
};

static bool read_options(struct issue_options *out, struct args *args, struct error *err)
{
    const char *days = NULL;

    if (!args_value(args, "--request", &out->request, err) ||
        !args_value(args, "--days", &days, err) ||
        !args_value(args, "--out", &out->out, err) || !args_end(args, err))
        return false;
    if (out->request == NULL)
        return fail(err, E_USAGE, "--request is missing");
    return days == NULL || text_number(&out->days, days, 1, CA_DAYS_MAX, err);
}

static bool issue(struct chain *out, struct report *report, struct call *call,
                  const struct issue_options *options, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};

    if (!fs_read(&pem, options->request, err) || !csr_parse(&csr, buf_span(&pem), err) ||
        !open_ca(&state, &ca, call->state_dir, err))
        return false;
    if (!ca_issue(out, &ca, &csr, (unsigned)options->days, call->now, report, err)) {
        audit_note(&state, AUDIT_CA, "refuse", csr.subject_text, "%s: %s",
                   message_of(err->msg)->id, err->about);
        return false;
    }
    audit_note_cert(&state, AUDIT_CA, "issue", chain_leaf(out));
    return true;
}

/* Replace FILE whole, wherever it lies. */
static bool write_out(const char *path, struct span pem, struct error *err)
{
    scoped(fd_close) int dir = -1;
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";

    if (slash != NULL &&
        !text_copy_span(parent, sizeof(parent),
                        span_of(path, slash == path ? 1 : (size_t)(slash - path))))
        return fail(err, E_FILE_WRITE, "the path is too long");
    return fs_open_dir(&dir, AT_FDCWD, parent, err) &&
           fs_replace(dir, slash != NULL ? slash + 1 : path, pem, 0644, err);
}

static void print_refusal(const struct call *call, const struct chain *chain,
                          const struct report *report)
{
    if (call->json) {
        certs_json_issued(stdout, chain, report, (struct span){0});
        return;
    }
    fprintf(stderr, "Not issued: pairgate itself would refuse this certificate.\n\n");
    view_text_report(stderr, report);
}

static int run_issue(struct call *call, struct error *err)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);
    struct issue_options options = {.days = CA_LEAF_DAYS};

    if (!read_options(&options, &call->args, err))
        return 0;
    if (!issue(&chain, &report, call, &options, err)) {
        if (err->msg != E_CA_REFUSES)
            return 0;
        *err = (struct error){0}; /* told with all its findings */
        print_refusal(call, &chain, &report);
        return 1;
    }
    if (!chain_to_pem(&pem, &chain, err) ||
        (options.out != NULL && !write_out(options.out, buf_span(&pem), err)))
        return 0;
    if (call->json) {
        certs_json_issued(stdout, &chain, &report,
                          options.out == NULL ? buf_span(&pem) : (struct span){0});
        return 0;
    }
    if (options.out == NULL)
        fwrite(pem.at, 1, pem.n, stdout);
    else
        printf("Wrote %zu certificates to %s.\n", chain.n, options.out);
    if (report.n > 0)
        view_text_report(stderr, &report);
    return 0;
}

const struct command commands_ca[] = {
    {"ca init", "[--name NAME] [--key KIND] [--intermediate]",
     "make a CA: a root, and with --intermediate one that issues below it", run_init},
    {"ca issue", "--request CSR [--days N] [--out FILE]",
     "sign a request; prints leaf, intermediates and root", run_issue},
    {"ca show", "", "the CA's own chain", run_show},
    {0},
};
