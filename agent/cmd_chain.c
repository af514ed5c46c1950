/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain check, upload, show, undo; certificate upload. */
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/upload.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <stdio.h>

#define READ_BEYOND 131072 /* more than fs_read takes at a time */

struct options {
    struct upload_wish wish;
    const char *file;
    const char *request; /* chain check: a CSR file */
};

static bool read_options(struct options *out, struct call *call, struct error *err)
{
    const char *policy = NULL, *at = NULL;

    out->wish.now = call->now;
    return args_value(&call->args, "--policy", &policy, err) &&
           args_value(&call->args, "--at", &at, err) &&
           (policy == NULL || policy_named(&out->wish.policy, policy, err)) &&
           (at == NULL || text_time(&out->wish.now, at, err)) &&
           args_need(&call->args, "FILE", &out->file, err) && args_end(&call->args, err);
}

/* A file beyond the ceiling is for the rules to refuse: what goes beyond is enough. */
static bool read_file(struct buf *out, const char *path, struct error *err)
{
    struct error why = {0};

    *out = buf_upto(CHAIN_FILE_MAX + READ_BEYOND);
    if (fs_read(out, path, &why) || (why.msg == E_TOO_LARGE && out->n > CHAIN_FILE_MAX))
        return true;
    *err = why;
    return false;
}

static void print_judgement(const struct upload *upload)
{
    size_t errors = report_errors(&upload->report);

    if (upload->accepted)
        printf("Accepted under policy %s: %zu certificate%s.\n",
               policy_name(upload->policy), upload->given.n,
               upload->given.n == 1 ? "" : "s");
    else
        printf("Refused under policy %s: %zu error%s.\n", policy_name(upload->policy),
               errors, errors == 1 ? "" : "s");
    printf("\n");
    if (upload->sorted.n > 0) {
        view_text_ladder(stdout, &upload->sorted);
        printf("\n");
    }
    view_text_report(stdout, &upload->report);
}

static bool check(struct upload *upload, const struct options *options, struct error *err)
{
    scoped(buf_clear) struct buf file = {0};
    scoped(buf_clear) struct buf request = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};
    struct upload_keys keys = {.spki = &csr.spki, .n = 1};

    if (!read_file(&file, options->file, err))
        return false;
    if (options->request != NULL && (!fs_read(&request, options->request, err) ||
                                     !csr_parse(&csr, buf_span(&request), err)))
        return false;
    return upload_judge(upload, buf_span(&file), &options->wish,
                        options->request != NULL ? &keys : NULL, err);
}

static int run_check(struct call *call, struct error *err)
{
    scoped(upload_clear) struct upload upload = {0};
    struct options options = {.wish.occasion = OCCASION_UPLOAD};

    if (!args_value(&call->args, "--request", &options.request, err) ||
        !read_options(&options, call, err) || !check(&upload, &options, err))
        return 0;
    if (call->json)
        certs_json_check(stdout, &upload);
    else
        print_judgement(&upload);
    return upload.accepted ? 0 : 1;
}

static void print_installed(const struct upload *upload, const struct digest *anchor)
{
    char hex[DIGEST_HEX];

    printf("\n");
    if (upload->unchanged) {
        printf("It is what this appliance uses already; nothing has changed.\n");
        return;
    }
    printf("Installed as identity %u", upload->number);
    if (upload->request[0] != '\0')
        printf(", in answer to request %s", upload->request);
    printf(".\n");
    if (anchor != NULL) {
        digest_hex(hex, anchor);
        printf("Its root is now a trust anchor: %s, SHA-256 %s\n",
               cert_issued_to(chain_root(&upload->sorted)), hex);
    }
    printf("To go back: pairgate chain undo\n");
}

static bool upload_file(struct upload *upload, struct call *call,
                        const struct options *options, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(buf_clear) struct buf file = {0};

    return read_file(&file, options->file, err) &&
           state_open(&state, call->state_dir, err) && state_lock(&state, err) &&
           upload_install(upload, &state, buf_span(&file), &options->wish, err);
}

static int run_upload_as(struct call *call, enum occasion occasion, struct error *err)
{
    scoped(upload_clear) struct upload upload = {0};
    struct options options = {.wish.occasion = occasion};
    const struct digest *anchor = NULL;

    if (occasion == OCCASION_UPLOAD)
        options.wish.confirm_anchor = args_flag(&call->args, "--confirm-anchor");
    if (!read_options(&options, call, err) || !upload_file(&upload, call, &options, err))
        return 0;
    if (upload.accepted && occasion == OCCASION_UPLOAD)
        anchor = &chain_root(&upload.sorted)->sha256;
    if (call->json) {
        certs_json_upload(stdout, &upload, anchor);
        return upload.accepted ? 0 : 1;
    }
    print_judgement(&upload);
    if (upload.accepted)
        print_installed(&upload, anchor);
    else
        printf("\nNothing has changed.\n");
    return upload.accepted ? 0 : 1;
}

static int run_upload(struct call *call, struct error *err)
{
    return run_upload_as(call, OCCASION_UPLOAD, err);
}

static int run_upload_single(struct call *call, struct error *err)
{
    return run_upload_as(call, OCCASION_SINGLE, err);
}

/* O-13: the ladder as the two columns of the document. */
static void print_two_columns(const struct chain *chain)
{
    printf("%-40s %s\n", "Issued To", "Issued By");
    for (size_t i = 0; i < chain->n; i++)
        printf("%-40s %s\n", cert_issued_to(&chain->cert[i]),
               cert_issued_by(&chain->cert[i]));
}

static void print_chain(const struct identity *identity)
{
    printf("Identity %u (%s)\n\n", identity->number,
           identity_origin_name(identity->origin));
    view_text_ladder(stdout, &identity->chain);
    printf("\n");
    for (size_t i = 0; i < identity->chain.n; i++) {
        char hex[DIGEST_HEX];

        digest_hex(hex, &identity->chain.cert[i].sha256);
        printf("Rung %zu  SHA-256 %s\n", i, hex);
    }
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};
    const bool ladder = args_flag(&call->args, "--ladder");

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !identity_load(&identity, state.fd, false, err))
        return 0;
    if (call->json)
        certs_json_identity(stdout, &identity);
    else if (ladder)
        print_two_columns(&identity.chain);
    else
        print_chain(&identity);
    return 0;
}

static int run_undo(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity left = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct error damaged = {0}; /* going back is also the way out of a damaged one */
    bool with_anchor;

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err))
        return 0;
    with_anchor =
        identity_load(&left, state.fd, false, &damaged) && left.origin == IDENTITY_CHAIN;
    if (!identity_restore(state.fd, 0, err) ||
        !identity_load(&identity, state.fd, false, err))
        return 0;
    if (call->json) {
        certs_json_identity(stdout, &identity);
        return 0;
    }
    printf("Back to identity %u (%s): %s.\n", identity.number,
           identity_origin_name(identity.origin),
           cert_issued_to(chain_leaf(&identity.chain)));
    if (with_anchor)
        printf("The anchor that the chain had brought went with it: %s.\n",
               cert_issued_to(chain_root(&left.chain)));
    return 0;
}

const struct command commands_chain[] = {
    {"chain check", "[--request CSR] [--policy P] [--at T] FILE",
     "judge a chain file; needs no state and no network", run_check},
    {"chain upload", "[--policy P] [--at T] [--confirm-anchor] FILE",
     "make it this appliance's chain; its root becomes an anchor", run_upload},
    {"chain show", "[--ladder]",
     "the chain in use; --ladder: Issued To and Issued By alone", run_show},
    {"chain undo", "", "go back to the identity before the last upload", run_undo},
    {"certificate upload", "[--policy P] [--at T] FILE",
     "make it this appliance's single server certificate, without a chain",
     run_upload_single},
    {0},
};
