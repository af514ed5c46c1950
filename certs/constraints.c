/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/constraints.h"

#include "base/text.h"
#include "certs/der.h"
#include "certs/general.h"
#include "certs/name.h"
#include "certs/subtree.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Both lists of subtrees; either may be absent. */
static bool open_lists(struct span *permitted, struct span *excluded, struct span in)
{
    *permitted = *excluded = (struct span){0};
    if (der_next_is(in, TAG_CONTEXT_OVER(0)) &&
        (!der_expect(permitted, &in, TAG_CONTEXT_OVER(0)) || permitted->n == 0))
        return false;
    if (der_next_is(in, TAG_CONTEXT_OVER(1)) &&
        (!der_expect(excluded, &in, TAG_CONTEXT_OVER(1)) || excluded->n == 0))
        return false;
    return in.n == 0 && (permitted->n > 0 || excluded->n > 0);
}

/* The mask of an address constraint is ones and then zeros (RFC 4632). */
static bool mask_is_a_prefix(struct span base)
{
    bool ended = false;

    for (size_t i = base.n / 2; i < base.n; i++)
        for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
            bool set = (base.at[i] & bit) != 0;

            if (set && ended)
                return false;
            ended = !set;
        }
    return true;
}

/* GeneralSubtree: in RFC 5280 minimum is 0, hence not written, and maximum absent. */
static bool take_subtree(struct general_name *out, struct span *in)
{
    struct span fields = {0};

    return der_expect(&fields, in, TAG_SEQUENCE) && general_take(out, &fields) &&
           fields.n == 0;
}

static bool list_is_well_formed(struct span list)
{
    struct general_name base = {0};

    while (list.n > 0)
        if (!take_subtree(&base, &list) || !general_name_is_well_formed(&base, true) ||
            (base.kind == GENERAL_IP && !mask_is_a_prefix(base.value)))
            return false;
    return true;
}

bool constraints_are_well_formed(struct span constraints)
{
    struct span permitted = {0}, excluded = {0};

    return open_lists(&permitted, &excluded, constraints) &&
           list_is_well_formed(permitted) && list_is_well_formed(excluded);
}

static bool list_is_beyond_us(struct span list)
{
    struct general_name base = {0};

    while (list.n > 0 && take_subtree(&base, &list))
        if (base.kind == GENERAL_OTHER || base.kind == GENERAL_X400 ||
            base.kind == GENERAL_EDI || base.kind == GENERAL_ID)
            return true;
    return false;
}

bool constraints_are_beyond_us(struct span constraints)
{
    struct span permitted = {0}, excluded = {0};

    return open_lists(&permitted, &excluded, constraints) &&
           (list_is_beyond_us(permitted) || list_is_beyond_us(excluded));
}

/* One judgement: the names of a certificate under the lists of one CA. */
struct judging {
    struct span permitted, excluded;
    const char *issuer;
    unsigned *tries;
};

static bool spend(struct judging *judging, struct error *err)
{
    if (*judging->tries == 0)
        return fail(err, E_NAME_CONSTRAINTS_MANY, "%s", judging->issuer);
    --*judging->tries;
    return true;
}

static void show(char *out, size_t room, const struct general_name *name)
{
    static const char *const kinds[] = {"other name", "e-mail",  "DNS name",
                                        "X.400",      "name",    "EDI party",
                                        "URI",        "address", "registered ID"};
    char text[CERT_TEXT_MAX] = "";

    if (name->kind == GENERAL_DIRECTORY)
        name_text(text, sizeof(text), name->value);
    else if (name->kind != GENERAL_IP)
        text_printable(text, sizeof(text), name->value);
    else if (inet_ntop(name->value.n == 4 ? AF_INET : AF_INET6, name->value.at, text,
                       sizeof(text)) == NULL)
        text[0] = '\0';
    snprintf(out, room, "%s %s", kinds[name->kind], text);
}

static bool broken(struct error *err, enum msg msg, const struct general_name *name,
                   const struct judging *judging)
{
    char text[CERT_TEXT_MAX + 16];

    show(text, sizeof(text), name);
    return fail(err, msg, "%s, limited by %s", text, judging->issuer);
}

/* A name needs one permitted subtree of its kind, if there is any of its kind at all. */
static bool is_permitted(const struct general_name *name, struct judging *judging,
                         struct error *err)
{
    struct span list = judging->permitted;
    struct general_name base = {0};
    bool limited = false;

    while (list.n > 0 && take_subtree(&base, &list)) {
        if (!spend(judging, err))
            return false;
        if (base.kind != name->kind)
            continue;
        limited = true;
        if (subtree_holds(&base, name))
            return true;
    }
    return !limited || broken(err, E_NAME_NOT_PERMITTED, name, judging);
}

static bool is_not_excluded(const struct general_name *name, struct judging *judging,
                            struct error *err)
{
    struct span list = judging->excluded;
    struct general_name base = {0};

    while (list.n > 0 && take_subtree(&base, &list)) {
        if (!spend(judging, err))
            return false;
        if (base.kind == name->kind && subtree_touches(&base, name))
            return broken(err, E_NAME_EXCLUDED, name, judging);
    }
    return true;
}

static bool name_holds(const struct general_name *name, struct judging *judging,
                       struct error *err)
{
    return is_permitted(name, judging, err) && is_not_excluded(name, judging, err);
}

/* Something that a name check might take for a host: see cert_is_for. */
static bool reads_as_host(const char *cn)
{
    return strchr(cn, '.') != NULL && strspn(cn, "abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                 "0123456789.-_*") == strlen(cn);
}

/* Names that stand in the subject: the DN, its e-mail addresses, a leaf's CN. */
static bool subject_holds(const struct cert *cert, bool is_leaf, struct judging *judging,
                          struct error *err)
{
    struct name_walk walk = name_walk(cert->subject);
    struct attribute attribute = {0};
    struct general_name whole = {GENERAL_DIRECTORY, cert->subject};
    struct general_name host = {GENERAL_DNS, span_text(cert->cn)};

    if (!name_is_empty(cert->subject) && !name_holds(&whole, judging, err))
        return false;
    if (cert->has_san)
        return true;
    while (name_next(&attribute, &walk)) {
        struct general_name email = {GENERAL_EMAIL, attribute.value};

        if (attribute_is_email(&attribute) && !name_holds(&email, judging, err))
            return false;
    }
    return !is_leaf || !reads_as_host(cert->cn) || name_holds(&host, judging, err);
}

bool constraints_hold(const struct cert *cert, bool is_leaf, const struct cert *issuer,
                      unsigned *tries, struct error *err)
{
    struct judging judging = {.issuer = cert_issued_to(issuer), .tries = tries};
    struct span names = cert->san;
    struct general_name name = {0};

    if (issuer->name_constraints.n == 0)
        return true;
    if (!open_lists(&judging.permitted, &judging.excluded, issuer->name_constraints))
        return false;
    if (!subject_holds(cert, is_leaf, &judging, err))
        return false;
    while (names.n > 0 && general_take(&name, &names))
        if (!name_holds(&name, &judging, err))
            return false;
    return true;
}

bool constraints_hold_along(const struct cert *const *path, size_t n, struct error *err)
{
    unsigned tries = CONSTRAINT_TRIES;

    for (size_t below = 0; below < n; below++) {
        /* A CA that changed its key is not bound by its own constraints (6.1.3 b, c). */
        if (below > 0 && cert_is_self_issued(path[below]))
            continue;
        for (size_t above = below + 1; above < n; above++) {
            struct error cause = {0};

            if (!constraints_hold(path[below], below == 0, path[above], &tries, &cause))
                return fail_at(err, cause.msg, below, "%s", cause.about);
        }
    }
    return true;
}
