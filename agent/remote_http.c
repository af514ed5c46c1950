/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request over HTTPS through libcurl. TLS completes with whoever answers; before a byte
 * of the request is sent, our own validator judges the chain, or the pin the key. */
#include "agent/clock.h"
#include "agent/remote.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/ca.h"
#include "certs/validate.h"
#include "pairing/tls.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_SECONDS 10L
#define SILENT_SECONDS 180L     /* a command has a minute */
#define ALIVE_AFTER_SECONDS 10L /* of silence its host is asked whether it is there */
#define ALIVE_EVERY_SECONDS 5L  /* until TLS_IDLE_SECONDS, as tls_curl_use has it */
#define URL_MAX (REMOTE_URL_MAX + REMOTE_PATH_MAX)
#define LINE_MAX_BYTES 256
#define STATUS_MAX 255 /* of a process */

struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    struct identity nobody;
    struct tls_curl tls;
    const struct remote_peer *peer;
    struct remote_answer *answer;
    struct error refused;
    char trouble[CURL_ERROR_SIZE];
};

static void exchange_end(struct exchange *exchange)
{
    curl_easy_cleanup(exchange->curl);
    curl_slist_free_all(exchange->headers);
    tls_curl_clear(&exchange->tls);
    identity_clear(&exchange->nobody);
}

void remote_answer_clear(struct remote_answer *answer)
{
    buf_clear(&answer->body);
}

/* The one TLS policy wants a certificate; this one is made up, and the listener of the
 * management API asks for none. */
static bool be_nobody(struct exchange *exchange, struct error *err)
{
    struct identity *nobody = &exchange->nobody;

    nobody->key = key_none();
    nobody->client_key = key_none();
    exchange->tls.self = nobody;
    return key_make(&nobody->key, KEY_CHOICE_EC, err) &&
           ca_self_sign(&nobody->chain, &nobody->key, "nobody.invalid", clock_now(), err);
}

/* ---- who answers ---- */

static bool has_pin(const struct remote_peer *peer, const struct cert *leaf,
                    struct error *err)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, &leaf->spki_sha256);
    return digest_equal(peer->pin, &leaf->spki_sha256) ||
           fail(err, E_REMOTE_PEER, "its key is %s", hex);
}

static bool is_trusted(const struct remote_peer *peer, const struct chain *chain,
                       struct error *err)
{
    scoped(report_clear) struct report report = {0};
    const char *const names[] = {peer->host};
    const struct question question = {.leaf = chain_leaf(chain),
                                      .untrusted = chain,
                                      .anchors = peer->anchors,
                                      .purpose = PURPOSE_SERVER,
                                      .names = names,
                                      .names_n = 1,
                                      .now = clock_now()};
    struct answer answer = {0};

    validate(&answer, &question, &report);
    for (size_t i = 0; i < report.n && !answer.valid; i++)
        if (report.item[i].severity == SEVERITY_ERROR)
            return fail(err, E_REMOTE_PEER, "%s %s (%s)",
                        message_of(report.item[i].msg)->id,
                        message_of(report.item[i].msg)->text, report.item[i].about);
    return answer.valid ||
           fail(err, E_REMOTE_PEER, "%s", cert_issued_to(chain_leaf(chain)));
}

static bool judge(struct exchange *exchange, struct error *err)
{
    const struct chain *chain = &exchange->tls.facts.peer;

    if (!tls_curl_look(&exchange->tls, exchange->curl, err))
        return false;
    return exchange->peer->pin != NULL ? has_pin(exchange->peer, chain_leaf(chain), err)
                                       : is_trusted(exchange->peer, chain, err);
}

/* ---- libcurl's callbacks ---- */

static int at_request(void *at, char *peer, char *own, int peer_port, int own_port)
{
    struct exchange *exchange = at;

    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    return judge(exchange, &exchange->refused) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t at_body(char *bytes, size_t size, size_t n, void *at)
{
    struct exchange *exchange = at;
    struct remote_answer *answer = exchange->answer;
    long status = 0;

    tls_curl_delivered(&exchange->tls, size * n);
    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    if (answer->piece != NULL && status == 200) {
        answer->piece(answer->at, span_of(bytes, size * n));
        return size * n;
    }
    return buf_add(&answer->body, span_of(bytes, size * n), &exchange->refused) ? size * n
                                                                                : 0;
}

/* The value of this header, or NULL. */
static const char *value_of(const char *line, const char *name)
{
    const size_t n = strlen(name);

    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    line += n + 1;
    return line + strspn(line, " \t");
}

static size_t at_header(char *bytes, size_t size, size_t n, void *at)
{
    struct exchange *exchange = at;
    struct remote_answer *answer = exchange->answer;
    char line[LINE_MAX_BYTES];
    const char *value;
    uint64_t number = 0;
    struct error none = {0};

    tls_curl_delivered(&exchange->tls, size * n);
    if (!text_copy_span(line, sizeof(line), span_of(bytes, size * n)))
        return size * n;
    line[strcspn(line, "\r\n")] = '\0';
    if ((value = value_of(line, "Location")) != NULL)
        (void)text_fits(answer->location, value);
    if ((value = value_of(line, "Content-Type")) != NULL)
        (void)text_fits(answer->content_type, value);
    if ((value = value_of(line, "Pairgate-Status")) != NULL &&
        text_number(&number, value, 0, STATUS_MAX, &none))
        answer->ended = (int)number;
    return size * n;
}

/* ---- what is asked ---- */

static bool set_up(struct exchange *exchange)
{
    CURL *curl = exchange->curl;

    return tls_curl_use(&exchange->tls, curl) &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, ALIVE_AFTER_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, ALIVE_EVERY_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, at_request) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PREREQDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, at_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, at_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->trouble) == CURLE_OK;
}

static bool add_header(struct exchange *exchange, const char *name, const char *value)
{
    char line[REMOTE_URL_MAX];
    struct curl_slist *longer;
    const int n = snprintf(line, sizeof(line), "%s: %s", name, value);

    if (n < 0 || (size_t)n >= sizeof(line))
        return false;
    longer = curl_slist_append(exchange->headers, line);
    mem_wipe(line, sizeof(line));
    if (longer != NULL)
        exchange->headers = longer;
    return longer != NULL;
}

static bool set_request(struct exchange *exchange, const char *method, const char *path,
                        struct span body)
{
    CURL *curl = exchange->curl;
    char url[URL_MAX];
    const int n = snprintf(url, sizeof(url), "%s%s", exchange->peer->url, path);

    if (n < 0 || (size_t)n >= sizeof(url) ||
        (exchange->peer->credentials != NULL &&
         !add_header(exchange, "Authorization", exchange->peer->credentials)))
        return false;
    if (!text_equal(method, "GET") &&
        (!add_header(exchange, "Content-Type", "application/json") ||
         curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) !=
             CURLE_OK ||
         curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                          body.n > 0 ? (const char *)body.at : "") != CURLE_OK))
        return false;
    return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
}

static bool exchange_begin(struct exchange *exchange, struct error *err)
{
    return be_nobody(exchange, err) &&
           ((exchange->curl != NULL && set_up(exchange)) ||
            fail(err, E_REMOTE_HTTP, "libcurl cannot be used as it must be"));
}

static bool perform(struct exchange *exchange, struct error *err)
{
    const CURLcode code = curl_easy_perform(exchange->curl);

    if (exchange->refused.msg != E_NONE) {
        *err = exchange->refused;
        return false;
    }
    return code == CURLE_OK ||
           fail(err, E_REMOTE_HTTP, "%s: %s", exchange->peer->url,
                exchange->trouble[0] != '\0' ? exchange->trouble
                                             : curl_easy_strerror(code));
}

bool remote_greet(const struct remote_peer *peer, struct error *err)
{
    scoped(exchange_end) struct exchange exchange = {
        .curl = curl_easy_init(), .peer = peer, .tls = {.fd = -1}};

    if (!exchange_begin(&exchange, err))
        return false;
    if (curl_easy_setopt(exchange.curl, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK ||
        curl_easy_setopt(exchange.curl, CURLOPT_URL, peer->url) != CURLE_OK)
        return fail(err, E_REMOTE_HTTP, "libcurl cannot be used as it must be");
    return perform(&exchange, err);
}

bool remote_http(struct remote_answer *out, const struct remote_peer *peer,
                 const char *method, const char *path, struct span body, struct error *err)
{
    scoped(exchange_end) struct exchange exchange = {
        .curl = curl_easy_init(), .peer = peer, .answer = out, .tls = {.fd = -1}};
    long status = 0;
    bool good;

    out->ended = -1;
    out->body = buf_upto(REMOTE_ANSWER_MAX);
    if (!exchange_begin(&exchange, err))
        return false;
    if (!set_request(&exchange, method, path, body))
        return fail(err, E_REMOTE_HTTP, "libcurl cannot be used as it must be");
    good = perform(&exchange, err);
    curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    return good;
}
