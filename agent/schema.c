/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/schema.h"

#include "base/scope.h"

const char *const schema_steps[] = {
    /* 1: invitations, pairings, grants, migrations, finished segments */
    "CREATE TABLE invitation ("
    " selector INTEGER PRIMARY KEY, for_name TEXT NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, salt BLOB NOT NULL, iterations INTEGER NOT NULL,"
    " stored_key BLOB NOT NULL, server_key BLOB NOT NULL, failures INTEGER NOT NULL DEFAULT 0,"
    " used_by BLOB, used INTEGER) STRICT;"
    "CREATE TABLE grants ("
    " id TEXT PRIMARY KEY, side TEXT NOT NULL, peer_server_key BLOB NOT NULL,"
    " peer_client_key BLOB NOT NULL, peer_name TEXT NOT NULL, migration TEXT NOT NULL,"
    " byte_ceiling INTEGER NOT NULL, issued INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,"
    " transcript TEXT NOT NULL, pinned INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX grants_key ON grants (peer_client_key);"
    "CREATE TABLE migration ("
    " id TEXT PRIMARY KEY, side TEXT NOT NULL, grant_id TEXT NOT NULL REFERENCES grants (id),"
    " name TEXT NOT NULL, directory TEXT NOT NULL, peer TEXT NOT NULL, state TEXT NOT NULL,"
    " generation INTEGER NOT NULL, epoch INTEGER NOT NULL, digest TEXT NOT NULL,"
    " terms_epoch INTEGER, manifest_root BLOB, contents_root BLOB,"
    " files INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,"
    " segments INTEGER NOT NULL DEFAULT 0,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL, receipt TEXT) STRICT;"
    "CREATE TABLE segment ("
    " migration TEXT NOT NULL REFERENCES migration (id), generation INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, digests BLOB NOT NULL,"
    " PRIMARY KEY (migration, generation, first, last)) STRICT;"
    "CREATE TABLE statement ("
    " migration TEXT NOT NULL REFERENCES migration (id), kind TEXT NOT NULL,"
    " body BLOB NOT NULL, signature BLOB NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (migration, kind)) STRICT, WITHOUT ROWID;",
    /* audit: the record, which only grows, and its signed heads */
    "CREATE TABLE audit ("
    " seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL,"
    " subject TEXT NOT NULL, details TEXT NOT NULL, previous BLOB NOT NULL,"
    " hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE audit_head ("
    " seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, spki_sha256 BLOB NOT NULL,"
    " signature BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE (ABORT, 'the record only grows'); END;"
    "CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE (ABORT, 'the record only grows'); END;"
    "CREATE TRIGGER audit_head_kept BEFORE DELETE ON audit_head"
    " BEGIN SELECT RAISE (ABORT, 'the record only grows'); END;"
    "CREATE TRIGGER audit_head_fixed BEFORE UPDATE ON audit_head"
    " BEGIN SELECT RAISE (ABORT, 'the record only grows'); END;",
    /* administrators, approvals, a key for the names that nobody has */
    "CREATE TABLE admin ("
    " name TEXT PRIMARY KEY, created INTEGER NOT NULL, changed INTEGER NOT NULL,"
    " salt BLOB NOT NULL, iterations INTEGER NOT NULL, stored_key BLOB NOT NULL,"
    " server_key BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE secret ("
    " name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE pairing ("
    " id TEXT PRIMARY KEY, state TEXT NOT NULL, client_key BLOB NOT NULL,"
    " channel BLOB NOT NULL UNIQUE, peer TEXT NOT NULL, name TEXT NOT NULL,"
    " address TEXT NOT NULL, code TEXT NOT NULL, rungs INTEGER NOT NULL,"
    " warnings INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, changed INTEGER NOT NULL, grant_id TEXT) STRICT;",
    /* both policies in a grant; a target's receipts in the order it signed them */
    "ALTER TABLE grants ADD COLUMN policy TEXT NOT NULL DEFAULT 'default';"
    "ALTER TABLE grants ADD COLUMN peer_policy TEXT NOT NULL DEFAULT 'default';"
    "CREATE TABLE receipt ("
    " seq INTEGER PRIMARY KEY, migration TEXT NOT NULL UNIQUE REFERENCES migration (id),"
    " hash BLOB NOT NULL) STRICT;",
    /* whether a source has ever shown that it knows of its grant */
    "ALTER TABLE grants ADD COLUMN heard INTEGER NOT NULL DEFAULT 1;",
    /* hooks: what has been run for which migration; what was committed before is served */
    "CREATE TABLE hook ("
    " migration TEXT NOT NULL REFERENCES migration (id), name TEXT NOT NULL,"
    " outcome TEXT NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (migration, name)) STRICT, WITHOUT ROWID;"
    "INSERT INTO hook SELECT id, 'target-activate', 'done', changed FROM migration"
    " WHERE side = 'target' AND state = 'committed';",
    /* which migration an invitation was used for; of before, where no other one fits */
    "ALTER TABLE invitation ADD COLUMN migration TEXT NOT NULL DEFAULT '';"
    "UPDATE invitation SET migration = coalesce ((SELECT min (g.migration) FROM grants g"
    " WHERE g.side = 'target' AND g.peer_client_key = used_by AND g.issued = used"
    " GROUP BY g.peer_client_key HAVING count (DISTINCT g.migration) = 1), '')"
    " WHERE used_by IS NOT NULL;",
    /* commands that the management API has started */
    "CREATE TABLE job ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, pid INTEGER NOT NULL,"
    " command TEXT NOT NULL, subject TEXT NOT NULL, by TEXT NOT NULL,"
    " migration TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0,"
    " status INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT -1,"
    " total INTEGER NOT NULL DEFAULT 0, rate INTEGER NOT NULL DEFAULT 0,"
    " finding TEXT NOT NULL DEFAULT '') STRICT;",
    /* who may only look; sessions of the management API, their tokens as SHA-256 alone */
    "ALTER TABLE admin ADD COLUMN role TEXT NOT NULL DEFAULT 'administrator';"
    "CREATE TABLE session ("
    " id TEXT PRIMARY KEY, token BLOB NOT NULL UNIQUE, name TEXT NOT NULL,"
    " kind TEXT NOT NULL, address TEXT NOT NULL, created INTEGER NOT NULL,"
    " used INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    /* one that a new password ended was kept as a row that did not count */
    "DELETE FROM session;",
    /* committing because a person has typed a takeover (enum handover_typed) */
    "ALTER TABLE migration ADD COLUMN typed INTEGER NOT NULL DEFAULT 0;",
};

const size_t schema_count = COUNT(schema_steps);
