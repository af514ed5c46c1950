/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1.1 on a TLS connection (RFC 9112), as much as both ends of the peer port need: one
 * message at a time, bodies by Content-Length only. Parsed by llhttp, strictly; nothing is
 * guessed. The body is read straight into its place.
 */
#pragma once

#include "agent/bounds.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"
#include "pairing/tls.h"

#define HTTP_METHOD_MAX 8
#define HTTP_PATH_MAX 1024
#define HTTP_DIGEST_MAX 72
#define HTTP_CREDENTIALS_MAX 512
#define HTTP_WORD_MAX 64
#define HTTP_RATE_MIN 4096

struct http_message {
    bool is_request;
    char method[HTTP_METHOD_MAX]; /* of a request */
    char path[HTTP_PATH_MAX];     /* without the query */
    char query[HTTP_PATH_MAX];    /* behind '?', or empty */
    int status;                   /* of a response */
    char digest[HTTP_DIGEST_MAX]; /* Pairgate-Digest, or empty */
    size_t plain; /* Pairgate-Length beside Content-Encoding: zstd; 0 with neither */
    /* For the management API: empty when they were not sent. */
    char authorization[HTTP_CREDENTIALS_MAX];
    char token[HTTP_WORD_MAX]; /* X-Auth-Token */
    char content_type[HTTP_WORD_MAX];
    char last_event[HTTP_WORD_MAX]; /* Last-Event-ID */
    bool waits_for_100;             /* Expect: 100-continue */
    bool of_a_page;                 /* Origin: a browser sends it for a web page */
    bool has_length;
    size_t length;   /* of the body, as announced */
    bool keep_alive; /* another message may follow */
    struct span body;
};

/* One connection's buffers. The body lies page-aligned, so that it can go to disk as it is.
 */
struct http {
    struct tls *tls; /* NULL: plain, on a local socket */
    int plain;
    unsigned char *head; /* HTTP_HEAD_MAX bytes, head_n of them in use */
    size_t head_n;
    size_t arrived, pieces;  /* bytes of this message, and in how many reads they came */
    unsigned char *body;     /* HTTP_BODY_MAX bytes, mapped when first needed */
    struct digest_run *sees; /* borrowed; of a body, as it arrives. NULL: nobody asks */
};

void http_open(struct http *http, struct tls *tls);
/* The same without TLS, on a socket that does not block. */
void http_open_plain(struct http *http, int socket);
/*
 * Read one message, its head first. *end is true when the peer closed between messages. A
 * request whose body is announced larger than `body_max` is refused before it is read.
 */
/* The whole head within `idle_seconds` of its first byte, which may take as long to come.
 */
must_check bool http_read_head(struct http *http, bool is_request, struct http_message *out,
                               bool *end, int idle_seconds, struct error *err);
/* The body, at no less than HTTP_RATE_MIN bytes a second; also into http->sees. */
must_check bool http_read_body(struct http *http, struct http_message *message,
                               size_t body_max, struct error *err);

/* Read a body of any announced length up to `most` bytes and forget it. */
must_check bool http_drain_body(struct http *http, struct http_message *message,
                                size_t most, struct error *err);

/*
 * Parse a head that may still be incomplete: *done is false then. *used bytes of `bytes`
 * were the head, the rest belongs to the body or to the next message. out->is_request is
 * read, everything else written.
 */
must_check bool http_parse_head(struct http_message *out, bool *done, size_t *used,
                                struct span bytes, struct error *err);

must_check bool http_send_request(struct http *http, const char *method, const char *host,
                                  const char *path, struct span json, struct error *err);
struct http_reply {
    int status;
    bool only_number;    /* as reason phrase: "400 400" */
    bool only_head;      /* the body is counted, not sent */
    bool goes_on;        /* the body has no length: it ends with the connection */
    bool last;           /* Connection: close */
    const char *type;    /* of the body */
    const char *headers; /* further ones, each with its CR LF; or NULL */
    struct span body;    /* none with 204 */
};
must_check bool http_send_reply(struct http *http, const struct http_reply *reply,
                                struct error *err);
/* A further piece of a body that goes on; or an interim response. */
must_check bool http_send_bytes(struct http *http, struct span bytes, struct error *err);
/* JSON; empty with 204. */
must_check bool http_send_response(struct http *http, int status, struct span json,
                                   bool last, struct error *err);
void http_close(struct http *http);
