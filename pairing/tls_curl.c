/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every libcurl handle of ours has in common; what wolfSSL is asked stands in tls.c.
 */
#include "pairing/tls.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static CURLcode at_tls_setup(CURL *easy, void *ctx, void *at)
{
    struct tls_curl *curl = at;

    (void)easy;
    curl->fresh = true;
    return tls_curl_policy(curl, ctx) ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

/* A connection that was kept may lead nowhere by now: what nobody acknowledges for so long
 * has failed, and is asked on another one. */
static int at_socket(void *at, curl_socket_t fd, curlsocktype purpose)
{
    const unsigned silence_ms = TLS_IDLE_SECONDS * 1000;
    struct tls_curl *curl = at;

    (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof(silence_ms));
    curl->before = curl->fd;
    curl->fd = fd;
    curl->asked = false;
    return CURL_SOCKOPT_OK;
}

/* Of two addresses tried side by side (RFC 8305) the slower one's socket is closed, and it
 * may be the newer one. */
static int at_close(void *at, curl_socket_t fd)
{
    struct tls_curl *curl = at;

    if (fd == curl->fd)
        curl->fd = curl->before;
    return close(fd);
}

static bool set_numbers(CURL *easy)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 0}, /* who judges the chain compares the name */
        {CURLOPT_SSL_SESSIONID_CACHE, 0},
        {CURLOPT_CA_CACHE_TIMEOUT, 0},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_LOW_SPEED_LIMIT, 1},
    };

    for (size_t i = 0; i < COUNT(numbers); i++)
        if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
            return false;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
}

/* Those that a lean build may do without, because it has no such feature at all. */
static void set_absent(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}

bool tls_curl_use(struct tls_curl *curl, void *easy)
{
    set_absent(easy);
    return set_numbers(easy) &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, at_tls_setup) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, curl) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, at_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, curl) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, at_close) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, curl) == CURLE_OK;
}

static bool take_new(struct tls_curl *curl, CURL *easy, struct error *err)
{
    const struct curl_tlssessioninfo *tls = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == NULL ||
        tls->internals == NULL)
        return fail(err, E_TLS_POLICY, "libcurl has no TLS connection");
    if (!tls_curl_connected(curl, tls->internals)) {
        *err = curl->err;
        return false;
    }
    tls_curl_take_over(curl, tls->internals);
    curl->fresh = false;
    return true;
}

bool tls_curl_look(struct tls_curl *curl, void *easy, struct error *err)
{
    if (curl->fresh && !take_new(curl, easy, err))
        return false;
    tls_curl_ask(curl);
    return true;
}
