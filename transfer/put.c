/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/put.h"

#include "base/mem.h"
#include "base/text.h"
#include "transfer/wire_json.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define URL_MAX 1024
#define IDLE_SECONDS 20           /* less than the server keeps an idle connection */
#define KEEPALIVE_IDLE_SECONDS 20 /* while a long answer is waited for */
#define KEEPALIVE_EVERY_SECONDS 5
#define UPLOAD_BYTES (128L << 10)
#define GATHER_FROM_RATE (4U << 20) /* slower than this nothing is held back */

struct reply reply_none(void)
{
    return (struct reply){.body = buf_upto(REPLY_BYTES_MAX)};
}

void reply_clear(struct reply *reply)
{
    buf_clear(&reply->body);
    reply->status = 0;
}

static bool is_set(const atomic_bool *flag)
{
    return flag != NULL && atomic_load(flag);
}

bool put_is_stopped(const struct put *put)
{
    return is_set(put->route.stop) || is_set(put->route.halt);
}

/* libcurl's callbacks. */

/* The handshake is over and nothing of the request is sent: is this the granted peer? The
 * dates are looked at again in every second that a request begins. */
static bool judge(struct put *put, struct error *err)
{
    const int64_t now = atomic_load(put->route.clock);
    const bool judged = !put->tls->fresh && put->judged == now;

    if (!tls_curl_look(put->tls, put->curl, err))
        return false;
    if (judged)
        return true;
    put->judged = INT64_MIN; /* a refused peer is judged again, whenever it is */
    if (put->route.by_key ? !grant_names(put->grant, &put->tls->facts.peer, true, err)
                          : !grant_admits(put->grant, &put->tls->facts.peer, true,
                                          put->route.trust, (time_t)now, err))
        return false;
    put->judged = now;
    return true;
}

static int at_request(void *at, char *peer, char *own, int peer_port, int own_port)
{
    struct put *put = at;

    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    return judge(put, &put->refused) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static bool may_gather(const struct put *put)
{
    const struct pace *pace = put->route.pace;

    return pace == NULL || pace->rate == 0 || pace->rate >= GATHER_FROM_RATE;
}

static size_t at_body(char *out, size_t size, size_t n, void *at)
{
    struct put *put = at;
    const size_t left = put->body.n - put->sent;
    size_t now = size * n < left ? size * n : left;

    if (put_is_stopped(put))
        return CURL_READFUNC_ABORT;
    if (now > 0 && put->route.pace != NULL) {
        now = pace_portion(put->route.pace, now);
        pace_take(put->route.pace, now);
    }
    tls_curl_body(put->tls, now < left && may_gather(put));
    if (now > 0)
        memcpy(out, put->body.at + put->sent, now);
    put->sent += now;
    passing_reach(&put->passing, put->sent);
    return now;
}

static int at_rewind(void *at, curl_off_t offset, int origin)
{
    struct put *put = at;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > put->body.n)
        return CURL_SEEKFUNC_FAIL;
    put->sent = (size_t)offset;
    passing_reach(&put->passing, put->sent);
    return CURL_SEEKFUNC_OK;
}

static int64_t steady_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1;
}

static size_t at_head(char *bytes, size_t size, size_t n, void *at)
{
    struct put *put = at;

    (void)bytes;
    tls_curl_delivered(put->tls, size * n);
    return arrival_head(&put->arrival, size * n, steady_seconds(), &put->refused) ? size * n
                                                                                  : 0;
}

static size_t at_answer(char *bytes, size_t size, size_t n, void *at)
{
    struct put *put = at;
    const struct span piece = span_of(bytes, size * n);

    tls_curl_delivered(put->tls, piece.n);
    return arrival_body(&put->arrival, piece, steady_seconds(), &put->refused) ? piece.n
                                                                               : 0;
}

static int at_progress(void *at, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct put *put = at;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return put_is_stopped(put) || tls_curl_broken(put->tls) != 0 ||
                   !arrival_in_time(&put->arrival, steady_seconds(), &put->refused)
               ? 1
               : 0;
}

/* Options that hold for every request; a build that lacks one is no build for this. */
static bool set_numbers(CURL *curl)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_TCP_NODELAY, 1},
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS},
        {CURLOPT_TCP_KEEPINTVL, KEEPALIVE_EVERY_SECONDS},
        {CURLOPT_CONNECTTIMEOUT, PUT_CONNECT_SECONDS},
        {CURLOPT_MAXCONNECTS, 1},
        {CURLOPT_MAXAGE_CONN, IDLE_SECONDS},
        {CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES},
        {CURLOPT_NOPROGRESS, 0},
    };

    for (size_t i = 0; i < COUNT(numbers); i++)
        if (curl_easy_setopt(curl, numbers[i].option, numbers[i].value) != CURLE_OK)
            return false;
    return true;
}

static bool set_callbacks(CURL *curl, struct put *put)
{
    return curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, at_request) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PREREQDATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, at_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, at_rewind) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SEEKDATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, at_head) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, at_answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, at_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, put) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, put->trouble) == CURLE_OK;
}

bool put_use_mem(struct error *err)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_take, mem_free, mem_retake,
                                mem_text, mem_zeroed) == CURLE_OK ||
           fail(err, E_PUT_SETUP, "libcurl cannot start");
}

bool put_open(struct put *out, const struct grant *grant, const struct route *route,
              struct error *err)
{
    *out = (struct put){.grant = grant, .route = *route};
    out->tls = mem_zeroed(1, sizeof(*out->tls));
    out->tls->self = route->self;
    out->tls->fd = -1;
    out->curl = curl_easy_init();
    if (out->curl == NULL)
        return fail(err, E_PUT_SETUP, "no handle");
    return (tls_curl_use(out->tls, out->curl) && set_numbers(out->curl) &&
            set_callbacks(out->curl, out)) ||
           fail(err, E_PUT_SETUP, "an option is missing");
}

void put_close(struct put *put)
{
    curl_easy_cleanup(put->curl);
    if (put->tls != NULL)
        tls_curl_clear(put->tls);
    mem_free(put->tls);
    *put = (struct put){0};
}

void put_reroute(struct put *put, const struct grant *grant, const struct route *route)
{
    put->grant = grant;
    put->route = *route;
    put->judged = INT64_MIN;
}

const struct tls_facts *put_facts(const struct put *put)
{
    return &put->tls->facts;
}

static void headers_free(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

static bool add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);

    if (longer != NULL)
        *headers = longer;
    return longer != NULL;
}

static bool lay_headers(struct curl_slist **out, const struct request *request,
                        struct error *err)
{
    char line[sizeof("Pairgate-Digest: ") + DIGEST_HEX] = "Pairgate-Digest: ";
    bool laid = add_header(out, "Expect:");

    if (request->kind == BODY_BYTES)
        laid = laid && add_header(out, "Content-Type: application/octet-stream");
    if (request->kind == BODY_JSON)
        laid = laid && add_header(out, "Content-Type: application/json");
    if (request->digest != NULL) {
        digest_hex(line + strlen(line), request->digest);
        laid = laid && add_header(out, line);
    }
    if (request->plain > 0) {
        snprintf(line, sizeof(line), "Pairgate-Length: %zu", request->plain);
        laid = laid && add_header(out, "Content-Encoding: zstd") && add_header(out, line);
    }
    return laid || fail(err, E_PUT_SETUP, "no memory for headers");
}

static bool set_url(struct put *put, const char *path, struct error *err)
{
    const struct endpoint *peer = put->route.peer;
    const bool bare = strchr(peer->host, ':') == NULL;
    char url[URL_MAX];
    const int n = snprintf(url, sizeof(url), "https://%s%s%s:%s%s", bare ? "" : "[",
                           peer->host, bare ? "" : "]", peer->port, path);

    return (n > 0 && (size_t)n < sizeof(url) &&
            curl_easy_setopt(put->curl, CURLOPT_URL, url) == CURLE_OK) ||
           fail(err, E_PUT_SETUP, "the address of %s", path);
}

static bool set_method(struct put *put, const struct request *request, struct error *err)
{
    CURL *curl = put->curl;
    const curl_off_t n = (curl_off_t)request->body.n;
    bool set;

    if (request->kind == BODY_NONE && text_equal(request->method, "GET"))
        set = curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    else if (text_equal(request->method, "PUT"))
        set = curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, n) == CURLE_OK;
    else
        set = curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, n) == CURLE_OK;
    return set || fail(err, E_PUT_SETUP, "%s", request->method);
}

/* What a broken exchange means, and whether it may go better the next time. */
static const struct {
    CURLcode code;
    enum msg msg;
    bool again;
} breaks[] = {
    {CURLE_COULDNT_RESOLVE_HOST, E_PUT_UNREACHABLE, true},
    {CURLE_COULDNT_CONNECT, E_PUT_UNREACHABLE, true},
    {CURLE_OPERATION_TIMEDOUT, E_PUT_BROKEN, true},
    {CURLE_SSL_CONNECT_ERROR, E_PUT_BROKEN, true},
    {CURLE_SEND_ERROR, E_PUT_BROKEN, true},
    {CURLE_SEND_FAIL_REWIND, E_PUT_BROKEN, true},
    {CURLE_RECV_ERROR, E_PUT_BROKEN, true},
    {CURLE_GOT_NOTHING, E_PUT_BROKEN, true},
    {CURLE_PARTIAL_FILE, E_PUT_BROKEN, true},
    {CURLE_WEIRD_SERVER_REPLY, E_PUT_ANSWER, false},
    {CURLE_WRITE_ERROR, E_PUT_ANSWER, false},
};

static bool broke(const struct put *put, CURLcode code, bool *again, struct error *err)
{
    const struct error *ours = put->refused.msg != E_NONE ? &put->refused : &put->tls->err;

    if (ours->msg != E_NONE) {
        *err = *ours;
        return false;
    }
    if (put_is_stopped(put))
        return fail(err, E_STOPPED, "%s", put->route.peer->host);
    if (code == CURLE_ABORTED_BY_CALLBACK && tls_curl_broken(put->tls) != 0) {
        *again = true;
        return fail(err, E_PUT_BROKEN, "%s:%s: %s", put->route.peer->host,
                    put->route.peer->port, strerrordesc_np(tls_curl_broken(put->tls)));
    }
    for (size_t i = 0; i < COUNT(breaks); i++) {
        if (breaks[i].code != code)
            continue;
        *again = breaks[i].again;
        return fail(err, breaks[i].msg, "%s:%s: %s", put->route.peer->host,
                    put->route.peer->port, put->trouble);
    }
    return fail(err, E_PUT_BROKEN, "%s", put->trouble);
}

static bool answered(const struct reply *reply, bool *again, struct error *err)
{
    if (reply->status >= 200 && reply->status < 300)
        return true;
    wire_read_refusal(buf_span(&reply->body), reply->status, err);
    *again = reply->status == 429 || reply->status == 503 || err->msg == E_SEGMENT_DIGEST ||
             err->msg == E_MANIFEST_DIGEST;
    return false;
}

static CURLcode perform(struct put *put, const struct request *request,
                        struct curl_slist *headers, int *answered_with)
{
    const long patience = request->patience > 0 ? request->patience : PUT_STALL_SECONDS;
    long status = 0;
    CURLcode code;

    curl_easy_setopt(put->curl, CURLOPT_LOW_SPEED_TIME, patience);
    curl_easy_setopt(put->curl, CURLOPT_HTTPHEADER, headers);
    code = curl_easy_perform(put->curl);
    curl_easy_setopt(put->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_getinfo(put->curl, CURLINFO_RESPONSE_CODE, &status);
    *answered_with = (int)status;
    return code;
}

bool put_request(struct put *put, const struct request *request, struct reply *out,
                 bool *again, struct error *err)
{
    scoped(headers_free) struct curl_slist *headers = NULL;
    CURLcode code;

    *again = false;
    put->refused = (struct error){0};
    tls_curl_begin(put->tls);
    put->trouble[0] = '\0';
    put->body = request->body;
    put->sent = 0;
    buf_reset(&out->body);
    arrival_begin(&put->arrival, &out->body);
    if (put_is_stopped(put))
        return fail(err, E_STOPPED, "%s", put->route.peer->host);
    if (!set_url(put, request->path, err) || !set_method(put, request, err) ||
        !lay_headers(&headers, request, err))
        return false;
    passing_begin(&put->passing, request->passing, request->body.n,
                  request->plain > 0 ? request->plain : request->body.n);
    code = perform(put, request, headers, &out->status);
    passing_end(&put->passing);
    return code == CURLE_OK ? answered(out, again, err) : broke(put, code, again, err);
}
