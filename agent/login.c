/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/login.h"

#include "agent/sessions.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

bool login_open(struct login *out, struct error *err)
{
    *out = (struct login){0};
    if (!random_fill(out->key.byte, sizeof(out->key.byte), err))
        return false;
    door_open(&out->guesses);
    return true;
}

void login_close(struct login *login)
{
    door_close(&login->guesses);
    mem_wipe(login, sizeof(*login));
}

static int64_t ms(time_t seconds)
{
    return (int64_t)seconds * 1000;
}

static enum api_role role_of(enum admin_role role)
{
    return role == ADMIN_FULL ? API_ADMINISTRATOR : API_OBSERVER;
}

static void become(struct api_visit *visit, const char *name, enum admin_role role)
{
    (void)text_fits(visit->caller.name, name);
    visit->caller.role = role_of(role);
}

/* ---- what was right a moment ago ---- */

static void digest_try(struct digest *out, const struct login *login,
                       const struct login_try *try)
{
    struct digest inner;

    digest_keyed(&inner, digest_span(&login->key), span_text(try->name));
    digest_keyed(out, digest_span(&inner), span_text(try->password));
    mem_wipe(&inner, sizeof(inner));
}

/* A password that was changed since is not the one that was right. */
static bool is_known(const struct login *login, const struct login_try *try, time_t now)
{
    struct digest what;
    bool known = false;

    digest_try(&what, login, try);
    for (size_t i = 0; i < LOGIN_KNOWN_MAX; i++)
        known |= digest_equal(&login->known[i].what, &what) &&
                 digest_equal(&login->known[i].stored_key, &try->verifier.stored_key) &&
                 now < login->known[i].until &&
                 now >= login->known[i].until - LOGIN_KNOWN_SECONDS;
    return known;
}

static void remember(struct login *login, const struct login_try *try, time_t now)
{
    const size_t i = login->next++ % LOGIN_KNOWN_MAX;

    digest_try(&login->known[i].what, login, try);
    login->known[i].stored_key = try->verifier.stored_key;
    login->known[i].until = now + LOGIN_KNOWN_SECONDS;
}

/* ---- credentials ---- */

bool login_read_basic(struct login_try *out, const char *authorization, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(API_CREDENTIALS_MAX);
    struct error why = {0};
    struct span both;
    size_t n = 0;

    if (strncasecmp(authorization, "Basic ", 6) != 0 ||
        !text_base64_decode(&text, span_text(authorization + 6), &why))
        return fail(err, E_API_LOGIN, "the header Authorization is not Basic");
    both = buf_span(&text);
    if (!span_find(both, ":", &n) || memchr(both.at, '\0', both.n) != NULL ||
        !text_copy_span(out->name, sizeof(out->name), span_head(both, n)) ||
        !text_copy_span(out->password, sizeof(out->password), span_after(both, n + 1)))
        return fail(err, E_API_LOGIN, "name or password are not as they may be");
    return true;
}

/* Wrong ones count for the address as origins are counted. */
static bool is_shut(struct login *login, const struct api_visit *visit)
{
    char host[ORIGIN_HOST_MAX];

    origin_show(host, visit->request->address);
    return host[0] != '\0' && door_is_shut_for(&login->guesses, host, ms(visit->now));
}

static void count_wrong(struct login *login, const struct api_visit *visit)
{
    char host[ORIGIN_HOST_MAX];

    origin_show(host, visit->request->address);
    if (host[0] != '\0')
        door_count_failure(&login->guesses, host, ms(visit->now));
}

static enum login_result by_password(struct login *login, struct api_visit *visit,
                                     struct login_try *try, struct error *err)
{
    if (is_shut(login, visit)) {
        visit->reply.retry_after = 60;
        fail(err, E_API_GUESSES, "%s", visit->request->address);
        return LOGIN_REFUSED;
    }
    if (!admin_verifier_of_any(&try->verifier, &try->role, &try->mark, &visit->state->db,
                               try->name, err))
        return LOGIN_REFUSED;
    if (!is_known(login, try, visit->now))
        return LOGIN_CHECK;
    become(visit, try->name, try->role);
    return LOGIN_DONE;
}

static enum login_result by_token(struct api_visit *visit, struct error *err)
{
    struct session session;

    if (!session_find(&session, &visit->state->db, visit->request->token, visit->now, err))
        return LOGIN_REFUSED;
    become(visit, session.name, session.role);
    (void)text_fits(visit->caller.session, session.id);
    return LOGIN_DONE;
}

/* If both come, the token counts. */
enum login_result login_begin(struct login *login, struct api_visit *visit,
                              struct login_try *try, struct error *err)
{
    if (visit->request->token[0] != '\0')
        return by_token(visit, err);
    if (visit->request->authorization[0] == '\0')
        return LOGIN_DONE;
    return login_read_basic(try, visit->request->authorization, err)
               ? by_password(login, visit, try, err)
               : LOGIN_REFUSED;
}

enum login_result login_begin_with(struct login *login, struct api_visit *visit,
                                   struct login_try *try, const char *name,
                                   const char *password, struct error *err)
{
    if (text_fits(try->name, name) && text_fits(try->password, password))
        return by_password(login, visit, try, err);
    fail(err, E_API_LOGIN, "name or password are not as they may be");
    return LOGIN_REFUSED;
}

static int check_try(const void *at)
{
    const struct login_try *try = at;
    struct error err = {0};
    bool right = false;

    return verifier_accepts(&try->verifier, try->password, &right, &err) && right ? 0 : 1;
}

bool login_check(struct api_task *task, const struct login_try *try, struct error *err)
{
    return api_task_fork(task, check_try, try, LOGIN_CHECK_SECONDS, err);
}

/* It was changed while it was checked. */
static bool is_still_that(const struct api_visit *visit, const struct login_try *try)
{
    struct error err = {0};
    struct verifier now;
    struct digest mark;
    enum admin_role role;

    return admin_verifier_of_any(&now, &role, &mark, &visit->state->db, try->name, &err) &&
           digest_equal(&now.stored_key, &try->verifier.stored_key);
}

bool login_checked(struct login *login, struct api_visit *visit,
                   const struct login_try *try, bool right, struct error *err)
{
    visit->reply.pause = slowdown_seconds(&login->slow, &try->mark, visit->now);
    if (right && is_still_that(visit, try)) {
        slowdown_forget(&login->slow, &try->mark);
        remember(login, try, visit->now);
        become(visit, try->name, try->role);
        return true;
    }
    slowdown_count(&login->slow, &try->mark, visit->now);
    count_wrong(login, visit);
    return fail(err, E_API_LOGIN, "name or password are wrong");
}
