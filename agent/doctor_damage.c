/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could not be used on the day it is needed: every file is read as its owner reads it.
 */
#include "agent/doctor.h"

#include "agent/authority.h"
#include "agent/hooks.h"
#include "agent/move.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/ca.h"
#include "certs/issued.h"
#include "certs/ledger.h"
#include "certs/sealed.h"
#include "transfer/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_KEY "root-key.pem"
#define PATH_ROOM 64

/* The file itself or one below it, not another whose name goes on. */
static bool is_about(const char *about, const char *what)
{
    return text_starts(about, what) && strchr("/: ", about[strlen(what)]) != NULL;
}

/* `why` may begin with the file already. */
static void tell(struct report *out, enum severity severity, const char *what,
                 const struct error *why)
{
    const bool named = is_about(why->about, what);
    struct error finding = {0};

    fail(&finding, E_DOCTOR_DAMAGED, "%.100s%s%.300s", named ? "" : what, named ? "" : ": ",
         why->about);
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
    bool has = false;

    return fs_open_dir(&dir, state, CA_DIR, err) && fs_has(&has, dir, ROOT_KEY, err) &&
           (!has || sealed_read(&key, state, dir, ROOT_KEY, err));
}

static void examine_ca(struct report *out, int state)
{
    scoped(issued_list_clear) struct issued_list issued = {0};
    scoped(ca_clear) struct ca ca = {0};
    struct error why = {0};
    bool has = false;

    if (!fs_has(&has, state, CA_DIR, &why))
        tell(out, SEVERITY_WARNING, CA_DIR, &why);
    if (!has)
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

static bool reads_as(enum digest_kind kind, int work, unsigned generation,
                     struct error *err)
{
    scoped(manifest_clear) struct manifest listing = {0};

    *err = (struct error){0};
    return manifest_open(&listing, work, generation, kind, err);
}

/* By the digest that is likely, or by the other one. A migration may be going on: what was
 * closed between the look at its last page and the one at its end is well the next time. */
static bool listing_reads(enum digest_kind likely, int work, unsigned generation,
                          struct error *err)
{
    const enum digest_kind other = likely == DIGEST_BLAKE3 ? DIGEST_SHA256 : DIGEST_BLAKE3;
    struct error unlikely = {0};

    for (int look = 0; look < 2; look++)
        if (reads_as(likely, work, generation, err) ||
            reads_as(other, work, generation, &unlikely))
            return true;
    return false;
}

/* What the peers agreed on is in no file, and in the database unless that is damaged. */
static enum digest_kind likely_kind(struct db *db, const char *migration)
{
    struct migration_facts facts = {0};
    struct error unknown = {0};

    return db->handle != NULL && migration_facts_load(&facts, db, migration, &unknown)
               ? facts.kind
               : DIGEST_BLAKE3;
}

/* A later generation is there once the one before it is. */
static void examine_listings(struct report *out, int work, enum digest_kind likely,
                             const char *migration)
{
    bool there = true;

    for (unsigned generation = 1; there; generation++) {
        struct error why = {0};
        char what[sizeof(MIGRATIONS_DIR) + NAME_MAX + sizeof("/manifest-4294967295")];

        snprintf(what, sizeof(what), MIGRATIONS_DIR "/%s/manifest-%u", migration,
                 generation);
        if (!manifest_is_there(&there, work, generation, &why) ||
            (there && !listing_reads(likely, work, generation, &why)))
            tell(out, SEVERITY_WARNING, what, &why);
    }
}

static void examine_migration(struct report *out, struct state *state,
                              const char *migration)
{
    scoped(fd_close) int work = -1;
    struct move_plan plan = {0};
    struct error why = {0};
    char what[sizeof(MIGRATIONS_DIR) + NAME_MAX + sizeof("/plan")];

    snprintf(what, sizeof(what), MIGRATIONS_DIR "/%s/plan", migration);
    if (!plan_load(&plan, state->fd, migration, &why))
        tell(out, SEVERITY_WARNING, what, &why);
    snprintf(what, sizeof(what), MIGRATIONS_DIR "/%s", migration);
    why = (struct error){0};
    if (fs_open_dir(&work, state->fd, what, &why))
        examine_listings(out, work, likely_kind(&state->db, migration), migration);
    else
        tell(out, SEVERITY_WARNING, what, &why);
}

static void examine_migrations(struct report *out, struct state *state)
{
    scoped(dir_close) DIR *list = dir_open(state->fd, MIGRATIONS_DIR, 0);
    const struct dirent *entry;
    struct error why = {0}, told_later = {0};
    bool has = false;

    if (list == NULL && errno == ENOENT)
        return;
    if (list != NULL) {
        if (fs_has(&has, state->fd, STATE_DB_FILE, &told_later) && has)
            (void)!state_open_db(state, &told_later);
        while ((entry = dir_next(list)) != NULL)
            if (text_starts(entry->d_name, "m-"))
                examine_migration(out, state, entry->d_name);
    }
    if (errno != 0) {
        fail_errno(&why, E_FILE_READ, MIGRATIONS_DIR);
        tell(out, SEVERITY_WARNING, MIGRATIONS_DIR, &why);
    }
    db_close(&state->db);
}

static void examine_database(struct report *out, struct state *state)
{
    struct error why = {0};
    bool has = false;

    if (fs_has(&has, state->fd, STATE_DB_FILE, &why) && !has)
        return;
    if (why.msg == E_NONE && state_open_db(state, &why))
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
    examine_migrations(out, state);
    examine_database(out, state);
    if (!hook_seconds(&seconds, state, &why))
        tell(out, SEVERITY_WARNING, "hooks/seconds", &why);
}
