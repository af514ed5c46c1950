/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/client.h"

#include "base/text.h"

#include <curl/curl.h>

struct fetch {
    CURL *curl;
    struct buf *out;
    bool too_large;
};

static void fetch_end(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->curl);
}

static size_t at_bytes(char *bytes, size_t size, size_t n, void *at)
{
    struct fetch *fetch = at;
    struct error err = {0};

    if (buf_add(fetch->out, span_of(bytes, size * n), &err))
        return size * n;
    fetch->too_large = true;
    return 0;
}

/* A build of libcurl that lacks one of these is no build for this. */
static bool set_options(struct fetch *fetch, const char *url)
{
    CURL *curl = fetch->curl;

    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_SECONDS) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, at_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK;
}

bool client_fetch(struct buf *out, const char *url, struct error *err)
{
    scoped(fetch_end) struct fetch fetch = {.curl = curl_easy_init(), .out = out};
    CURLcode code;

    if (!text_starts(url, "http://"))
        return fail(err, E_FETCH, "%s is no http address", url);
    if (fetch.curl == NULL || !set_options(&fetch, url))
        return fail(err, E_FETCH, "libcurl cannot be used as it must be");
    code = curl_easy_perform(fetch.curl);
    if (fetch.too_large)
        return fail(err, E_FETCH, "%s: more than %zu bytes", url, out->max);
    return code == CURLE_OK || fail(err, E_FETCH, "%s: %s", url, curl_easy_strerror(code));
}
