/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dial.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void an_endpoint_is_a_host_and_perhaps_a_port(void)
{
    static const struct {
        const char *text, *host, *port;
    } cases[] = {
        {"target.example.com", "target.example.com", TLS_PORT_DEFAULT},
        {"target.example.com:9443", "target.example.com", "9443"},
        {"192.0.2.1", "192.0.2.1", TLS_PORT_DEFAULT},
        {"192.0.2.1:1", "192.0.2.1", "1"},
        {"2001:db8::1", "2001:db8::1", TLS_PORT_DEFAULT},
        {"::1", "::1", TLS_PORT_DEFAULT},
        {"[2001:db8::1]", "2001:db8::1", TLS_PORT_DEFAULT},
        {"[2001:db8::1]:65535", "2001:db8::1", "65535"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct endpoint endpoint = {0};
        struct error err = {0};

        CU_ASSERT(endpoint_read(&endpoint, cases[i].text, &err));
        CU_ASSERT_STRING_EQUAL(endpoint.host, cases[i].host);
        CU_ASSERT_STRING_EQUAL(endpoint.port, cases[i].port);
    }
}

static void what_is_no_endpoint_is_a_usage_error(void)
{
    static const char *const bad[] = {
        "",   ":",    ":8443",  "host:",  "[::1",           "https://host",
        "[]", "[]:1", "[::1]x", "[::1]:", "host:123456789",
    };
    char long_host[ENDPOINT_HOST_MAX + 2];
    struct endpoint endpoint = {0};
    struct error err = {0};

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct endpoint none = {0};
        struct error why = {0};

        CU_ASSERT_FALSE(endpoint_read(&none, bad[i], &why));
        CU_ASSERT_EQUAL(why.msg, E_USAGE);
    }
    memset(long_host, 'a', sizeof(long_host) - 1);
    long_host[sizeof(long_host) - 1] = '\0';
    CU_ASSERT_FALSE(endpoint_read(&endpoint, long_host, &err));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_endpoint_is_a_host_and_perhaps_a_port),
        TEST(what_is_no_endpoint_is_a_usage_error),
    };

    return run_tests("dial", tests, COUNT(tests));
}
