/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owners.h"

#include "base/text.h"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>

#define RECORD_BYTES 16384 /* of one line of the user or group database */

static bool ask_user(struct owner *out, const char *name)
{
    char room[RECORD_BYTES];
    struct passwd record;
    struct passwd *found = NULL;

    if (name != NULL)
        getpwnam_r(name, &record, room, sizeof(room), &found);
    else
        getpwuid_r(out->id, &record, room, sizeof(room), &found);
    if (found == NULL)
        return false;
    out->id = found->pw_uid;
    return text_fits(out->name, found->pw_name);
}

static bool ask_group(struct owner *out, const char *name)
{
    char room[RECORD_BYTES];
    struct group record;
    struct group *found = NULL;

    if (name != NULL)
        getgrnam_r(name, &record, room, sizeof(room), &found);
    else
        getgrgid_r(out->id, &record, room, sizeof(room), &found);
    if (found == NULL)
        return false;
    out->id = found->gr_gid;
    return text_fits(out->name, found->gr_name);
}

/* The place for one more; the oldest goes when all are taken. */
static struct owner *place_for(struct owner *table, size_t *n)
{
    const size_t at = *n < OWNERS_MAX ? *n : *n % OWNERS_MAX;

    (*n)++;
    table[at] = (struct owner){0};
    return &table[at];
}

static size_t in_use(size_t n)
{
    return n < OWNERS_MAX ? n : OWNERS_MAX;
}

/* The row of a table for this number, asked for when it is not there yet. */
static struct span name_for(struct owner *table, size_t *n, uint32_t id,
                            bool (*ask)(struct owner *out, const char *name))
{
    struct owner *owner = NULL;

    for (size_t i = 0; i < in_use(*n); i++)
        if (table[i].id == id)
            owner = &table[i];
    if (owner == NULL) {
        owner = place_for(table, n);
        owner->id = id;
        owner->known = ask(owner, NULL);
        owner->id = id;
    }
    return owner->known ? span_text(owner->name) : (struct span){0};
}

static uint32_t number_for(struct owner *table, size_t *n, struct span name,
                           uint32_t otherwise,
                           bool (*ask)(struct owner *out, const char *name))
{
    struct owner asked = {0};
    struct owner *owner = NULL;

    if (name.n == 0 || !text_copy_span(asked.name, sizeof(asked.name), name))
        return otherwise;
    for (size_t i = 0; i < in_use(*n); i++)
        if (text_equal(table[i].name, asked.name))
            owner = &table[i];
    if (owner == NULL) {
        owner = place_for(table, n);
        *owner = asked;
        owner->known = ask(&asked, owner->name);
        owner->id = asked.id;
    }
    return owner->known ? owner->id : otherwise;
}

struct span owners_user(struct owners *owners, uint32_t uid)
{
    return name_for(owners->user, &owners->users, uid, ask_user);
}

struct span owners_group(struct owners *owners, uint32_t gid)
{
    return name_for(owners->group, &owners->groups, gid, ask_group);
}

uint32_t owners_uid(struct owners *owners, struct span name, uint32_t otherwise)
{
    return number_for(owners->user, &owners->users, name, otherwise, ask_user);
}

uint32_t owners_gid(struct owners *owners, struct span name, uint32_t otherwise)
{
    return number_for(owners->group, &owners->groups, name, otherwise, ask_group);
}
