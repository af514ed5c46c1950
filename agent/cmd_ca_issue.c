/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ca issue, genkey: a leaf for a request, or for a machine by its certool.cfg. */
#include "agent/audit_note.h"
#include "agent/ca_open.h"
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/dns_lint.h"
#include "agent/outfile.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/certool.h"
#include "certs/issued.h"
#include "certs/pem.h"

#include <fcntl.h>
#include <stdio.h>

#define NAME_DER_MAX 8192

struct issue_options {
    const char *request, *config;
    const char *out;     /* NULL: standard output */
    const char *privkey; /* --config: the machine's key, made when it is not there */
    const char *name;    /* --config: instead of Name */
    uint64_t days;
    bool multi_server, no_dns;
};

/* certool calls the output --cert, and writes --Name with a capital. */
static bool read_options(struct issue_options *out, struct args *args, struct error *err)
{
    const char *days = NULL, *cert = NULL;

    out->multi_server = args_flag(args, "--multi-server");
    out->no_dns = args_flag(args, "--no-dns");
    if (!args_value(args, "--request", &out->request, err) ||
        !args_value(args, "--config", &out->config, err) ||
        !args_value(args, "--privkey", &out->privkey, err) ||
        !args_value(args, "--Name", &out->name, err) ||
        !args_value(args, "--name", &out->name, err) ||
        !args_value(args, "--days", &days, err) ||
        !args_value(args, "--cert", &cert, err) ||
        !args_value(args, "--out", &out->out, err) || !args_end(args, err))
        return false;
    if (out->out == NULL)
        out->out = cert;
    if ((out->request == NULL) == (out->config == NULL))
        return fail(err, E_USAGE, "one of --request and --config is needed");
    if (out->config != NULL && out->privkey == NULL)
        return fail(err, E_USAGE, "--config needs --privkey");
    return days == NULL || text_number(&out->days, days, 1, CA_DAYS_MAX, err);
}

/* The key of the machine, made (0600) when the file is not there. */
static bool machine_key(struct key *out, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    bool has = false;

    if (!fs_has(&has, AT_FDCWD, path, err))
        return false;
    if (has)
        return fs_read_secret(&pem, AT_FDCWD, path, err) &&
               key_from_pem(out, buf_span(&pem), err);
    return key_make(out, KEY_CHOICE_RSA2048, err) && key_to_pem(&pem, out, err) &&
           outfile_write(path, buf_span(&pem), 0600, err);
}

static void lint(struct report *report, const struct certool *config)
{
    char text[CERTOOL_ADDRESSES_MAX][CERTOOL_VALUE_MAX];
    const char *address[CERTOOL_ADDRESSES_MAX];
    size_t n = 0;

    while (n < COUNT(text) && certool_address(text[n], config, n)) {
        address[n] = text[n];
        n++;
    }
    dns_lint(report, config->hostname, address, n);
}

static bool issue_by_config(struct chain *out, struct report *report, const struct ca *ca,
                            const struct issue_options *options, time_t now,
                            struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(CERTOOL_BYTES_MAX);
    scoped(buf_clear) struct buf subject = buf_upto(NAME_DER_MAX);
    scoped(buf_clear) struct buf san = buf_upto(NAME_DER_MAX);
    scoped(key_clear) struct key key = key_none();
    struct certool config = {0};
    struct ca_subject to = {0};

    if (!fs_read(&text, options->config, err) ||
        !certool_parse(&config, buf_span(&text), err))
        return false;
    if (options->name != NULL && !text_fits(config.name, options->name))
        return fail(err, E_CSR_FIELD, "--Name is too long");
    if (!certool_subject(&subject, &config, err) || !certool_san(&san, &config, err) ||
        !machine_key(&key, options->privkey, err))
        return false;
    if (!options->no_dns)
        lint(report, &config);
    to.subject = buf_span(&subject);
    to.san = buf_span(&san);
    to.spki = buf_span(&key.spki);
    to.key = key.kind;
    return ca_issue_to(out, ca, &to, (unsigned)options->days, now, report, err);
}

static bool issue_by_request(struct chain *out, struct report *report, const struct ca *ca,
                             const struct issue_options *options, time_t now,
                             struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};

    return fs_read(&pem, options->request, err) && csr_parse(&csr, buf_span(&pem), err) &&
           (options->multi_server || ca_names_one_machine(csr.san, err)) &&
           ca_issue(out, ca, &csr, (unsigned)options->days, now, report, err);
}

/* It is on record before anybody is given it. */
static bool issue(struct chain *out, struct report *report, struct call *call,
                  const struct issue_options *options, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};

    if (!ca_open(&state, &ca, call->state_dir, err) ||
        !(options->request != NULL
              ? issue_by_request(out, report, &ca, options, call->now, err)
              : issue_by_config(out, report, &ca, options, call->now, err)) ||
        !issued_add(state.fd, chain_leaf(out), &ca, call->now, err))
        return false;
    audit_note_cert(&state, AUDIT_CA, "issue", chain_leaf(out));
    return true;
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

static void tell(const struct call *call, const struct issue_options *options,
                 const struct chain *chain, const struct report *report, struct span pem)
{
    if (call->json) {
        certs_json_issued(stdout, chain, report,
                          options->out == NULL ? pem : (struct span){0});
        return;
    }
    if (options->out == NULL)
        fwrite(pem.at, 1, pem.n, stdout);
    else
        printf("Wrote %zu certificates to %s.\n", chain->n, options->out);
    if (options->config != NULL && options->out != NULL)
        printf(
            "Next: `pairgate identity import --cert %s --key %s`. When every machine has "
            "its certificate, those of the hosts can be replaced too.\n",
            options->out, options->privkey);
    if (report->n > 0)
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
        (options.out != NULL && !outfile_write(options.out, buf_span(&pem), 0644, err)))
        return 0;
    tell(call, &options, &chain, &report, buf_span(&pem));
    return 0;
}

static int run_genkey(struct call *call, struct error *err)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf secret = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf open = buf_upto(KEY_PEM_MAX);
    const char *privkey = NULL, *pubkey = NULL, *kind = "rsa2048";
    enum key_choice choice = KEY_CHOICE_RSA2048;

    if (!args_value(&call->args, "--privkey", &privkey, err) ||
        !args_value(&call->args, "--pubkey", &pubkey, err) ||
        !args_value(&call->args, "--key", &kind, err) || !args_end(&call->args, err) ||
        !key_choice_named(&choice, kind, err))
        return 0;
    if (privkey == NULL || pubkey == NULL) {
        fail(err, E_USAGE, "--privkey and --pubkey are needed");
        return 0;
    }
    if (!key_make(&key, choice, err) || !key_to_pem(&secret, &key, err) ||
        !pem_add(&open, "PUBLIC KEY", buf_span(&key.spki), err) ||
        !outfile_write(privkey, buf_span(&secret), 0600, err) ||
        !outfile_write(pubkey, buf_span(&open), 0644, err))
        return 0;
    if (!call->json)
        printf("Wrote the private key to %s and the public one to %s.\n", privkey, pubkey);
    return 0;
}

const struct command commands_ca_issue[] = {
    {"ca issue",
     "--request CSR [--multi-server] | --config CERTOOL.CFG --privkey F [--Name N] "
     "[--no-dns]; [--days N] [--cert F | --out F]",
     "sign a request, or what a certool.cfg says; prints leaf, intermediates and root",
     run_issue},
    {"ca genkey", "--privkey FILE --pubkey FILE [--key KIND]",
     "a key for a machine, in two files", run_genkey},
    {0},
};
