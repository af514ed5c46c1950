/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_route.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct api_route *const api_tables[] = {
    api_routes_agent,    api_routes_identity,
    api_routes_trust,    api_routes_ca,
    api_routes_moves,    api_routes_state,
    api_routes_session,  api_routes_ome,
    api_routes_ome_jobs, NULL,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool api_unescape(char *out, size_t room, struct span text, bool plus_is_blank)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        int byte = text.at[i];

        if (byte == '%') {
            const int high = i + 2 < text.n ? hex_digit((char)text.at[i + 1]) : -1;
            const int low = i + 2 < text.n ? hex_digit((char)text.at[i + 2]) : -1;

            byte = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        } else if (byte == '+' && plus_is_blank) {
            byte = ' ';
        }
        if (byte == 0 || n + 1 >= room)
            return false;
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return text_is_utf8(span_of(out, n));
}

/* One {name} of the pattern, up to what follows it there. */
static bool take_word(struct api_path *out, const char **pattern, const char **path)
{
    const char *end = *pattern + strcspn(*pattern, "}");
    const char *stop = strchr(*path, end[1] != '\0' ? end[1] : '/');
    const size_t n = stop != NULL ? (size_t)(stop - *path) : strlen(*path);
    const size_t i = out->n++;

    if (n == 0 || i == API_PATH_WORDS || memchr(*path, '/', n) != NULL ||
        !text_copy_span(out->word[i].name, sizeof(out->word[i].name),
                        span_of(*pattern + 1, (size_t)(end - *pattern - 1))) ||
        !text_copy_span(out->word[i].text, sizeof(out->word[i].text), span_of(*path, n)))
        return false;
    *pattern = end + 1;
    *path += n;
    return true;
}

static bool path_fits(struct api_path *out, const char *pattern, const char *path)
{
    out->n = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            if (!take_word(out, &pattern, &path))
                return false;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static void allow_add(char *allow, size_t room, const char *method)
{
    const size_t n = strlen(allow);

    snprintf(allow + n, room - n, "%s%s", n > 0 ? ", " : "", method);
}

const struct api_route *api_route_find(struct api_path *out, const char *method,
                                       const char *path, char *allow, size_t room)
{
    char plain[1024];

    if (allow != NULL)
        allow[0] = '\0';
    if (!api_unescape(plain, sizeof(plain), span_text(path), false))
        return NULL;
    for (size_t t = 0; api_tables[t] != NULL; t++) {
        for (const struct api_route *row = api_tables[t]; row->method != NULL; row++) {
            if (!path_fits(out, row->path, plain))
                continue;
            if (text_equal(row->method, method))
                return row;
            if (allow != NULL)
                allow_add(allow, room, row->method);
        }
    }
    return NULL;
}

const struct api_route *api_route_of_command(const char *command,
                                             const struct api_route *after)
{
    bool seen = after == NULL;

    for (size_t t = 0; api_tables[t] != NULL; t++) {
        for (const struct api_route *row = api_tables[t]; row->method != NULL; row++) {
            if (seen && row->dialect == API_OURS && row->command != NULL &&
                text_equal(row->command, command))
                return row;
            seen = seen || row == after;
        }
    }
    return NULL;
}

int api_status_of(enum msg msg)
{
    static const struct {
        enum msg msg;
        int status;
    } table[] = {
        {E_API_LOGIN, 401},       {E_API_ROLE, 403},
        {E_API_PAGE, 403},        {E_API_STRANGER, 403},
        {E_API_ROUTE, 404},       {E_API_SESSION_UNKNOWN, 404},
        {E_REQUEST_UNKNOWN, 404}, {E_MIGRATION_UNKNOWN, 404},
        {E_PAIRING_UNKNOWN, 404}, {E_ADMIN_UNKNOWN, 404},
        {E_SERIAL_UNKNOWN, 404},  {E_PUBLISHED_NONE, 404},
        {E_JOB_UNKNOWN, 404},     {E_IDENTITY_UNKNOWN, 404},
        {E_ANCHOR_UNKNOWN, 404},  {E_STORE_UNKNOWN, 404},
        {E_API_METHOD, 405},      {E_STATE_BUSY, 409},
        {E_TOO_LARGE, 413},       {E_API_TYPE, 415},
        {E_API_GUESSES, 429},     {E_API_SESSIONS, 429},
        {E_JOBS_BUSY, 429},       {E_BUSY, 503},
        {E_API_LATE, 503},        {E_API_BROKEN, 503},
        {E_SUPERVISOR, 503},      {E_DB, 503},
        {E_DB_FULL, 503},         {E_DB_QUOTA, 503},
        {E_NO_DESCRIPTOR, 503},   {E_RANDOM, 503},
        {E_STATE_MISSING, 503},   {E_STATE_OPEN, 503},
        {E_HOOK_RUNNING, 503},
    };

    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].msg == msg)
            return table[i].status;
    return message_of(msg)->kind == COULD_NOT ? 409 : 400;
}
