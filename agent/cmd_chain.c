/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain check, upload; certificate upload; the rows of chain show and undo. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/chain_commands.h"
#include "agent/command.h"
#include "agent/upload.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <stdio.h>

#define READ_BEYOND 131072 /* more than fs_read takes at a time */

#define FILES_MAX 16 /* of one upload */

struct options {
    struct upload_wish wish;
    struct change_wish change;
    const char *file[FILES_MAX]; /* files of them */
    size_t files;
    const char *request; /* chain check: a CSR file */
};

struct files {
    struct buf text[FILES_MAX];
    struct span more[FILES_MAX];
};

static void files_clear(struct files *files)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        buf_clear(&files->text[i]);
}

static bool read_options(struct options *out, struct call *call, struct error *err)
{
    const char *policy = NULL, *at = NULL, *file = NULL;

    out->wish.now = out->wish.made = call->now;
    if (!args_value(&call->args, "--policy", &policy, err) ||
        !args_value(&call->args, "--at", &at, err) ||
        (policy != NULL && !policy_named(&out->wish.policy, policy, err)) ||
        (at != NULL && !text_time(&out->wish.now, at, err)) ||
        !args_need(&call->args, "FILE", &out->file[out->files++], err))
        return false;
    out->wish.deadline = out->change.deadline;
    while ((file = args_operand(&call->args)) != NULL) {
        if (out->files == FILES_MAX)
            return fail(err, E_USAGE, "more than %d files", FILES_MAX);
        out->file[out->files++] = file;
    }
    return args_end(&call->args, err);
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

/* `wish` is given what it borrows of the files. */
static bool read_files(struct files *out, struct upload_wish *wish,
                       const struct options *options, struct error *err)
{
    for (size_t i = 0; i < options->files; i++) {
        if (!read_file(&out->text[i], options->file[i], err))
            return false;
        out->more[i] = buf_span(&out->text[i]);
    }
    wish->more = &out->more[1];
    wish->name = options->file;
    wish->mores = options->files - 1;
    return true;
}

static void print_judgement(const struct upload *upload)
{
    const struct leaves leaves = upload_leaves(upload);
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
        view_text_leaves(stdout, &leaves);
        printf("\n");
    }
    view_text_report(stdout, &upload->report);
}

static bool check(struct upload *upload, const struct options *options, struct error *err)
{
    scoped(files_clear) struct files files = {0};
    struct upload_wish wish = options->wish;
    scoped(buf_clear) struct buf request = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};
    struct upload_keys keys = {.spki = &csr.spki, .n = 1};

    if (!read_files(&files, &wish, options, err))
        return false;
    if (options->request != NULL && (!fs_read(&request, options->request, err) ||
                                     !csr_parse(&csr, buf_span(&request), err)))
        return false;
    return upload_judge(upload, files.more[0], &wish,
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

static void print_answer(const struct upload_answer *answer)
{
    char requested[TIME_TEXT_MAX];

    if (answer->request[0] == '\0')
        return;
    text_show_time(requested, answer->requested);
    printf("; it answers the request of %s (%s, for %s)", requested, answer->request,
           answer->purpose);
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
    print_answer(&upload->answer);
    print_answer(&upload->client_answer);
    printf(".\n");
    if (anchor != NULL) {
        digest_hex(hex, anchor);
        printf("Its root is now a trust anchor: %s, SHA-256 %s\n",
               cert_issued_to(chain_root(&upload->sorted)), hex);
    }
    printf("To go back: pairgate chain undo\n");
}

/* Requests that cannot be read are passed over, and told. */
static void tell_damages(const struct state *state)
{
    scoped(ledger_clear) struct ledger ledger = {0};
    struct error err = {0};

    if (!ledger_load(&ledger, state->fd, &err))
        return;
    for (size_t i = 0; i < ledger.damages; i++)
        view_text_finding(stderr, &ledger.damaged[i].why);
}

static bool upload_files(struct upload *upload, struct state *state, struct call *call,
                         struct options *options, struct error *err)
{
    scoped(files_clear) struct files files = {0};
    struct upload_wish wish = options->wish;
    const bool single = options->wish.occasion == OCCASION_SINGLE;
    bool good;

    if (!read_files(&files, &wish, options, err) ||
        !state_open(state, call->state_dir, err) || !state_lock(state, err) ||
        !changes_prepare(&options->change, state, err))
        return false;
    tell_damages(state);
    good = upload_install(upload, state, files.more[0], &wish, err);
    audit_note_upload(state, single ? "certificate-upload" : "chain-upload", upload, err);
    return good;
}

/* What follows from an upload that was made. */
static bool tell_upload(const struct upload *upload, struct state *state,
                        const struct options *options, bool json, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(changes_clear) struct change_facts facts = {0};
    const struct digest *anchor = NULL;

    if (options->wish.occasion == OCCASION_UPLOAD)
        anchor = &chain_root(&upload->sorted)->sha256;
    if (!identity_load(&identity, state->fd, false, err) ||
        !changes_facts(&facts, &options->change, state, &identity, err))
        return false;
    if (json) {
        certs_json_upload(stdout, upload, anchor, &facts);
    } else {
        print_judgement(upload);
        print_installed(upload, anchor);
    }
    return upload->unchanged || changes_finish(&facts, &options->change, state, json, err);
}

/* What only a chain can have. */
static bool read_kind(struct upload_wish *out, struct call *call, struct error *err)
{
    bool server, client;

    if (out->occasion != OCCASION_UPLOAD)
        return true;
    out->confirm_anchor = args_flag(&call->args, "--confirm-anchor");
    server = args_flag(&call->args, "--server");
    client = args_flag(&call->args, "--client");
    if (server && client)
        return fail(err, E_USAGE, "--server and --client: without them it is both");
    out->renews = server ? LEAF_SERVER : client ? LEAF_CLIENT : LEAF_BOTH;
    return true;
}

static int run_upload_as(struct call *call, enum occasion occasion, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(upload_clear) struct upload upload = {0};
    struct options options = {.wish.occasion = occasion};

    if (!read_kind(&options.wish, call, err) || !changes_read(&options.change, call, err) ||
        !read_options(&options, call, err) ||
        !upload_files(&upload, &state, call, &options, err))
        return 0;
    if (upload.accepted)
        return tell_upload(&upload, &state, &options, call->json, err) ? 0 : 2;
    if (call->json) {
        certs_json_upload(stdout, &upload, NULL, NULL);
        return 1;
    }
    print_judgement(&upload);
    printf("\nNothing has changed.\n");
    return 1;
}

static int run_upload(struct call *call, struct error *err)
{
    return run_upload_as(call, OCCASION_UPLOAD, err);
}

static int run_upload_single(struct call *call, struct error *err)
{
    return run_upload_as(call, OCCASION_SINGLE, err);
}

const struct command commands_chain[] = {
    {"chain check", "[--request CSR] [--policy P] [--at T] FILE…",
     "judge a chain file; needs no state and no network", run_check},
    {"chain upload",
     "[--policy P] [--at T] [--confirm-anchor] [--server | --client] " CHANGE_OPTIONS
     " FILE…",
     "make it this appliance's chain; its root becomes an anchor", run_upload},
    {"chain show", "[--ladder]",
     "the chain in use; --ladder: Issued To and Issued By alone", chain_run_show},
    {"chain undo", CHANGE_OPTIONS, "go back to the identity before the last upload",
     chain_run_undo},
    {"certificate upload", "[--policy P] [--at T] " CHANGE_OPTIONS " FILE",
     "make it this appliance's single server certificate, without a chain",
     run_upload_single},
    {0},
};
