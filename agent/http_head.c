/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a message, by llhttp. */
#include "agent/http.h"

#include "base/text.h"

#include <llhttp.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 64 /* of a header we look at */

/* What llhttp's callbacks fill. */
struct reading {
    struct http_message *message;
    char name[NAME_MAX_BYTES];
    size_t name_n;
    char value[HTTP_PATH_MAX];
    size_t value_n;
    size_t url_n;
    char url[2 * HTTP_PATH_MAX];
    bool overflow; /* something does not fit: refused */
    unsigned kept; /* a bit for each of them that was there */
    unsigned hosts;
    unsigned encodings, lengths; /* Content-Encoding and Pairgate-Length */
    bool done;
};

static void append(char *out, size_t room, size_t *n, const char *at, size_t length,
                   bool *overflow)
{
    if (length >= room - *n) {
        *overflow = true;
        return;
    }
    memcpy(out + *n, at, length);
    *n += length;
    out[*n] = '\0';
}

static struct reading *reading_of(llhttp_t *parser)
{
    return parser->data;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);

    append(r->url, sizeof(r->url), &r->url_n, at, n, &r->overflow);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);
    bool unknown = false; /* a longer name is none of ours */

    append(r->name, sizeof(r->name), &r->name_n, at, n, &unknown);
    return 0;
}

/* Headers whose value is kept as it is: each at most once, and whole. */
static const struct {
    const char *name;
    size_t at, room;
} kept[] = {
#define KEPT(name, field)                                                                  \
    {                                                                                      \
        name, offsetof(struct http_message, field),                                        \
            sizeof(((struct http_message *)NULL)->field)                                   \
    }
    KEPT("Pairgate-Digest", digest),   KEPT("Authorization", authorization),
    KEPT("X-Auth-Token", token),       KEPT("Content-Type", content_type),
    KEPT("Last-Event-ID", last_event),
#undef KEPT
};

/* COUNT(kept): it is none of them. */
static size_t which_kept(const char *name)
{
    size_t i = 0;

    while (i < COUNT(kept) && strcasecmp(kept[i].name, name) != 0)
        i++;
    return i;
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct reading *r = reading_of(parser);
    bool unknown = false;

    append(r->value, sizeof(r->value), &r->value_n, at, n, &unknown);
    r->overflow |= unknown && which_kept(r->name) < COUNT(kept);
    return 0;
}

static void keep_value(struct reading *r)
{
    const size_t i = which_kept(r->name);

    if (i == COUNT(kept))
        return;
    r->overflow |= (r->kept & 1U << i) != 0 ||
                   !text_copy((char *)r->message + kept[i].at, kept[i].room, r->value);
    r->kept |= 1U << i;
}

/* RFC 9112 5: blanks behind a value are none of it. */
static void trim_value(struct reading *r)
{
    while (r->value_n > 0 &&
           (r->value[r->value_n - 1] == ' ' || r->value[r->value_n - 1] == '\t'))
        r->value[--r->value_n] = '\0';
}

static bool take_plain(struct reading *r)
{
    struct error err = {0};
    uint64_t n = 0;
    const bool fits = text_number(&n, r->value, 1, HTTP_BODY_MAX, &err);

    r->message->plain = (size_t)n;
    return fits;
}

static int on_header(llhttp_t *parser)
{
    struct reading *r = reading_of(parser);

    trim_value(r);
    keep_value(r);
    if (strcasecmp(r->name, "Host") == 0)
        r->hosts++;
    if (strcasecmp(r->name, "Origin") == 0)
        r->message->of_a_page = true;
    if (strcasecmp(r->name, "Expect") == 0)
        r->message->waits_for_100 = strcasecmp(r->value, "100-continue") == 0;
    if (strcasecmp(r->name, "Content-Length") == 0)
        r->message->has_length = true;
    if (strcasecmp(r->name, "Content-Encoding") == 0)
        r->overflow |= strcasecmp(r->value, "zstd") != 0 || r->encodings++ > 0;
    if (strcasecmp(r->name, "Pairgate-Length") == 0)
        r->overflow |= !take_plain(r) || r->lengths++ > 0;
    r->name_n = r->value_n = 0;
    r->name[0] = r->value[0] = '\0';
    return 0;
}

static int on_head_done(llhttp_t *parser)
{
    struct reading *r = reading_of(parser);

    r->message->length = r->message->has_length ? (size_t)parser->content_length : 0;
    r->message->keep_alive = llhttp_should_keep_alive(parser) != 0;
    r->done = true;
    return HPE_PAUSED; /* the body is read straight into its place */
}

static void take_start_line(const llhttp_t *parser, struct reading *r)
{
    struct http_message *message = r->message;
    char *query = strchr(r->url, '?');

    if (!message->is_request) {
        message->status = parser->status_code;
        return;
    }
    if (query != NULL) {
        *query = '\0';
        r->overflow |= !text_fits(message->query, query + 1);
    }
    r->overflow |=
        !text_fits(message->path, r->url) ||
        !text_fits(message->method, llhttp_method_name((llhttp_method_t)parser->method));
}

bool http_parse_head(struct http_message *out, bool *done, size_t *used, struct span bytes,
                     struct error *err)
{
    struct reading reading = {.message = out};
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_errno_t code;

    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_header;
    settings.on_headers_complete = on_head_done;
    llhttp_init(&parser, out->is_request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = &reading;
    *out = (struct http_message){.is_request = out->is_request};
    code = llhttp_execute(&parser, (const char *)bytes.at, bytes.n);
    *done = reading.done;
    if (!reading.done)
        return code == HPE_OK || fail(err, E_HTTP, "%s", llhttp_errno_name(code));
    *used = (size_t)(llhttp_get_error_pos(&parser) - (const char *)bytes.at);
    take_start_line(&parser, &reading);
    if (reading.overflow || reading.encodings != reading.lengths ||
        (parser.flags & (F_CHUNKED | F_TRANSFER_ENCODING)) != 0 || parser.http_major != 1 ||
        parser.http_minor != 1 || (out->is_request && reading.hosts != 1))
        return fail(err, E_HTTP, "HTTP/1.1 with Host and Content-Length is spoken here");
    return true;
}
