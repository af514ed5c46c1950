/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owners.h"

#include "base/text.h"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>

#define RECORD_BYTES 16384 /* of one line of the user or group database */

static bool ask_user(struct owner *owner)
{
    char room[RECORD_BYTES];
    struct passwd record;
    struct passwd *found = NULL;

    if (owner->name[0] != '\0')
        getpwnam_r(owner->name, &record, room, sizeof(room), &found);
    else
        getpwuid_r(owner->id, &record, room, sizeof(room), &found);
    if (found == NULL)
        return false;
    owner->id = found->pw_uid;
    return text_fits(owner->name, found->pw_name);
}

static bool ask_group(struct owner *owner)
{
    char room[RECORD_BYTES];
    struct group record;
    struct group *found = NULL;

    if (owner->name[0] != '\0')
        getgrnam_r(owner->name, &record, room, sizeof(room), &found);
    else
        getgrgid_r(owner->id, &record, room, sizeof(room), &found);
    if (found == NULL)
        return false;
    owner->id = found->gr_gid;
    return text_fits(owner->name, found->gr_name);
}

bool owner_ask_system(enum owner_kind kind, struct owner *owner)
{
    return kind == OWNER_USER ? ask_user(owner) : ask_group(owner);
}

static bool ask_here(void *at, enum owner_kind kind, struct owner *owner)
{
    (void)at;
    return owner_ask_system(kind, owner);
}

static struct {
    owner_ask *ask;
    void *at;
} knows = {.ask = ask_here};

void owners_ask_of(owner_ask *ask, void *at)
{
    knows.ask = ask;
    knows.at = at;
}

static size_t in_use(const struct owners *owners, enum owner_kind kind)
{
    return owners->n[kind] < OWNERS_MAX ? owners->n[kind] : OWNERS_MAX;
}

/* Ask, and remember under what was asked; the oldest goes when all places are taken. */
static struct owner *ask_and_keep(struct owners *owners, enum owner_kind kind,
                                  const struct owner *wanted)
{
    struct owner *owner = &owners->item[kind][owners->n[kind]++ % OWNERS_MAX];

    *owner = *wanted;
    owner->known = knows.ask(knows.at, kind, owner);
    if (wanted->name[0] != '\0')
        (void)text_fits(owner->name, wanted->name);
    else
        owner->id = wanted->id;
    return owner;
}

static struct span name_for(struct owners *owners, enum owner_kind kind, uint32_t id)
{
    const struct owner wanted = {.id = id};
    struct owner *owner = NULL;

    for (size_t i = 0; i < in_use(owners, kind); i++)
        if (owners->item[kind][i].id == id)
            owner = &owners->item[kind][i];
    if (owner == NULL)
        owner = ask_and_keep(owners, kind, &wanted);
    return owner->known ? span_text(owner->name) : (struct span){0};
}

static uint32_t number_for(struct owners *owners, enum owner_kind kind, struct span name,
                           uint32_t otherwise)
{
    struct owner wanted = {0};
    struct owner *owner = NULL;

    if (name.n == 0 || !text_copy_span(wanted.name, sizeof(wanted.name), name))
        return otherwise;
    for (size_t i = 0; i < in_use(owners, kind); i++)
        if (text_equal(owners->item[kind][i].name, wanted.name))
            owner = &owners->item[kind][i];
    if (owner == NULL)
        owner = ask_and_keep(owners, kind, &wanted);
    return owner->known ? owner->id : otherwise;
}

struct span owners_user(struct owners *owners, uint32_t uid)
{
    return name_for(owners, OWNER_USER, uid);
}

struct span owners_group(struct owners *owners, uint32_t gid)
{
    return name_for(owners, OWNER_GROUP, gid);
}

uint32_t owners_uid(struct owners *owners, struct span name, uint32_t otherwise)
{
    return number_for(owners, OWNER_USER, name, otherwise);
}

uint32_t owners_gid(struct owners *owners, struct span name, uint32_t otherwise)
{
    return number_for(owners, OWNER_GROUP, name, otherwise);
}
