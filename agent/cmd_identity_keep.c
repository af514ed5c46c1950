/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity backups, prune, encrypt-key, decrypt-key, services. */
#include "agent/audit_note.h"
#include "agent/ca_open.h"
#include "agent/certs_json.h"
#include "agent/identity_commands.h"
#include "base/text.h"
#include "certs/csr.h"
#include "certs/sealed.h"

#include <stdio.h>

static void print_backup(const struct identity *item, bool is_current)
{
    char made[TIME_TEXT_MAX] = "-", seen[TIME_TEXT_MAX] = "not yet";

    if (item->chain.n == 0) {
        char damage[2 * IDENTITY_REASON_MAX];

        text_printable(damage, sizeof(damage), span_text(item->reason));
        printf("%c%-5u damaged: %s\n", is_current ? '*' : ' ', item->number, damage);
        return;
    }
    if (item->made != 0)
        text_show_time(made, item->made);
    if (item->seen != 0)
        text_show_time(seen, item->seen);
    printf("%c%-5u%-7u%-13s%-22s%-22s%-20s%s\n", is_current ? '*' : ' ', item->number,
           item->epoch, identity_origin_name(item->origin), made, seen, item->reason,
           cert_issued_to(chain_leaf(&item->chain)));
}

int identity_run_backups(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identities_clear) struct identities all = {0};
    scoped(identity_clear) struct identity now = {0};
    struct error damaged = {0};

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !identities_load(&all, state.fd, err))
        return 0;
    (void)(identity_load(&now, state.fd, false, &damaged) || damaged.msg != E_NONE);
    if (call->json) {
        certs_json_backups(stdout, &all, now.number);
        return 0;
    }
    printf(" %-5s%-7s%-13s%-22s%-22s%-20s%s\n", "No.", "Epoch", "Origin", "Made",
           "First handshake", "Reason", "Name");
    for (size_t i = 0; i < all.n; i++)
        print_backup(&all.item[i], all.item[i].number == now.number);
    printf("\n* in use. To go back: pairgate identity restore No.\n");
    return 0;
}

int identity_run_prune(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *text = "1";
    uint64_t keep = 0;
    size_t removed = 0;

    if (!args_value(&call->args, "--keep", &text, err) ||
        !text_number(&keep, text, 0, IDENTITIES_MAX, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !identity_prune(&removed, state.fd, (size_t)keep, err))
        return 0;
    audit_note(&state, AUDIT_IDENTITY, "prune", "", "%zu removed", removed);
    if (call->json)
        certs_json_count(stdout, "pruned", removed);
    else
        printf("Removed %zu identities and their keys.\n", removed);
    return 0;
}

static int convert(struct call *call, const char *file, struct error *err)
{
    scoped(state_close) struct state state = {0};
    bool only_ca = false;
    size_t n = 0;

    if (!args_end(&call->args, err) ||
        !state_open_or_ca(&state, call->state_dir, &only_ca, err) ||
        !state_lock(&state, err) || !sealed_convert(&n, state.fd, file, err))
        return 0;
    audit_note(&state, AUDIT_IDENTITY, file != NULL ? "encrypt-keys" : "decrypt-keys", "",
               "%zu keys", n);
    if (call->json) {
        certs_json_count(stdout, file != NULL ? "encrypted" : "decrypted", n);
        return 0;
    }
    if (file == NULL)
        printf("Decrypted %zu keys; they lie in the clear, for their owner alone.\n", n);
    else
        printf(
            "Encrypted %zu keys, and every one made from now on. The passphrase is read\n"
            "through the link %s/" SEALED_LINK " whenever a key is used: keep its file\n"
            "off this disk, and in your records.\n",
            n, state.dir);
    return 0;
}

int identity_run_encrypt_key(struct call *call, struct error *err)
{
    const char *file = NULL;

    if (!args_value(&call->args, "--passphrase-file", &file, err))
        return 0;
    if (file == NULL) {
        fail(err, E_USAGE, "--passphrase-file is missing");
        return 0;
    }
    return convert(call, file, err);
}

int identity_run_decrypt_key(struct call *call, struct error *err)
{
    return convert(call, NULL, err);
}

/* A purpose that has no row and that no request can be for is a slip of the pen. */
static bool purpose_is_one(const struct services *services, struct error *err)
{
    const struct csr_profile *profile = NULL;

    return services->has_row || csr_profile_named(&profile, services->purpose, err);
}

int identity_run_services(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity now = {0};
    struct change_wish wish = {.apply = args_flag(&call->args, "--apply")};
    scoped(changes_clear) struct change_facts facts = {0};
    const char *purpose = args_operand(&call->args);

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !changes_prepare(&wish, &state, err) ||
        !identity_load(&now, state.fd, false, err) ||
        !services_load(&facts.services, state.fd,
                       purpose != NULL ? purpose : services_purpose_of(&now), err) ||
        (purpose != NULL && !purpose_is_one(&facts.services, err)))
        return 0;
    if (call->json)
        certs_json_services(stdout, &facts.services);
    return changes_finish(&facts, &wish, &state, call->json, err) ? 0 : 2;
}
