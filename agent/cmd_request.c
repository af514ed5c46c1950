/* SPDX-License-Identifier: GPL-3.0-or-later */
/* request new, list, show, drop, diff, profiles. The PEM alone goes to standard output. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <stdio.h>

struct wish {
    struct csr_wish csr;
    const char *san[CSR_SAN_MAX];
    enum key_choice key;
    bool overwrite, no_san;
};

static bool read_subject(struct csr_wish *out, struct args *args, struct error *err)
{
    return args_value(args, "--cn", &out->common_name, err) &&
           args_value(args, "--c", &out->country, err) &&
           args_value(args, "--st", &out->state, err) &&
           args_value(args, "--l", &out->locality, err) &&
           args_value(args, "--o", &out->organization, err) &&
           args_value(args, "--ou", &out->unit, err) &&
           args_value(args, "--email", &out->email, err);
}

static bool read_wish(struct wish *out, struct args *args, struct error *err)
{
    const char *purpose = "migration", *key = NULL, *san = NULL;
    const bool several = args_flag(args, "--multi-server");

    out->overwrite = args_flag(args, "--overwrite");
    out->no_san = args_flag(args, "--no-san");
    if (!args_value(args, "--purpose", &purpose, err) ||
        !args_value(args, "--key", &key, err) || !read_subject(&out->csr, args, err))
        return false;
    while (args_next_value(args, "--san", &san, err)) {
        if (out->csr.sans == CSR_SAN_MAX)
            return fail(err, E_CSR_SAN, "more than %d of them", CSR_SAN_MAX);
        out->san[out->csr.sans++] = san;
    }
    out->csr.san = out->san;
    if (err->msg != E_NONE || !args_end(args, err) ||
        !csr_profile_named(&out->csr.profile, purpose, err))
        return false;
    if (several && !out->csr.profile->multi_server)
        return fail(err, E_CSR_MULTI_SERVER, "%s", purpose);
    out->key = out->csr.profile->key;
    return key == NULL || key_choice_named(&out->key, key, err);
}

/* Without --cn the name of the identity; without --san that same name, or none. */
static void fill_in(struct wish *wish, const struct identity *identity)
{
    if (wish->csr.common_name == NULL)
        wish->csr.common_name = chain_leaf(&identity->chain)->cn;
    if (wish->csr.sans == 0 && !wish->no_san)
        wish->san[wish->csr.sans++] = wish->csr.common_name;
}

static bool make_request(char id[LEDGER_ID_MAX], const struct state *state,
                         const struct wish *wish, time_t now, struct error *err)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);

    return key_make(&key, wish->key, err) && csr_make(&pem, &wish->csr, &key, err) &&
           ledger_add(id, state->fd, &key, buf_span(&pem), wish->csr.profile->name, now,
                      err);
}

static void print_pem(struct span pem)
{
    fwrite(pem.at, 1, pem.n, stdout);
}

static void explain(const struct pending *pending, const struct state *state)
{
    const struct csr *request = &pending->request;
    char created[TIME_TEXT_MAX];

    text_show_time(created, pending->created);
    fprintf(stderr, "Request %s for %s, made %s\n", pending->id, pending->purpose, created);
    fprintf(stderr, "  Subject:      %s\n", request->subject_text);
    fprintf(stderr, "  Alternatives: %s\n",
            request->san_text[0] != '\0' ? request->san_text : "none");
    fprintf(stderr, "  File:         %s/requests/%s/request.pem\n", state->dir,
            pending->id);
}

/* Damaged requests are told and stand in nobody's way. */
static bool load_ledger(struct ledger *out, const struct state *state, struct error *err)
{
    if (!ledger_load(out, state->fd, err))
        return false;
    for (size_t i = 0; i < out->damages; i++)
        view_text_finding(stderr, &out->damaged[i].why);
    return true;
}

static bool is_damaged(const struct ledger *ledger, const char *id, struct error *err)
{
    for (size_t i = 0; i < ledger->damages; i++)
        if (text_equal(ledger->damaged[i].id, id))
            return !fail(err, E_REQUEST_BROKEN, "%s", ledger->damaged[i].why.about);
    return false;
}

/* Tell one request of the ledger, by id. */
static bool tell(const struct call *call, const struct state *state, const char *id,
                 struct error *err)
{
    scoped(ledger_clear) struct ledger ledger = {0};
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    const struct pending *pending;

    if (!load_ledger(&ledger, state, err))
        return false;
    pending = ledger_find(&ledger, id);
    if (pending == NULL && is_damaged(&ledger, id, err))
        return false;
    if (pending == NULL)
        return fail(err, E_REQUEST_UNKNOWN, "%s", id);
    if (!ledger_load_request(&pem, state->fd, pending->id, err))
        return false;
    if (call->json) {
        certs_json_pending(stdout, pending, buf_span(&pem));
        return true;
    }
    explain(pending, state);
    print_pem(buf_span(&pem));
    return true;
}

/* M-13: the new request takes the place of those of its purpose; never by itself (T-06). */
static bool drop_others(struct state *state, const char *id, const char *purpose,
                        struct error *err)
{
    scoped(ledger_clear) struct ledger ledger = {0};

    if (!ledger_load(&ledger, state->fd, err))
        return false;
    for (size_t i = 0; i < ledger.n; i++) {
        const struct pending *pending = &ledger.item[i];
        char created[TIME_TEXT_MAX];

        if (text_equal(pending->id, id) || !text_equal(pending->purpose, purpose))
            continue;
        if (!ledger_drop(state->fd, pending->id, err))
            return false;
        audit_note(state, AUDIT_REQUEST, "drop", pending->id, "%s takes its place", id);
        text_show_time(created, pending->created);
        fprintf(
            stderr,
            "Dropped request %s of %s and its key: a certificate that answers it can no "
            "longer be uploaded.\n",
            pending->id, created);
    }
    return true;
}

static const char *use_asked(const struct csr_profile *profile)
{
    if (profile->ca)
        return "a CA certificate";
    if ((profile->eku & EKU_CLIENT_AUTH) == 0)
        return "the use as a server";
    return (profile->eku & EKU_SERVER_AUTH) == 0 ? "the use as a client"
                                                 : "both uses, server and client";
}

static const char *next_step(const struct csr_profile *profile)
{
    if (profile->ca)
        return "request diff CSR FILE    (it becomes no identity here; its key lies beside the "
               "request)";
    if ((profile->eku & EKU_CLIENT_AUTH) == 0)
        return "certificate upload FILE    (alone), or with a leaf for the other use:\n"
               "  pairgate chain upload FILE…    (both leaves, intermediates and root)";
    if ((profile->eku & EKU_SERVER_AUTH) == 0)
        return "chain upload FILE…    (with the server's leaf, intermediates and root)";
    return "chain upload FILE…    (leaf, intermediates and root)";
}

static int run_new(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct wish wish = {0};
    char id[LEDGER_ID_MAX] = "";

    if (!read_wish(&wish, &call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !identity_load(&identity, state.fd, false, err))
        return 0;
    fill_in(&wish, &identity);
    if (!make_request(id, &state, &wish, call->now, err))
        return 0;
    audit_note(&state, AUDIT_REQUEST, "new", id, "for %s", wish.csr.profile->name);
    if ((wish.overwrite && !drop_others(&state, id, wish.csr.profile->name, err)) ||
        !tell(call, &state, id, err))
        return 0;
    if (!call->json)
        fprintf(stderr, "Give it to the CA and ask for %s. Then:\n  pairgate %s\n",
                use_asked(wish.csr.profile), next_step(wish.csr.profile));
    return 0;
}

static void print_ledger(const struct ledger *ledger)
{
    if (ledger->n == 0) {
        printf("No requests. Make one with `pairgate request new`.\n");
        return;
    }
    printf("%-10s%-22s%-22s%-20s%s\n", "Id", "Made", "Answered", "Purpose", "Subject");
    for (size_t i = 0; i < ledger->n; i++) {
        const struct pending *pending = &ledger->item[i];
        char created[TIME_TEXT_MAX], used[TIME_TEXT_MAX] = "-";

        text_show_time(created, pending->created);
        if (pending->used != 0)
            text_show_time(used, pending->used);
        printf("%-10s%-22s%-22s%-20s%s\n", pending->id, created, used, pending->purpose,
               pending->request.subject_text);
    }
}

static int run_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ledger_clear) struct ledger ledger = {0};

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !load_ledger(&ledger, &state, err))
        return 0;
    if (call->json)
        certs_json_ledger(stdout, &ledger);
    else
        print_ledger(&ledger);
    return 0;
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err))
        return 0;
    return tell(call, &state, id, err) ? 0 : 1;
}

static int run_drop(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !ledger_drop(state.fd, id, err))
        return 0;
    audit_note(&state, AUDIT_REQUEST, "drop", id, "%s", "");
    if (call->json)
        certs_json_dropped(stdout, id);
    else
        printf("Dropped request %s and its key.\n", id);
    return 0;
}

/* The leaf of a file that may hold a whole chain. */
static bool read_leaf(struct chain *out, const char *path, struct error *err)
{
    scoped(chain_clear) struct chain given = {0};
    struct chain_order order = {0};

    if (!chain_load(&given, path, err))
        return false;
    chain_lay_order(&order, &given);
    return chain_sorted(out, &given, &order, err);
}

static int run_diff(struct call *call, struct error *err)
{
    scoped(buf_clear) struct buf request = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    const char *csr_file = NULL, *cert_file = NULL;

    if (!args_need(&call->args, "CSR", &csr_file, err) ||
        !args_need(&call->args, "CERT", &cert_file, err) || !args_end(&call->args, err) ||
        !fs_read(&request, csr_file, err) || !csr_parse(&csr, buf_span(&request), err) ||
        !read_leaf(&chain, cert_file, err))
        return 0;
    csr_diff(&report, &csr, chain_leaf(&chain));
    if (call->json)
        certs_json_diff(stdout, &report);
    else if (report.n == 0)
        printf("The certificate is what was asked for.\n");
    else
        view_text_report(stdout, &report);
    return report.n == 0 ? 0 : 1;
}

static int run_profiles(struct call *call, struct error *err)
{
    const struct csr_profile *row;

    if (!args_end(&call->args, err))
        return 0;
    if (call->json) {
        certs_json_profiles(stdout);
        return 0;
    }
    printf("%-20s%-14s%s\n", "Purpose", "Servers", "Key");
    for (size_t i = 0; (row = csr_profile_at(i)) != NULL; i++)
        printf("%-20s%-14s%s%s\n", row->name, row->multi_server ? "several" : "one",
               row->ecdsa ? "EC only" : "any", row->ca ? "; asks for CA:TRUE" : "");
    return 0;
}

const struct command commands_request[] = {
    {"request new",
     "[--purpose P] [--cn NAME] [--san DNS:NAME|IP:ADDR|email:A|URI:U]… [--no-san] [--c CC] [--st S] "
     "[--l L] [--o O] [--ou OU] [--email E] [--key KIND] [--multi-server] [--overwrite]",
     "make a key and a signing request, which goes to standard output", run_new},
    {"request profiles", "", "the purposes, and what each of them allows", run_profiles},
    {"request list", "", "all requests; every key is kept until dropped", run_list},
    {"request show", "ID", "one request, again on standard output", run_show},
    {"request drop", "ID", "forget a request and its key", run_drop},
    {"request diff", "CSR CERT", "what the CA changed; needs no state", run_diff},
    {0},
};
