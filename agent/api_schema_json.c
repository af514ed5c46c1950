/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of api_schemas.c as JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. */
#include "agent/api_schema_json.h"

#include "agent/api_schemas.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 128

json_t *api_schema_ref(const char *name)
{
    char path[WORD_MAX];

    snprintf(path, sizeof(path), "#/components/schemas/%s", name);
    return json_pack("{s:s}", "$ref", path);
}

json_t *api_schema_choices(const char *list)
{
    json_t *choices = json_array();

    while (*list != '\0') {
        const size_t n = strcspn(list, "|");

        json_array_append_new(choices, json_stringn(list, n));
        list += n + (list[n] == '|');
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", choices);
}

/* A type of one word. */
static json_t *simple_type(const char *name)
{
    static const struct {
        const char *name, *schema;
    } types[] = {
        {"string", "{\"type\":\"string\"}"},
        {"int", "{\"type\":\"integer\"}"},
        {"bool", "{\"type\":\"boolean\"}"},
        {"time", "{\"type\":\"string\",\"format\":\"date-time\"}"},
        {"sha256", "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{64}$\"}"},
        {"object", "{\"type\":\"object\",\"additionalProperties\":true}"},
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (text_equal(types[i].name, name))
            return json_loads(types[i].schema, 0, NULL);
    return api_schema_ref(name);
}

static json_t *type_of(char *name)
{
    const size_t n = strlen(name);

    if (name[0] != '[')
        return simple_type(name);
    name[n - 1] = '\0';
    return json_pack("{s:s, s:o}", "type", "array", "items", simple_type(name + 1));
}

static json_t *or_null(json_t *schema)
{
    return json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
}

/* None when there is no such schema. */
static const char *fields_of(const char *name)
{
    for (const struct api_schema *row = api_schemas; row->name != NULL; row++)
        if (text_equal(row->name, name))
            return row->fields;
    return "";
}

static void add_fields(json_t *object, const char *fields);

/* name, name:type or name=choices; behind it '?' and '*'. */
static void add_field(json_t *object, char *word)
{
    char *name = word, *type = strpbrk(word, ":=");
    bool absent = false, null = false;
    json_t *schema;

    for (size_t n = strlen(word); word[n - 1] == '*' || word[n - 1] == '?'; n--) {
        absent = absent || word[n - 1] == '*';
        null = null || word[n - 1] == '?';
        word[n - 1] = '\0';
    }
    if (type == NULL) {
        schema = simple_type("string");
    } else {
        schema = *type == '=' ? api_schema_choices(type + 1) : type_of(type + 1);
        *type = '\0';
    }
    json_object_set_new(json_object_get(object, "properties"), name,
                        null ? or_null(schema) : schema);
    if (!absent)
        json_array_append_new(json_object_get(object, "required"), json_string(name));
}

static void add_word(json_t *object, char *word)
{
    if (text_equal(word, "..."))
        json_object_set_new(object, "additionalProperties", json_true());
    else if (word[0] == '&')
        add_fields(object, fields_of(word + 1));
    else
        add_field(object, word);
}

static void add_fields(json_t *object, const char *fields)
{
    while (*fields != '\0') {
        const size_t n = strcspn(fields, " ");
        char word[WORD_MAX];

        (void)text_copy_span(word, sizeof(word), span_of(fields, n));
        add_word(object, word);
        fields += n + (fields[n] == ' ');
    }
}

json_t *api_schema_components(void)
{
    json_t *all = json_object();

    for (const struct api_schema *row = api_schemas; row->name != NULL; row++) {
        json_t *schema =
            json_pack("{s:s, s:{}, s:[]}", "type", "object", "properties", "required");

        add_fields(schema, row->fields);
        json_object_set_new(all, row->name, schema);
    }
    return all;
}
