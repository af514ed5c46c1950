/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Administrators of the target who may authorise a pairing by their password. Stored is a
 * SCRAM verifier. A name that nobody has looks like any other: its verifier is made from a
 * key of this state directory, the same every time.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "pairing/authorize.h"

#include <time.h>

#define PASSWORD_CHARACTERS_MIN 10
#define PASSWORD_BYTES_MAX 256

/* An observer may look, over the management API, and authorises nothing. */
enum admin_role { ADMIN_OBSERVER, ADMIN_FULL };
const char *admin_role_name(enum admin_role role);
/* E_ADMIN_ROLE. */
must_check bool admin_role_named(enum admin_role *out, const char *name, struct error *err);

struct admin {
    char name[ADMIN_NAME_MAX];
    enum admin_role role;
    time_t created, changed;
};

/* E_ADMIN_NAME. */
must_check bool admin_name_is_fit(const char *name, struct error *err);
/* What refuses a name before its password is asked for: E_ADMIN_NAME, and E_ADMIN_EXISTS of
 * a new one, E_ADMIN_UNKNOWN of another. */
must_check bool admin_may_set(struct db *db, const char *name, bool is_new,
                              struct error *err);
/* E_PASSWORD_FORM. */
must_check bool admin_password_is_fit(const char *password, struct error *err);
/* Both of these, and E_ADMIN_EXISTS. */
must_check bool admin_add(struct db *db, const char *name, const char *password,
                          enum admin_role role, time_t now, struct error *err);
must_check bool admin_change(struct db *db, const char *name, const char *password,
                             time_t now, struct error *err);
must_check bool admin_remove(struct db *db, const char *name, struct error *err);
must_check bool admin_load(struct admin *out, struct db *db, const char *name,
                           struct error *err);
/* All of them by name, through a query the caller steps. */
must_check bool admin_list(struct query *out, struct db *db, struct error *err);
void admin_read(struct admin *out, const struct query *row);

/* What a proof by this name is checked against, and a digest that stands for the name. */
must_check bool admin_verifier(struct verifier *out, struct digest *name_mark,
                               struct db *db, const char *name, struct error *err);
/* The same for one who logs in to look or to manage, observers too. */
must_check bool admin_verifier_of_any(struct verifier *out, enum admin_role *role,
                                      struct digest *name_mark, struct db *db,
                                      const char *name, struct error *err);

/*
 * Wrong passwords slow down the name they were tried with, never for longer than
 * SLOW_SECONDS_MAX at a time: nobody is locked out by somebody else's guesses. Known and
 * unknown names are counted alike, in places that several of them may share.
 */
#define SLOW_PLACES 256
#define SLOW_FREE 2        /* mistakes that cost nothing */
#define SLOW_SECONDS_MAX 8 /* below the patience of a connection */
#define SLOW_FORGET_SECONDS 900
struct slowdown {
    struct {
        unsigned failures;
        int64_t at; /* the newest */
    } place[SLOW_PLACES];
};
unsigned slowdown_seconds(const struct slowdown *slow, const struct digest *name_mark,
                          int64_t now);
void slowdown_count(struct slowdown *slow, const struct digest *name_mark, int64_t now);
/* The right password was given. */
void slowdown_forget(struct slowdown *slow, const struct digest *name_mark);
