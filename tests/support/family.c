/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/family.h"

#include "base/fs.h"
#include "certs/csr.h"
#include "certs/issue.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FROM 1767225600  /* 2026-01-01T00:00:00Z */
#define UNTIL 2082758400 /* 2036-01-01T00:00:00Z */
#define BOTH_EKU (EKU_SERVER_AUTH | EKU_CLIENT_AUTH)

static void stop_unless(bool good, const char *what, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s %s\n", what, message_of(err->msg)->id, err->about);
    exit(2);
}

static void issue_into(struct chain *out, struct issue *plan, const char *name,
                       const char *san)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX);
    scoped(buf_clear) struct buf names = buf_upto(CERT_TEXT_MAX);
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    struct error err = {0};

    stop_unless(issue_name(&subject, name, &err), name, &err);
    if (san != NULL)
        stop_unless(csr_add_general_name(&names, san, &err), san, &err);
    plan->subject = buf_span(&subject);
    plan->san = buf_span(&names);
    plan->from = FROM;
    plan->until = UNTIL;
    stop_unless(issue_certificate(&der, plan, &err), name, &err);
    stop_unless(chain_add_der(out, buf_span(&der), &err), name, &err);
}

static void copy_key(struct key *out, const struct key *from)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    struct error err = {0};

    stop_unless(key_to_pem(&pem, from, &err) && key_from_pem(out, buf_span(&pem), &err),
                "copying a key", &err);
}

static bool is_slow(enum key_choice choice)
{
    return choice == KEY_CHOICE_RSA2048 || choice == KEY_CHOICE_RSA3072 ||
           choice == KEY_CHOICE_RSA4096;
}

/* From the root down, then turned: a chain has its issuer first. */
void family_make(struct family *out, enum key_choice choice, size_t rungs)
{
    scoped(chain_clear) struct chain down = {0};
    struct error err = {0};
    size_t n = rungs - 1;

    *out = (struct family){0};
    for (size_t i = n; i-- > 0;) {
        bool is_root = i == n - 1;
        struct issue plan = {.is_ca = true, .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN};
        char name[64];

        if (is_slow(choice) && !is_root)
            copy_key(&out->key[i], &out->key[n - 1]);
        else
            stop_unless(key_make(&out->key[i], choice, &err), "making a key", &err);
        snprintf(name, sizeof(name), is_root ? "Test Root CA" : "Test CA %zu", i);
        plan.spki = buf_span(&out->key[i].spki);
        plan.signer = &out->key[is_root ? i : i + 1];
        plan.issuer = is_root ? NULL : &down.cert[down.n - 1];
        issue_into(&down, &plan, name, NULL);
    }
    for (size_t i = n; i-- > 0;)
        stop_unless(chain_add_der(&out->cas, buf_span(&down.cert[i].der), &err),
                    "the ladder", &err);
}

void family_clear(struct family *family)
{
    for (size_t i = 0; i < FAMILY_MAX; i++)
        key_clear(&family->key[i]);
    chain_clear(&family->cas);
}

static void *supervise(void *at)
{
    struct appliance *appliance = at;
    const struct signer_keys keys = {.key = {&appliance->whole, &appliance->whole_client},
                                     .sides = SIGNER_SOURCE | SIGNER_TARGET};
    struct error err = {0};

    while (signer_answer(appliance->supervisor, &keys, &err))
        continue;
    return NULL;
}

void appliance_of(struct appliance *out, const struct key *key, const struct chain *chain)
{
    struct error err = {0};
    int ends[2];

    *out = (struct appliance){0};
    copy_key(&out->whole, key);
    stop_unless(key_from_spki(&out->identity.key, buf_span(&key->spki), &err), "a key",
                &err);
    stop_unless(chain_copy(&out->identity.chain, chain, &err), "a chain", &err);
    stop_unless(chain_add_der(&out->trust.anchors, buf_span(&chain_root(chain)->der), &err),
                "an anchor", &err);
    stop_unless(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 &&
                    signer_open(&out->signer, ends[0], &err),
                "a signer", &err);
    out->identity.key.signer = &out->signer;
    out->supervisor = ends[1];
    stop_unless(pthread_create(&out->thread, NULL, supervise, out) == 0, "a thread", &err);
}

void leaf_make(struct key *key, struct chain *chain, const struct family *family,
               enum key_choice choice, const char *name, unsigned eku)
{
    struct error err = {0};
    struct issue plan = {.issuer = &family->cas.cert[0],
                         .signer = &family->key[0],
                         .ku = KU_DIGITAL_SIGNATURE |
                               (is_slow(choice) ? KU_KEY_ENCIPHERMENT : 0U),
                         .eku = eku};

    stop_unless(key_make(key, choice, &err), "making a key", &err);
    plan.spki = buf_span(&key->spki);
    issue_into(chain, &plan, name, name);
    for (size_t i = 0; i < family->cas.n; i++)
        stop_unless(chain_add_der(chain, buf_span(&family->cas.cert[i].der), &err), name,
                    &err);
}

void appliance_make(struct appliance *out, const struct family *family,
                    enum key_choice choice, const char *name)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};

    leaf_make(&key, &chain, family, choice, name, BOTH_EKU);
    appliance_of(out, &key, &chain);
}

static void vouch(struct buf *out, const struct key *by, enum leaf_use use,
                  const struct identity *identity)
{
    struct error err = {0};

    *out = buf_upto(KEY_SIGNATURE_MAX);
    stop_unless(leaf_vouch(out, by, use, buf_span(&identity->key.spki),
                           buf_span(&identity->client_key.spki), &err),
                "vouching", &err);
}

void appliance_split(struct appliance *out, const struct family *family,
                     enum key_choice choice, const char *name)
{
    scoped(key_clear) struct key key = key_none(), client = key_none();
    scoped(chain_clear) struct chain chain = {0};
    struct identity *identity = &out->identity;
    struct error err = {0};

    leaf_make(&key, &chain, family, choice, name, EKU_SERVER_AUTH);
    appliance_of(out, &key, &chain);
    leaf_make(&client, &identity->client_chain, family, choice, name, EKU_CLIENT_AUTH);
    copy_key(&out->whole_client, &client);
    stop_unless(key_from_spki(&identity->client_key, buf_span(&client.spki), &err), "a key",
                &err);
    identity->client_key.signer = &out->signer;
    identity->client_key.at_signer = 1;
    vouch(&identity->client_vouch, &out->whole, LEAF_SERVER, identity);
    vouch(&identity->server_vouch, &out->whole_client, LEAF_CLIENT, identity);
}

void appliance_load(struct appliance *out, const char *dir)
{
    scoped(buf_clear) struct buf key_pem = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf chain_pem = buf_upto(CHAIN_FILE_MAX);
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/key.pem", dir);
    stop_unless(fs_read(&key_pem, path, &err) &&
                    key_from_pem(&key, buf_span(&key_pem), &err),
                path, &err);
    snprintf(path, sizeof(path), "%s/chain.pem", dir);
    stop_unless(fs_read(&chain_pem, path, &err) &&
                    chain_parse(&chain, buf_span(&chain_pem), &err),
                path, &err);
    appliance_of(out, &key, &chain);
}

void appliance_clear(struct appliance *appliance)
{
    signer_close(&appliance->signer);
    pthread_join(appliance->thread, NULL);
    fd_close(&appliance->supervisor);
    key_clear(&appliance->whole);
    key_clear(&appliance->whole_client);
    identity_clear(&appliance->identity);
    trust_clear(&appliance->trust);
}
