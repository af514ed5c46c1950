/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity self-sign, import, restore, confirm. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/identity_commands.h"
#include "agent/passphrase.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/pkcs12.h"
#include "certs/sealed.h"
#include "certs/self_sign.h"

#include <fcntl.h>
#include <stdio.h>

#define SELF_SIGNED_DAYS "825"

/* Tell what is in use now, then see to the services. */
static int tell_change(struct call *call, const struct change_wish *wish,
                       struct state *state, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(changes_clear) struct change_facts facts = {0};

    if (!identity_load(&identity, state->fd, false, err) ||
        !changes_facts(&facts, wish, state, &identity, err))
        return 2;
    if (call->json) {
        certs_json_identity(stdout, &identity, &facts);
    } else {
        identity_print(&identity);
        printf("\n");
    }
    return changes_finish(&facts, wish, state, call->json, err) ? 0 : 2;
}

static bool open_for_change(struct state *state, struct call *call,
                            struct change_wish *wish, struct error *err)
{
    return args_end(&call->args, err) && state_open(state, call->state_dir, err) &&
           state_lock(state, err) && changes_prepare(wish, state, err);
}

struct signing {
    const char *name, *key, *days;
    bool keep_key, replace_chain;
    unsigned for_days;
    struct change_wish change;
};

static bool signing_read(struct signing *out, struct call *call, struct error *err)
{
    uint64_t days = 0;

    out->days = SELF_SIGNED_DAYS;
    out->keep_key = args_flag(&call->args, "--keep-key");
    out->replace_chain = args_flag(&call->args, "--replace-chain");
    if (!changes_read(&out->change, call, err) ||
        !args_value(&call->args, "--name", &out->name, err) ||
        !args_value(&call->args, "--key", &out->key, err) ||
        !args_value(&call->args, "--days", &out->days, err) ||
        !text_number(&days, out->days, 1, CA_DAYS_MAX, err))
        return false;
    out->for_days = (unsigned)days;
    return out->key == NULL || !out->keep_key || fail(err, E_USAGE, "--key and --keep-key");
}

/* The same kind and size as the key in use (M-31); an old one is no reason to go on: T-22.
 */
static bool same_kind(enum key_choice *out, const struct key *key, struct error *err)
{
    static const struct {
        enum key_kind kind;
        unsigned bits;
        enum key_choice choice;
    } rows[] = {
        {KEY_EC_P256, 256, KEY_CHOICE_EC},      {KEY_EC_P384, 384, KEY_CHOICE_P384},
        {KEY_EC_P521, 521, KEY_CHOICE_P521},    {KEY_RSA, 2048, KEY_CHOICE_RSA2048},
        {KEY_RSA, 3072, KEY_CHOICE_RSA3072},    {KEY_RSA, 4096, KEY_CHOICE_RSA4096},
        {KEY_ED25519, 256, KEY_CHOICE_ED25519},
    };
    char name[CERT_KEY_NAME_MAX];

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == key->kind && rows[i].bits == key->bits) {
            *out = rows[i].choice;
            return true;
        }
    }
    key_show_name(name, sizeof(name), key);
    return fail(err, E_KEY_OLD, "%s", name);
}

static bool signing_key(struct key *out, const struct signing *signing,
                        const struct state *state, const struct identity *now,
                        struct error *err)
{
    scoped(identity_clear) struct identity with_key = {0};
    enum key_choice choice = KEY_CHOICE_EC;

    if (signing->keep_key) {
        if (!identity_load(&with_key, state->fd, true, err))
            return false;
        *out = with_key.key; /* moved */
        with_key.key = key_none();
        return true;
    }
    if (signing->key != NULL ? !key_choice_named(&choice, signing->key, err)
                             : !same_kind(&choice, &now->key, err))
        return false;
    return key_make(out, choice, err);
}

/* Our own rules hold for it, as far as they are about one certificate. */
static bool keeps_the_rules(const struct chain *chain, time_t now, struct error *err)
{
    scoped(report_clear) struct report report = {0};
    const struct judged judged = {.chain = chain, .occasion = OCCASION_SINGLE, .now = now};
    const struct error *worst;

    rules_judge(&judged, &report);
    worst = rules_headline(&report);
    return worst == NULL || fail(err, E_IDENTITY_REFUSED, "%s: %s",
                                 message_of(worst->msg)->id, worst->about);
}

static bool self_sign_as(const struct signing *signing, const struct state *state,
                         const struct identity *now, time_t at, struct error *err)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    const struct cert *leaf = chain_leaf(&now->chain);
    const struct self_sign wish = {.name = signing->name != NULL ? signing->name : leaf->cn,
                                   .san =
                                       signing->name != NULL ? (struct span){0} : leaf->san,
                                   .days = signing->for_days,
                                   .now = at};
    const struct identity_parts parts = {
        .key = &key, .chain = &chain, .origin = IDENTITY_SELF_SIGNED};
    const struct identity_change change = {.reason = "self-sign",
                                           .purpose = now->purpose,
                                           .imported = signing->keep_key && now->imported,
                                           .now = at,
                                           .deadline = signing->change.deadline};
    unsigned number = 0;

    return signing_key(&key, signing, state, now, err) &&
           self_sign(&chain, &key, &wish, err) && keeps_the_rules(&chain, at, err) &&
           identity_make(&number, state->fd, &parts, &change, err);
}

int identity_run_self_sign(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity now = {0};
    struct signing signing = {0};

    if (!signing_read(&signing, call, err) ||
        !open_for_change(&state, call, &signing.change, err) ||
        !identity_load(&now, state.fd, false, err))
        return 0;
    if (now.origin != IDENTITY_SELF_SIGNED && !signing.replace_chain) {
        fail(err, E_CHAIN_IN_USE, "identity %u, issued by %s", now.number,
             cert_issued_by(chain_leaf(&now.chain)));
        return 0;
    }
    if (!self_sign_as(&signing, &state, &now, call->now, err))
        return 0;
    audit_note_identity(&state, "self-sign");
    return tell_change(call, &signing.change, &state, err);
}

#define IMPORT_KEYS 2 /* of one leaf, or of two */

struct import {
    const char *key[IMPORT_KEYS]; /* keys of them */
    size_t keys;
    const char *p12, *purpose, *policy;
    struct passphrase_source passphrase;
    struct upload_wish wish;
    struct change_wish change;
};

static bool import_read(struct import *out, struct call *call, struct error *err)
{
    const struct csr_profile *profile = NULL;
    const char *key = NULL;

    while (args_next_value(&call->args, "--key", &key, err)) {
        if (out->keys == IMPORT_KEYS)
            return fail(err, E_USAGE, "more than %d keys", IMPORT_KEYS);
        out->key[out->keys++] = key;
    }
    out->wish.now = out->wish.made = call->now;
    out->wish.confirm_anchor = args_flag(&call->args, "--confirm-anchor");
    if (!changes_read(&out->change, call, err) ||
        !args_value(&call->args, "--p12", &out->p12, err) ||
        !args_value(&call->args, "--purpose", &out->purpose, err) ||
        !args_value(&call->args, "--policy", &out->policy, err) ||
        !passphrase_source_read(&out->passphrase, &call->args, err) ||
        (out->purpose != NULL && !csr_profile_named(&profile, out->purpose, err)) ||
        (out->policy != NULL && !policy_named(&out->wish.policy, out->policy, err)))
        return false;
    out->wish.deadline = out->change.deadline;
    return true;
}

static bool add_certificates(struct chain *out, const char *path, struct error *err)
{
    scoped(chain_clear) struct chain one = {0};

    if (!chain_load(&one, path, err))
        return false;
    for (size_t i = 0; i < one.n; i++) {
        if (out->n == CHAIN_READ_MAX)
            return fail(err, E_CHAIN_ENDLESS, "more than %d certificates", CHAIN_READ_MAX);
        if (!chain_add_der(out, buf_span(&one.cert[i].der), err))
            return false;
    }
    return true;
}

static bool take_p12(struct key *key, struct chain *chain, const struct import *import,
                     struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(PKCS12_MAX);
    scoped(buf_clear) struct buf passphrase = {0};

    return fs_read(&file, import->p12, err) &&
           passphrase_take(&passphrase, &import->passphrase, "Passphrase of the PKCS#12",
                           err) &&
           pkcs12_read(key, chain, buf_span(&file), buf_span(&passphrase), err);
}

static bool take_keys(struct key keys[IMPORT_KEYS], const struct import *import,
                      struct error *err)
{
    for (size_t i = 0; i < import->keys; i++)
        if (!passphrase_key(&keys[i], import->key[i], &import->passphrase, NULL, err))
            return false;
    return true;
}

static bool take_parts(struct key keys[IMPORT_KEYS], struct chain *chain,
                       const struct import *import, struct call *call, struct error *err)
{
    const char *file = NULL;
    size_t files = 0;

    for (; args_next_value(&call->args, "--cert", &file, err); files++)
        if (!add_certificates(chain, file, err))
            return false;
    if (err->msg != E_NONE || !args_end(&call->args, err))
        return false;
    if (import->p12 != NULL)
        return (import->keys == 0 || fail(err, E_USAGE, "--key and --p12")) &&
               take_p12(&keys[0], chain, import, err);
    if (import->keys == 0 || files == 0)
        return fail(err, E_USAGE, "--cert and --key, or --p12, are missing");
    return take_keys(keys, import, err);
}

static void keys_clear(struct key keys[][IMPORT_KEYS])
{
    for (size_t i = 0; i < IMPORT_KEYS; i++)
        key_clear(&(*keys)[i]);
}

static int tell_import(struct call *call, const struct upload *upload,
                       const struct import *import, struct state *state, struct error *err)
{
    if (upload->accepted) {
        if (!call->json)
            view_text_report(stdout, &upload->report);
        return tell_change(call, &import->change, state, err);
    }
    if (call->json) {
        certs_json_upload(stdout, upload, NULL, NULL);
    } else {
        view_text_report(stdout, &upload->report);
        printf("\nNothing has changed.\n");
    }
    return 1;
}

/* Nobody types a passphrase where there is nothing to import into. */
static bool has_state(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};

    return state_open(&state, call->state_dir, err);
}

int identity_run_import(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(upload_clear) struct upload upload = {0};
    scoped(keys_clear) struct key keys[IMPORT_KEYS] = {0};
    struct import import = {0};
    bool good;

    if (!import_read(&import, call, err) || !has_state(call, err) ||
        !take_parts(keys, &upload.given, &import, call, err) ||
        !open_for_change(&state, call, &import.change, err))
        return 0;
    good = upload_import(&upload, &state, keys, &import.wish, import.purpose, err);
    audit_note_upload(&state, "import", &upload, err);
    if (!good)
        return 0;
    return tell_import(call, &upload, &import, &state, err);
}

int identity_run_restore(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct identity_change change = {.reason = "restore", .now = call->now};
    struct change_wish wish = {0};
    const char *text = NULL;
    uint64_t number = 0;

    if (!changes_read(&wish, call, err) || !args_need(&call->args, "N", &text, err) ||
        !text_number(&number, text, 1, UINT32_MAX, err) ||
        !open_for_change(&state, call, &wish, err))
        return 0;
    change.deadline = wish.deadline;
    if (!identity_return(state.fd, (unsigned)number, &change, err))
        return 0;
    audit_note_identity(&state, "restore");
    return tell_change(call, &wish, &state, err);
}

int identity_run_confirm(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !identity_confirm(state.fd, err) ||
        !identity_load(&identity, state.fd, false, err))
        return 0;
    audit_note_identity(&state, "confirm");
    if (call->json)
        certs_json_identity(stdout, &identity, NULL);
    else
        printf("Identity %u is confirmed and stays.\n", identity.number);
    return 0;
}
