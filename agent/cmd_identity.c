/* SPDX-License-Identifier: GPL-3.0-or-later */
/* init, identity show: what this appliance is; the rows of all identity commands. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/identity_commands.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST_MAX 256

static void print_times(const struct identity *identity)
{
    char made[TIME_TEXT_MAX] = "", seen[TIME_TEXT_MAX] = "none yet";

    if (identity->made == 0)
        return;
    text_show_time(made, identity->made);
    if (identity->seen != 0)
        text_show_time(seen, identity->seen);
    printf("Made:        %s, epoch %u\n", made, identity->epoch);
    printf("Handshake:   %s\n", seen);
}

static void print_leaf(const struct identity *identity, enum leaf_use use, const char *what)
{
    const struct cert *leaf = chain_leaf(identity_chain(identity, use));
    char key[CERT_KEY_NAME_MAX], hex[DIGEST_HEX];

    key_show_name(key, sizeof(key), identity_key(identity, use));
    digest_hex(hex, &leaf->spki_sha256);
    printf("Name:        %s%s\n", cert_issued_to(leaf), what);
    printf("Key:         %s\n", key);
    printf("Public key:  SHA-256 %s\n", hex);
}

void identity_print(const struct identity *identity)
{
    const struct leaves leaves = identity_leaves(identity);

    printf("Identity:    %u (%s%s, by %s)\n", identity->number,
           identity_origin_name(identity->origin),
           identity->imported ? " with an imported key" : "", identity->reason);
    print_times(identity);
    if (identity_is_split(identity)) {
        print_leaf(identity, LEAF_SERVER, " (server)");
        print_leaf(identity, LEAF_CLIENT, " (client)");
    } else {
        print_leaf(identity, LEAF_BOTH, "");
    }
    printf("\n");
    view_text_leaves(stdout, &leaves);
}

/* As common name and as alternative name of a certificate. */
static bool can_be_certified(const char *name)
{
    scoped(buf_clear) struct buf san = buf_upto(2 * (size_t)HOST_MAX);
    struct error why = {0};

    return csr_name_is_exact(name) && csr_add_general_name(&san, name, &why);
}

/* --name, else the name of the host when that is one. */
static bool own_name(char out[HOST_MAX], struct args *args, struct error *err)
{
    const char *given = NULL;

    if (!args_value(args, "--name", &given, err))
        return false;
    if (given == NULL && (gethostname(out, HOST_MAX) != 0 || text_equal(out, "localhost")))
        out[0] = '\0';
    out[HOST_MAX - 1] = '\0';
    if (given != NULL && !text_copy(out, HOST_MAX, given))
        return fail(err, E_INIT_NAME, "%s", given);
    return can_be_certified(out) ||
           fail(err, E_INIT_NAME, "%s", out[0] != '\0' ? out : "this host has no name");
}

/* Of a self-signed start alone: what a CA certifies is its own affair. */
static void warn_of_bare_name(const char *name)
{
    struct error warning = {0};

    if (strpbrk(name, ".:") != NULL)
        return;
    (void)fail(&warning, E_INIT_BARE, "%s", name);
    warning.severity = SEVERITY_WARNING;
    view_text_finding(stderr, &warning);
}

static bool own_key(enum key_choice *out, struct args *args, struct error *err)
{
    const char *name = "ec";

    return args_value(args, "--key", &name, err) && key_choice_named(out, name, err);
}

static bool make_identity(int state, const char *name, enum key_choice choice, time_t now,
                          struct error *err)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    const struct identity_parts parts = {
        .key = &key, .chain = &chain, .origin = IDENTITY_SELF_SIGNED};
    const struct identity_change change = {.reason = "init", .now = now};
    unsigned number = 0;

    return key_make(&key, choice, err) && ca_self_sign(&chain, &key, name, now, err) &&
           services_write_default(state, err) &&
           identity_make(&number, state, &parts, &change, err);
}

static bool init(struct state *state, struct call *call, struct error *err)
{
    enum key_choice choice = KEY_CHOICE_EC;
    char name[HOST_MAX] = "";
    bool has = false;

    if (!own_name(name, &call->args, err) || !own_key(&choice, &call->args, err) ||
        !args_end(&call->args, err) || !state_make(state, call->state_dir, err) ||
        !state_lock(state, err) || !fs_has(&has, state->fd, IDENTITY_DIR "/current", err))
        return false;
    if (has)
        return fail(err, E_INIT_AGAIN, "%s", call->state_dir);
    return state_open_db(state, err) &&
           make_identity(state->fd, name, choice, call->now, err);
}

static int run_init(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};

    if (!init(&state, call, err) || !identity_load(&identity, state.fd, false, err))
        return 0;
    audit_note_identity(&state, "init");
    warn_of_bare_name(cert_issued_to(chain_leaf(&identity.chain)));
    if (call->json) {
        certs_json_identity(stdout, &identity, NULL);
        return 0;
    }
    printf("Initialised %s with a self-signed certificate.\n\n", call->state_dir);
    identity_print(&identity);
    printf("\nNext: have a certificate signed. `pairgate request new` prints the request,\n"
           "`pairgate chain upload FILE` takes the chain that the CA returns.\n");
    return 0;
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};
    scoped(changes_clear) struct change_facts facts = {0};
    char deadline[TIME_TEXT_MAX];

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !identity_load(&identity, state.fd, false, err) ||
        !changes_facts(&facts, NULL, &state, &identity, err))
        return 0;
    if (call->json) {
        certs_json_identity(stdout, &identity, &facts);
        return 0;
    }
    identity_print(&identity);
    if (facts.rollback.pending) {
        text_show_time(deadline, facts.rollback.deadline);
        printf(
            "\nGoes back to identity %u at %s unless you run: pairgate identity confirm\n",
            facts.rollback.back, deadline);
    }
    return 0;
}

const struct command commands_identity[] = {
    {"init", "[--name FQDN] [--key ec|p384|p521|rsa2048|rsa3072|rsa4096|ed25519]",
     "make the state directory, a key and a self-signed identity", run_init},
    {"identity show", "", "who this appliance is: its name, key and chain", run_show},
    {"identity self-sign",
     "[--key KIND | --keep-key] [--days N] [--name FQDN] [--replace-chain] " CHANGE_OPTIONS,
     "a new self-signed identity; the kind of key stays unless --key is given",
     identity_run_self_sign},
    {"identity import",
     "--cert F… --key F [--key F] | --p12 F [--passphrase-file F | --passphrase-fd N] [--purpose P] "
     "[--policy P] [--confirm-anchor] " CHANGE_OPTIONS,
     "take a key and its chain from elsewhere; asks for a passphrase on the terminal",
     identity_run_import},
    {"identity confirm", "", "keep what --confirm-within put in use", identity_run_confirm},
    {"identity backups", "", "every identity kept, the newest first", identity_run_backups},
    {"identity restore", "N " CHANGE_OPTIONS, "make an older identity current again",
     identity_run_restore},
    {"identity prune", "[--keep N]",
     "remove old identities but the newest N (1); only after a handshake with the one in use",
     identity_run_prune},
    {"identity encrypt-key", "--passphrase-file F",
     "encrypt all keys at rest; the link `passphrase` in the state then leads to F",
     identity_run_encrypt_key},
    {"identity decrypt-key", "", "store all keys in the clear again",
     identity_run_decrypt_key},
    {"identity services", "[PURPOSE] [--apply]",
     "what to restart after a change, in order; --apply runs hooks/services for each step",
     identity_run_services},
    {0},
};
