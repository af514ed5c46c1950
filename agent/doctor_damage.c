/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could not be used on the day it is needed: every file is read as its owner reads it.
 */
#include "agent/doctor.h"

#include "agent/hooks.h"
#include "agent/move.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/ca.h"
#include "certs/issued.h"
#include "certs/ledger.h"
#include "certs/sealed.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIGRATIONS "migrations"
#define ROOT_KEY "root-key.pem"
#define PATH_ROOM 64

static void tell(struct report *out, enum severity severity, const char *what,
                 const struct error *why)
{
    struct error finding = {0};

    fail(&finding, E_DOCTOR_DAMAGED, "%.100s: %.300s", what, why->about);
    finding.severity = severity;
    report_add(out, &finding);
}

static bool anchor_reads(int state, const struct identity *identity, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    scoped(chain_clear) struct chain anchor = {0};
    char path[PATH_ROOM];

    snprintf(path, sizeof(path), IDENTITY_DIR "/%u/anchor.pem", identity->number);
    return identity->origin != IDENTITY_CHAIN ||
           (fs_read_at(&pem, state, path, err) &&
            chain_parse(&anchor, buf_span(&pem), err));
}

/* One that may be wanted back, with its private key. */
static void examine_backup(struct report *out, int state, unsigned number,
                           enum severity severity)
{
    scoped(identity_clear) struct identity identity = {0};
    struct error why = {0};
    char what[PATH_ROOM];

    snprintf(what, sizeof(what), IDENTITY_DIR "/%u", number);
    if (!identity_load_number(&identity, state, number, true, &why) ||
        !anchor_reads(state, &identity, &why))
        tell(out, severity, what, &why);
}

static void examine_identities(struct report *out, int state)
{
    scoped(identities_clear) struct identities all = {0};
    scoped(identity_clear) struct identity current = {0};
    struct identity_rollback rollback = {0};
    struct error why = {0}, unknown = {0};

    if (!identity_rollback_read(&rollback, state, &why) ||
        !identities_load(&all, state, &why))
        tell(out, SEVERITY_ERROR, IDENTITY_DIR, &why);
    (void)!identity_load(&current, state, false, &unknown);
    for (size_t i = 0; i < all.n; i++)
        examine_backup(out, state, all.item[i].number,
                       all.item[i].number == current.number ? SEVERITY_ERROR
                                                            : SEVERITY_WARNING);
}

static void examine_requests(struct report *out, int state)
{
    scoped(ledger_clear) struct ledger ledger = {0};
    struct error why = {0};

    if (!ledger_load(&ledger, state, &why))
        tell(out, SEVERITY_WARNING, REQUESTS_DIR, &why);
    for (size_t i = 0; i < ledger.damages; i++)
        report_add(out, &ledger.damaged[i].why);
    for (size_t i = 0; i < ledger.n; i++) {
        scoped(key_clear) struct key key = {0};
        struct error bad = {0};
        char what[PATH_ROOM];

        snprintf(what, sizeof(what), REQUESTS_DIR "/%s", ledger.item[i].id);
        if (!ledger_load_key(&key, state, &ledger.item[i], &bad))
            tell(out, SEVERITY_WARNING, what, &bad);
    }
}

static bool root_key_reads(int state, struct error *err)
{
    scoped(fd_close) int dir = -1;
    scoped(key_clear) struct key key = {0};

    return fs_open_dir(&dir, state, CA_DIR, err) &&
           (faccessat(dir, ROOT_KEY, F_OK, 0) != 0 ||
            sealed_read(&key, state, dir, ROOT_KEY, err));
}

static void examine_ca(struct report *out, int state)
{
    scoped(issued_list_clear) struct issued_list issued = {0};
    scoped(ca_clear) struct ca ca = {0};
    struct error why = {0};

    if (faccessat(state, CA_DIR, F_OK, 0) != 0)
        return;
    if (!ca_load(&ca, state, &why))
        tell(out, SEVERITY_WARNING, CA_DIR "/key.pem, " CA_DIR "/chain.pem", &why);
    why = (struct error){0};
    if (!issued_load(&issued, state, &why))
        tell(out, SEVERITY_WARNING, "ca.issued", &why);
    why = (struct error){0};
    if (!root_key_reads(state, &why))
        tell(out, SEVERITY_WARNING, CA_DIR "/" ROOT_KEY, &why);
}

static void examine_plans(struct report *out, int state)
{
    scoped(dir_close) DIR *list = dir_open(state, MIGRATIONS, 0);
    const struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        struct move_plan plan = {0};
        struct error why = {0};
        char what[sizeof(MIGRATIONS) + NAME_MAX + sizeof("/plan")];

        snprintf(what, sizeof(what), MIGRATIONS "/%s/plan", entry->d_name);
        if (text_starts(entry->d_name, "m-") &&
            !plan_load(&plan, state, entry->d_name, &why))
            tell(out, SEVERITY_WARNING, what, &why);
    }
}

static void examine_database(struct report *out, struct state *state)
{
    struct error why = {0};
    struct stat st;

    if (fstatat(state->fd, STATE_DB_FILE, &st, 0) != 0)
        return;
    if (state_open_db(state, &why))
        (void)!db_check(&state->db, &why);
    if (why.msg != E_NONE)
        tell(out, SEVERITY_ERROR, STATE_DB_FILE, &why);
    db_close(&state->db);
}

void doctor_damage(struct report *out, struct state *state)
{
    struct error why = {0};
    unsigned seconds = 0;

    examine_identities(out, state->fd);
    examine_requests(out, state->fd);
    examine_ca(out, state->fd);
    examine_plans(out, state->fd);
    examine_database(out, state);
    if (!hook_seconds(&seconds, state, &why))
        tell(out, SEVERITY_WARNING, "hooks/seconds", &why);
}
