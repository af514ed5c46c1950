/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who called the management API, for the record. */
#include "agent/audit_json.h"
#include "agent/audit_note.h"
#include "agent/bounds.h"
#include "agent/clerk_parts.h"
#include "agent/view_text.h"
#include "base/text.h"

#include <stdio.h>

#define REQUEST_TEXT_MAX (API_METHOD_MAX + API_PATH_MAX)

/* The name; of a refused login that which was tried. */
static void show_who(char out[ADMIN_NAME_MAX], const struct window *window)
{
    const struct api_visit *visit = &window->visit;

    if (window->end.local)
        snprintf(out, ADMIN_NAME_MAX, "uid %u", window->request.uid);
    else if (visit->caller.name[0] != '\0')
        (void)text_copy(out, ADMIN_NAME_MAX, visit->caller.name);
    else
        (void)text_copy(out, ADMIN_NAME_MAX,
                        window->try.name[0] != '\0' ? window->try.name : "nobody");
}

static const char *way_of(const struct window *window)
{
    if (window->end.local)
        return "local socket";
    if (window->visit.route->logs_in)
        return "new session";
    return window->request.token[0] != '\0' ? "session" : "basic";
}

/* Those that have nothing to say are left out. */
static bool put_facts(struct buf *out, const struct window *window, const struct error *why,
                      struct error *err)
{
    const struct api_visit *visit = &window->visit;
    const char *command = visit->route->command;
    const bool refused = why->msg != E_NONE;
    char request[REQUEST_TEXT_MAX];
    const struct audit_fact all[] = {
        {"way", way_of(window), 0},
        {"address", window->request.address, 0},
        {"session", visit->caller.session, 0},
        {"request", request, 0},
        {"command", command != NULL ? command : "", 0},
        {"finding", refused ? message_of(why->msg)->id : "", 0},
        {"message", refused ? message_of(why->msg)->text : "", 0},
        {"detail", why->about, 0}};
    struct audit_fact said[COUNT(all)];
    size_t n = 0;

    snprintf(request, sizeof(request), "%s %s", window->request.method,
             window->request.path);
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i].text[0] != '\0')
            said[n++] = all[i];
    return audit_json_facts(out, said, n, err);
}

static bool write(struct clerk *clerk, const struct window *window, const char *event,
                  const struct error *why, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    char who[ADMIN_NAME_MAX];
    struct audit_entry entry = {.kind = AUDIT_MANAGEMENT, .event = event, .subject = who};

    show_who(who, window);
    if (!put_facts(&details, window, why, err))
        return false;
    entry.details = buf_span(&details);
    return audit_note_entry(clerk->state, &entry, err);
}

static bool write_dropped(struct clerk *clerk, struct audit_quota *quota, struct error *err)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct audit_entry entry;

    return audit_quota_tell(&entry, &details, quota, AUDIT_MANAGEMENT, err) &&
           audit_note_entry(clerk->state, &entry, err);
}

/* *room: one more may be written in this minute. */
static bool take_room(struct clerk *clerk, struct audit_quota *quota, unsigned most,
                      bool *room, time_t now, struct error *err)
{
    if (audit_quota_owes(quota, now) && !write_dropped(clerk, quota, err))
        return false;
    *room = audit_quota_take(quota, most, now);
    return true;
}

bool clerk_record_login(struct clerk *clerk, const struct window *window, struct error *err)
{
    bool room = false;

    return take_room(clerk, &clerk->quota.logins, API_LOGINS_PER_MINUTE, &room,
                     window->visit.now, err) &&
           (!room || write(clerk, window, "login", &(struct error){0}, err));
}

/* What an observer may ask for by another method than GET looks only; but it may end its
 * own session. */
static bool changes_something(const struct api_route *route)
{
    return !text_equal(route->method, "GET") && !route->logs_in &&
           (route->role == API_ADMINISTRATOR || text_equal(route->method, "DELETE"));
}

bool clerk_record_change(struct clerk *clerk, const struct window *window,
                         struct error *err)
{
    return !changes_something(window->visit.route) ||
           write(clerk, window, "call", &(struct error){0}, err);
}

/* Without credentials nobody has tried to log in. */
static bool is_of_logins(const struct window *window, const struct error *why)
{
    const struct api_request *request = &window->request;

    return why->msg == E_API_ROLE || why->msg == E_API_GUESSES ||
           (why->msg == E_API_LOGIN &&
            (window->visit.route->logs_in || request->token[0] != '\0' ||
             request->authorization[0] != '\0'));
}

void clerk_record_refusal(struct clerk *clerk, const struct window *window,
                          const struct error *why)
{
    struct error err = {0};
    bool room = false;

    if (!is_of_logins(window, why))
        return;
    if (!take_room(clerk, &clerk->quota.refused, API_REFUSALS_PER_MINUTE, &room,
                   window->visit.now, &err) ||
        (room && !write(clerk, window, "refused", why, &err)))
        view_text_failure(stderr, &err);
}

void clerk_record_end(struct clerk *clerk)
{
    struct error err = {0};

    if ((clerk->quota.refused.dropped > 0 &&
         !write_dropped(clerk, &clerk->quota.refused, &err)) ||
        (clerk->quota.logins.dropped > 0 &&
         !write_dropped(clerk, &clerk->quota.logins, &err)))
        view_text_failure(stderr, &err);
}
