/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owner_map.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const prefixes[OWNER_KINDS] = {
    [OWNER_USER] = "user:", [OWNER_GROUP] = "group:"};

/* "user:" or "group:" in front says which kind alone. */
static void take_kind(struct owner_rule *rule, struct span *text)
{
    rule->holds[OWNER_USER] = rule->holds[OWNER_GROUP] = true;
    for (enum owner_kind kind = 0; kind < OWNER_KINDS; kind++) {
        if (!span_starts(*text, prefixes[kind]))
            continue;
        rule->holds[OWNER_USER] = kind == OWNER_USER;
        rule->holds[OWNER_GROUP] = kind == OWNER_GROUP;
        *text = span_after(*text, strlen(prefixes[kind]));
        return;
    }
}

static bool is_number(const char *text, uint32_t *out)
{
    struct error none = {0};
    uint64_t value = 0;

    if (!text_number(&value, text, 0, UINT32_MAX - 1, &none))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool owner_map_add(struct owner_map *map, const char *text, struct error *err)
{
    struct owner_rule rule = {0};
    struct span rest = span_text(text), to;
    size_t at = 0;

    if (map->n == OWNER_RULES_MAX)
        return fail(err, E_OWNER_MAP, "more than %d", OWNER_RULES_MAX);
    take_kind(&rule, &rest);
    if (!span_find(rest, ":", &at))
        return fail(err, E_OWNER_MAP, "%s", text);
    to = span_after(rest, at + 1);
    if (at == 0 || to.n == 0 || memchr(to.at, ':', to.n) != NULL ||
        !text_copy_span(rule.from, sizeof(rule.from), span_head(rest, at)) ||
        !text_copy_span(rule.to, sizeof(rule.to), to))
        return fail(err, E_OWNER_MAP, "%s", text);
    map->rule[map->n++] = rule;
    return true;
}

void owner_rule_show(char out[OWNER_RULE_TEXT_MAX], const struct owner_rule *rule)
{
    const bool both = rule->holds[OWNER_USER] && rule->holds[OWNER_GROUP];

    snprintf(out, OWNER_RULE_TEXT_MAX, "%s%s:%s",
             both                      ? ""
             : rule->holds[OWNER_USER] ? prefixes[OWNER_USER]
                                       : prefixes[OWNER_GROUP],
             rule->from, rule->to);
}

static bool fits(const struct owner_rule *rule, enum owner_kind kind, struct span name,
                 uint32_t id)
{
    uint32_t number = 0;

    return rule->holds[kind] && (span_equal(name, span_text(rule->from)) ||
                                 (is_number(rule->from, &number) && number == id));
}

bool owner_map_equal(const struct owner_map *a, const struct owner_map *b)
{
    char one[OWNER_RULE_TEXT_MAX], other[OWNER_RULE_TEXT_MAX];
    size_t same = 0;

    while (same < a->n && same < b->n) {
        owner_rule_show(one, &a->rule[same]);
        owner_rule_show(other, &b->rule[same]);
        if (!text_equal(one, other))
            break;
        same++;
    }
    return same == a->n && same == b->n;
}

void owner_map_apply(const struct owner_map *map, enum owner_kind kind, struct span *name,
                     uint32_t *id)
{
    for (size_t i = 0; i < map->n; i++) {
        if (!fits(&map->rule[i], kind, *name, *id))
            continue;
        *name =
            is_number(map->rule[i].to, id) ? (struct span){0} : span_text(map->rule[i].to);
        return;
    }
}
