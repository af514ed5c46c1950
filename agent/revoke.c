/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/revoke.h"

#include "base/text.h"
#include "pairing/approval.h"
#include "transfer/handover.h"

/* Until the data has, or may have, another owner. */
static bool may_be_revoked(enum handover_state state)
{
    return state == TARGET_RECEIVING || state == TARGET_SEALED || state == TARGET_ABORTED;
}

/* One transaction: the supervisor moves the migration before it or after it. */
static bool revoke_migration(struct db *db, const char *migration, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    struct handover handover = {0};

    if (!db_begin(&change, db, err) || !handover_load(&handover, db, migration, err))
        return false;
    if (!may_be_revoked(handover.state))
        return fail(err, E_REVOKE_LATE, "%s is %s", migration,
                    handover_state_name(handover.state));
    return grant_revoke_all(db, migration, err) && db_commit(&change, err);
}

static bool of_grant(char migration[MIGRATION_ID_MAX], struct db *db, const char *id,
                     struct error *err)
{
    struct grant grant = {0};
    struct error none = {0};

    if (!grant_load_id(&grant, db, id, &none))
        return fail(err, E_PAIRING_UNKNOWN, "%s", id);
    return text_copy(migration, MIGRATION_ID_MAX, grant.migration);
}

static bool of_migration(char migration[MIGRATION_ID_MAX], struct db *db, const char *id,
                         struct error *err)
{
    struct grant grant = {0};
    struct error none = {0};

    if (!grant_load(&grant, db, id, "target", &none))
        return fail(err, E_PAIRING_UNKNOWN, "%s", id);
    return text_copy(migration, MIGRATION_ID_MAX, grant.migration);
}

bool revoke(char migration[MIGRATION_ID_MAX], struct db *db, const char *id, time_t now,
            struct error *err)
{
    struct pairing pairing = {0};

    migration[0] = '\0';
    if (text_starts(id, "p-")) {
        if (!pairing_load(&pairing, db, id, err))
            return false;
        if (pairing.state != PAIRING_GRANTED)
            return pairing_decide(db, id, false, now, err);
        id = pairing.grant_id;
    }
    return (text_starts(id, "m-") ? of_migration(migration, db, id, err)
                                  : of_grant(migration, db, id, err)) &&
           revoke_migration(db, migration, err);
}
