/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is calling the management API: by the token of a session, or by name and password
 * (RFC 7617). A password is checked in a process of its own, since that takes a while on
 * purpose; that it was right is remembered for a few minutes, as a digest under a key that
 * never leaves this process. Wrong ones slow down their name, and too many in a minute shut
 * out the address, as those of the peer port do.
 */
#pragma once

#include "agent/api_task.h"
#include "agent/door.h"

#define LOGIN_CHECK_SECONDS 20
#define LOGIN_KNOWN_MAX 32
#define LOGIN_KNOWN_SECONDS 300

/* A name and a password, and what they are checked against. */
struct login_try {
    char name[ADMIN_NAME_MAX];
    char password[PASSWORD_BYTES_MAX + 1];
    struct digest mark; /* stands for the name */
    struct verifier verifier;
    enum admin_role role;
};

struct login {
    struct digest key;
    struct door guesses;  /* by address */
    struct slowdown slow; /* by name */
    struct {
        struct digest what; /* of name and password */
        struct digest stored_key;
        time_t until;
    } known[LOGIN_KNOWN_MAX];
    size_t next;
};

enum login_result { LOGIN_DONE, LOGIN_CHECK, LOGIN_REFUSED };

must_check bool login_open(struct login *out, struct error *err);
/* Wipes what it remembers. */
void login_close(struct login *login);
/* By what came with the request: visit->caller is set, or `try` has to be checked. */
enum login_result login_begin(struct login *login, struct api_visit *visit,
                              struct login_try *try, struct error *err);
/* The same by a name and a password in the body. */
enum login_result login_begin_with(struct login *login, struct api_visit *visit,
                                   struct login_try *try, const char *name,
                                   const char *password, struct error *err);
/* Begin the check; it ends with status 0 when the password is right. */
must_check bool login_check(struct api_task *task, const struct login_try *try,
                            struct error *err);
/* It has ended. False, with E_API_LOGIN, when the password was wrong. */
must_check bool login_checked(struct login *login, struct api_visit *visit,
                              const struct login_try *try, bool right, struct error *err);

/* Name and password of "Basic BASE64", the password behind the first colon. E_API_LOGIN. */
must_check bool login_read_basic(struct login_try *out, const char *authorization,
                                 struct error *err);
