/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_error.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define BASE_MESSAGE "A general error has occurred. See ExtendedInfo for more information."

enum api_dialect api_dialect_of(const char *path)
{
    return text_starts(path, "/api/") && !text_starts(path, API_V1) ? API_OME : API_OURS;
}

/* What refuses: the first error, or what there is. */
static const struct error *first_error(const struct report *findings)
{
    for (size_t i = 0; i < findings->n; i++)
        if (findings->item[i].severity == SEVERITY_ERROR)
            return &findings->item[i];
    return &findings->item[0];
}

/* Dell's modules tell a reason with 400 alone, and need some others to be what they are. */
int api_error_status(enum api_dialect dialect, const struct report *findings)
{
    const int status = api_status_of(first_error(findings)->msg);

    if (dialect == API_OURS || status == 401 || (status >= 403 && status <= 405))
        return status;
    return 400;
}

static json_t *ours(const struct report *findings)
{
    return json_pack("{s:o, s:o}", "error", json_finding(first_error(findings)), "findings",
                     json_findings(findings));
}

/* ---- OpenManage ---- */

/* Texts as Dell's Ansible collection and Terraform provider print them. */
struct words {
    const char *id, *text; /* %s in the text: the argument */
    const char *argument;  /* NULL: taken from the finding */
};

static const struct words unable = {
    "CGEN1008", "Unable to process the request because an error occurred.", NULL};

static const struct {
    enum msg msg;
    struct words words;
} table[] = {
    {E_API_LOGIN,
     {"CGEN1001", "Unable to complete the operation because the user is not authenticated.",
      NULL}},
    {E_API_ROUTE,
     {"CGEN1006",
      "Unable to complete the request because the resource URI does not exist or is not "
      "implemented.",
      NULL}},
    {E_API_METHOD,
     {"CGEN1006",
      "Unable to complete the request because the resource URI does not exist or is not "
      "implemented.",
      NULL}},
    {E_API_SESSION_UNKNOWN,
     {"CGEN1006",
      "Unable to complete the request because the resource URI does not exist or is not "
      "implemented.",
      NULL}},
    {E_JSON,
     {"CGEN1004",
      "Unable to complete the operation because the value provided for %s is invalid.",
      "Either payload syntax or property values are invalid"}},
};

#define CGEN6002_TEXT                                                                      \
    "Unable to complete the request because the input value for %s is missing or an "      \
    "invalid value is entered."

/* These begin with the name of the property. */
static bool names_a_property(const struct error *finding)
{
    return finding->msg == E_API_PROPERTY || finding->msg == E_API_MISSING;
}

static void property_of(char *out, size_t room, const struct error *finding)
{
    (void)text_copy_span(out, room, span_of(finding->about, strcspn(finding->about, ":")));
}

static const struct words *words_of(const struct error *finding)
{
    static const struct words value = {"CGEN6002", CGEN6002_TEXT, NULL};

    if (names_a_property(finding))
        return &value;
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].msg == finding->msg)
            return &table[i].words;
    return &unable;
}

static json_t *entry(const char *id, const char *text, const char *argument,
                     const struct error *finding)
{
    const struct message *message = message_of(finding->msg);
    char about[2 * ABOUT_MAX], reason[4 * ABOUT_MAX];
    json_t *args = json_array();

    text_printable(about, sizeof(about), span_text(finding->about));
    snprintf(reason, sizeof(reason), "%s: %s (%s)", message->id, message->text, about);
    if (argument != NULL && argument[0] != '\0')
        json_array_append_new(args, json_string(argument));
    json_array_append_new(args, json_string(reason));
    return json_pack("{s:s, s:[], s:s, s:o, s:s, s:s}", "MessageId", id,
                     "RelatedProperties", "Message", text, "MessageArgs", args, "Severity",
                     finding->severity == SEVERITY_ERROR ? "Critical" : "Warning",
                     "Resolution", message->remedy);
}

static json_t *entry_of(const struct error *finding)
{
    const struct ome_words *known = ome_words_of(message_of(finding->msg)->ome);
    const struct words *words = words_of(finding);
    char text[512], property[128] = "";

    if (known != NULL)
        return entry(known->id, known->text, known->argument, finding);
    if (words->argument != NULL)
        (void)text_fits(property, words->argument);
    else if (names_a_property(finding))
        property_of(property, sizeof(property), finding);
    /* The text has one %s or none. */
    snprintf(text, sizeof(text), "%.*s%s%s", (int)strcspn(words->text, "%"), words->text,
             property,
             strchr(words->text, '%') != NULL ? strchr(words->text, '%') + 2 : "");
    return entry(words->id, text, property, finding);
}

static json_t *theirs(const struct report *findings)
{
    const struct error *first = first_error(findings);
    json_t *list = json_array();

    json_array_append_new(list, entry_of(first));
    for (size_t i = 0; i < findings->n; i++)
        if (&findings->item[i] != first)
            json_array_append_new(list, entry_of(&findings->item[i]));
    return json_pack("{s:{s:s, s:s, s:o, s:o}}", "error", "code", "Base.1.0.GeneralError",
                     "message", BASE_MESSAGE, "@Message.ExtendedInfo", list, "findings",
                     json_findings(findings));
}

bool api_error_write(struct buf *out, enum api_dialect dialect,
                     const struct report *findings, struct error *err)
{
    return json_write(out, dialect == API_OURS ? ours(findings) : theirs(findings), err);
}

/* ---- what a command printed ---- */

/* A command prints one value, or several, one a line: the last one tells how it ended. */
static struct span last_line(struct span text)
{
    size_t end = text.n, at;

    while (end > 0 && text.at[end - 1] == '\n')
        end--;
    at = end;
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return span_of(text.at + at, end - at);
}

bool api_error_read(struct report *out, struct span printed)
{
    scoped(json_drop) json_t *object = NULL;
    const json_t *failure;
    struct error finding = {0}, ignored = {0};

    if (!json_open(&object, last_line(printed), &ignored))
        return false;
    failure = json_object_get(object, "error");
    if (!json_is_object(failure))
        return json_is_array(json_object_get(object, "findings")) &&
               json_read_findings(out, object, &ignored) && out->n > 0;
    if (!json_read_finding(&finding, failure, &ignored))
        return false;
    report_add(out, &finding);
    return true;
}

bool api_error_is_all(struct span printed)
{
    return span_starts(last_line(printed), "{\"error\":");
}
