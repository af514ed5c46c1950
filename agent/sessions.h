/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions of the management API, rows of the state database. Of a token the SHA-256 alone
 * is kept. A session ends when it was idle for API_SESSION_IDLE_SECONDS, when its user is
 * removed, and when that user's password changes: whoever does either ends them
 * (session_end_all), for no clock tells which was first.
 */
#pragma once

#include "base/db.h"
#include "pairing/admin.h"

#include <time.h>

#define SESSION_ID_MAX 40    /* a UUID and NUL */
#define SESSION_TOKEN_MAX 50 /* 192 bits in hexadecimal and NUL */
#define SESSION_WORD_MAX 64

struct session {
    char id[SESSION_ID_MAX];
    char name[ADMIN_NAME_MAX];
    enum admin_role role; /* as it is now */
    char kind[SESSION_WORD_MAX];
    char address[SESSION_WORD_MAX];
    time_t created, used;
};

/* A new one; name, role, kind and address are set in it. E_API_SESSIONS. */
must_check bool session_begin(struct session *session, char token[SESSION_TOKEN_MAX],
                              struct db *db, time_t now, struct error *err);
/* That of the token, which is used now. E_API_LOGIN. */
must_check bool session_find(struct session *out, struct db *db, const char *token,
                             time_t now, struct error *err);
/* E_API_SESSION_UNKNOWN. */
must_check bool session_load(struct session *out, struct db *db, const char *id, time_t now,
                             struct error *err);
must_check bool session_end(struct db *db, const char *id, struct error *err);
/* Every one of this name, which has another password now, or is nobody's any more. */
must_check bool session_end_all(struct db *db, const char *name, struct error *err);
/* All that live, oldest first, through a query the caller steps. */
must_check bool session_list(struct query *out, struct db *db, time_t now,
                             struct error *err);
void session_read(struct session *out, const struct query *row);
