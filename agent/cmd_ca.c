/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ca init, import, root, show, list, revoke, crl: the small built-in CA. */
#include "agent/audit_note.h"
#include "agent/ca_open.h"
#include "agent/ca_view.h"
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/outfile.h"
#include "agent/passphrase.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/ca_root.h"
#include "certs/crl.h"
#include "certs/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void print_ca(const struct chain *ca)
{
    char hex[DIGEST_HEX];

    view_text_ladder(stdout, ca);
    digest_hex(hex, &chain_root(ca)->sha256);
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
        certs_json_ca(stdout, &ca.chain);
        return 0;
    }
    printf("Made a CA in %s/" CA_DIR ".\n\n", call->state_dir);
    print_ca(&ca.chain);
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
    scoped(chain_clear) struct chain ca = {0};

    if (!args_end(&call->args, err) || !ca_open_chain(&state, &ca, call->state_dir, err))
        return 0;
    if (call->json)
        certs_json_ca(stdout, &ca);
    else
        print_ca(&ca);
    return 0;
}

/* What was made elsewhere, or taken away. */
struct made_elsewhere {
    const char *cert, *key;
    struct passphrase_source passphrase;
    bool replace;
};

/* Nobody types a passphrase for what is refused anyway. */
static bool may_import(const struct chain *chain, struct call *call,
                       const struct made_elsewhere *ca, struct error *err)
{
    scoped(fd_close) int state = open(call->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return ca_may_import(state, chain, ca->replace, call->now, err);
}

static bool import(struct state *state, struct call *call, const struct made_elsewhere *ca,
                   struct error *err)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(key_clear) struct key key = key_none();

    return chain_load(&chain, ca->cert, err) && may_import(&chain, call, ca, err) &&
           passphrase_key(&key, ca->key, &ca->passphrase, call->state_dir, err) &&
           state_make(state, call->state_dir, err) && state_lock(state, err) &&
           ca_import(state->fd, &chain, &key, ca->replace, call->now, err);
}

/* The CA that now issues. */
static int tell_ca(struct call *call, struct state *state, const char *what,
                   struct error *err)
{
    scoped(chain_clear) struct chain ca = {0};

    if (!ca_load_chain(&ca, state->fd, err))
        return 0;
    audit_note_cert(state, AUDIT_CA, "change", chain_leaf(&ca));
    if (call->json) {
        certs_json_ca(stdout, &ca);
        return 0;
    }
    printf("%s\n\n", what);
    print_ca(&ca);
    return 0;
}

static int run_import(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct made_elsewhere ca = {.replace = args_flag(&call->args, "--replace")};

    if (!args_value(&call->args, "--cert", &ca.cert, err) ||
        !args_value(&call->args, "--key", &ca.key, err) ||
        !passphrase_source_read(&ca.passphrase, &call->args, err) ||
        !args_end(&call->args, err))
        return 0;
    if (ca.cert == NULL || ca.key == NULL) {
        fail(err, E_USAGE, "--cert and --key are needed");
        return 0;
    }
    if (!import(&state, call, &ca, err))
        return 0;
    return tell_ca(call, &state, "What is issued from now on has this chain behind it.",
                   err);
}

static bool has_ca(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(chain_clear) struct chain chain = {0};

    return ca_open_chain(&state, &chain, call->state_dir, err);
}

static bool read_renewal(struct ca_renewal *out, struct key *root_key, struct call *call,
                         struct error *err)
{
    struct args *args = &call->args;
    struct passphrase_source passphrase = {0};
    const char *kind = NULL, *path = NULL, *verb = NULL;

    out->same_key = args_flag(args, "--same-key");
    if (!args_value(args, "--new-key", &kind, err) ||
        !args_value(args, "--root-key", &path, err) ||
        !passphrase_source_read(&passphrase, args, err) ||
        !args_need(args, "renew", &verb, err) || !args_end(args, err))
        return false;
    if (!text_equal(verb, "renew"))
        return fail(err, E_USAGE, "`ca root` knows renew, not %s", verb);
    if (out->same_key == (kind != NULL))
        return fail(err, E_USAGE, "one of --same-key and --new-key is needed");
    if (kind != NULL && !key_choice_named(&out->key, kind, err))
        return false;
    if (path == NULL)
        return true;
    out->root_key = root_key;
    return has_ca(call, err) &&
           passphrase_key(root_key, path, &passphrase, call->state_dir, err);
}

static int run_root(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(key_clear) struct key root_key = key_none();
    struct ca_renewal renewal = {.now = call->now};

    if (!read_renewal(&renewal, &root_key, call, err) ||
        !ca_open(&state, &ca, call->state_dir, err) || !ca_renew(state.fd, &renewal, err))
        return 0;
    return tell_ca(call, &state,
                   renewal.same_key
                       ? "The root is renewed with the same key: what it issued stays good."
                       : "There is a new root. Import it wherever the old one is trusted, "
                         "before certificates below it are used.",
                   err);
}

static void print_issued(const struct issued *issued)
{
    char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX], revoked[TIME_TEXT_MAX],
        name[CERT_TEXT_MAX];

    text_show_time(from, issued->cert.not_before.at);
    text_show_time(until, issued->cert.not_after.at);
    text_printable(name, sizeof(name), span_text(issued->cert.subject_text));
    printf("%s\n  %s, %s to %s\n", issued->serial, name, from, until);
    if (issued->revoked == 0)
        return;
    text_show_time(revoked, issued->revoked);
    printf("  revoked %s, %s\n", revoked, reason_name(issued->reason));
}

static int run_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(chain_clear) struct chain ca = {0};
    scoped(issued_list_clear) struct issued_list list = {0};

    if (!args_end(&call->args, err) || !ca_open_chain(&state, &ca, call->state_dir, err) ||
        !issued_load(&list, state.fd, err))
        return 0;
    if (call->json) {
        ca_view_json_list(stdout, &list);
        return 0;
    }
    printf("Issued: %zu\n", list.n);
    for (size_t i = 0; i < list.n; i++)
        print_issued(&list.item[i]);
    return 0;
}

static int run_revoke(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(issued_clear) struct issued issued = {0};
    enum revocation_reason reason = REASON_UNSPECIFIED;
    const char *serial = NULL, *why = "unspecified";

    if (!args_value(&call->args, "--reason", &why, err) ||
        !args_need(&call->args, "SERIAL", &serial, err) || !args_end(&call->args, err) ||
        !reason_named(&reason, why, err) || !ca_open(&state, &ca, call->state_dir, err) ||
        !issued_revoke(&issued, state.fd, serial, reason, call->now, err))
        return 0;
    audit_note(&state, AUDIT_CA, "revoke", issued.serial, "%s", reason_name(issued.reason));
    if (call->json) {
        ca_view_json_revoked(stdout, &issued);
        return 0;
    }
    print_issued(&issued);
    printf("Now make a list that says so: `pairgate ca crl`.\n");
    return 0;
}

static int run_crl(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(buf_clear) struct buf der = buf_upto(CRL_DER_MAX);
    scoped(buf_clear) struct buf pem = buf_upto(CRL_FILE_MAX);
    const char *text = NULL, *path = "-";
    uint64_t days = CRL_DAYS;

    if (!args_value(&call->args, "--days", &text, err) ||
        !args_value(&call->args, "--out", &path, err) || !args_end(&call->args, err) ||
        (text != NULL && !text_number(&days, text, 1, CRL_DAYS_MAX, err)) ||
        !ca_open(&state, &ca, call->state_dir, err) ||
        !issued_crl(&der, state.fd, &ca, (unsigned)days, call->now, err) ||
        !pem_add(&pem, "X509 CRL", buf_span(&der), err))
        return 0;
    audit_note(&state, AUDIT_CA, "crl", "", "for %llu days", (unsigned long long)days);
    (void)!outfile_write(path, buf_span(&pem), 0644, err);
    return 0;
}

const struct command commands_ca[] = {
    {"ca init", "[--name NAME] [--key KIND] [--intermediate]",
     "make a CA: a root, and with --intermediate one that issues below it", run_init},
    {"ca import", "--cert FILE --key FILE " PASSPHRASE_WORDS " [--replace]",
     "issue with a CA made elsewhere: its certificate and all issuers, and its key",
     run_import},
    {"ca root", "renew --same-key | --new-key KIND [--root-key FILE] " PASSPHRASE_WORDS,
     "renew the root, with the same key or as a new one", run_root},
    {"ca show", "", "the CA's own chain", run_show},
    {"ca list", "", "what the CA issued: serial number, subject, dates", run_list},
    {"ca revoke", "[--reason R] SERIAL", "take back what it issued", run_revoke},
    {"ca crl", "[--days N] [--out FILE]", "the CA's revocation list, as PEM", run_crl},
    {0},
};
