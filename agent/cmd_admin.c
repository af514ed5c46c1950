/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's administrators: whose password authorises a migration. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/passphrase.h"
#include "agent/sessions.h"
#include "base/text.h"
#include "pairing/admin.h"

#include <stdio.h>
#include <string.h>

static bool source_read(struct passphrase_source *out, struct args *args, struct error *err)
{
    if (!args_value(args, "--password-file", &out->file, err) ||
        !args_value(args, "--password-fd", &out->fd, err))
        return false;
    return out->file == NULL || out->fd == NULL ||
           fail(err, E_USAGE, "--password-file and --password-fd");
}

/* Who has a new password has no session of before. */
static bool set(struct db *db, const char *name, const char *password,
                const enum admin_role *role, time_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};

    return db_begin(&change, db, err) &&
           (role != NULL ? admin_add(db, name, password, *role, now, err)
                         : admin_change(db, name, password, now, err)) &&
           session_end_all(db, name, err) && db_commit(&change, err);
}

static bool remove_admin(struct db *db, const char *name, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};

    return db_begin(&change, db, err) && admin_remove(db, name, err) &&
           session_end_all(db, name, err) && db_commit(&change, err);
}

/* `role` NULL: of one that is there the password alone. */
static int set_password(struct call *call, const enum admin_role *role, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(buf_clear) struct buf password = {0};
    struct passphrase_source source = {0};
    const char *name = NULL;

    if (!source_read(&source, &call->args, err) ||
        !args_need(&call->args, "NAME", &name, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !admin_may_set(&state.db, name, role != NULL, err) ||
        !passphrase_take_new(&password, &source, name, err) ||
        !set(&state.db, name, (const char *)password.at, role, call->now, err))
        return 2;
    audit_note(&state, AUDIT_ADMINISTRATOR, role != NULL ? "add" : "passwd", name, "%s",
               role != NULL ? admin_role_name(*role) : "");
    if (call->json)
        printf("{\"name\":\"%s\"}\n", name);
    return 0;
}

static int run_add(struct call *call, struct error *err)
{
    const char *name = "administrator";
    enum admin_role role;

    if (!args_value(&call->args, "--role", &name, err) ||
        !admin_role_named(&role, name, err))
        return 64;
    return set_password(call, &role, err);
}

static int run_passwd(struct call *call, struct error *err)
{
    return set_password(call, NULL, err);
}

static int run_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(query_end) struct query row = {0};

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !admin_list(&row, &state.db, err))
        return 2;
    while (query_next(&row, err)) {
        char created[TIME_TEXT_MAX], changed[TIME_TEXT_MAX];
        struct admin admin;

        admin_read(&admin, &row);
        text_show_time(created, admin.created);
        text_show_time(changed, admin.changed);
        printf(call->json ? "{\"name\":\"%s\",\"role\":\"%s\",\"created\":\"%s\","
                            "\"changed\":\"%s\"}\n"
                          : "%-32s  %-13s  since %s, password of %s\n",
               admin.name, admin_role_name(admin.role), created, changed);
    }
    return 0;
}

static int run_remove(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *name = NULL;

    if (!args_need(&call->args, "NAME", &name, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !remove_admin(&state.db, name, err))
        return 2;
    audit_note(&state, AUDIT_ADMINISTRATOR, "remove", name, "%s", "");
    if (call->json)
        printf("{\"name\":\"%s\"}\n", name);
    return 0;
}

#define PASSWORD_WORDS "[--password-file F | --password-fd N] NAME"

const struct command commands_admin[] = {
    {"admin add", "[--role administrator|observer] " PASSWORD_WORDS,
     "Target: an administrator whose password authorises a migration.", run_add},
    {"admin passwd", PASSWORD_WORDS, "Target: give an administrator a new password.",
     run_passwd},
    {"admin list", "", "Target: the administrators.", run_list},
    {"admin remove", "NAME", "Target: this administrator authorises nothing any more.",
     run_remove},
    {0},
};
