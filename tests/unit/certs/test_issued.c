/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/ca_root.h"
#include "certs/issued.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/* A leaf of the root for this name, on record. */
static void issue(struct chain *out, struct root *root, const char *name, time_t now)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};
    scoped(report_clear) struct report report = {0};
    struct csr_wish wish = {.common_name = name, .san = &name, .sans = 1};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, &key, &err));
    CU_ASSERT_FATAL(csr_parse(&csr, buf_span(&pem), &err));
    CU_ASSERT_FATAL(ca_issue(out, &root->ca, &csr, 30, now, &report, &err));
    CU_ASSERT_FATAL(issued_add(root->scratch.fd, chain_leaf(out), &root->ca, now, &err));
}

static void what_was_issued_is_on_record(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0}, two = {0};
    scoped(issued_list_clear) struct issued_list list = {0};
    char serial[SERIAL_TEXT_MAX];
    struct error err = {0};

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    issue(&two, &root, "two.example.com", AT_NOON + 1);
    CU_ASSERT_FATAL(issued_load(&list, root.scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(list.n, 2);
    issued_serial(serial, chain_leaf(&one));
    CU_ASSERT_STRING_EQUAL(list.item[0].serial, serial);
    CU_ASSERT_STRING_EQUAL(list.item[1].cert.cn, "two.example.com");
    CU_ASSERT_EQUAL(list.item[0].at, AT_NOON);
    CU_ASSERT_EQUAL(list.item[0].revoked, 0);
}

static void a_revoked_one_is_in_the_list_with_its_reason(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0}, two = {0};
    scoped(issued_clear) struct issued revoked = {0}, again = {0};
    struct crl crl = {0};
    struct cert_time since = {0};
    char serial[SERIAL_TEXT_MAX];
    struct error err = {0}, twice = {0};

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    issue(&two, &root, "two.example.com", AT_NOON);
    issued_serial(serial, chain_leaf(&one));
    CU_ASSERT_FATAL(issued_revoke(&revoked, root.scratch.fd, serial, REASON_SUPERSEDED,
                                  AT_NOON + 5, &err));
    CU_ASSERT_FALSE(issued_revoke(&again, root.scratch.fd, serial, REASON_SUPERSEDED,
                                  AT_NOON + 9, &twice));
    CU_ASSERT_EQUAL(twice.msg, E_CA_REVOKED);
    root_crl(&crl, &root, AT_NOON + 10);
    CU_ASSERT(crl_is_signed_by(&crl, root_cert(&root)));
    CU_ASSERT(crl_is_current(&crl, AT_NOON + 10));
    CU_ASSERT(crl_revokes(&crl, chain_leaf(&one), &since));
    CU_ASSERT_EQUAL(since.at, AT_NOON + 5);
    CU_ASSERT_FALSE(crl_revokes(&crl, chain_leaf(&two), &since));
    crl_clear(&crl);
}

static void serial_numbers_are_read_as_people_write_them(void)
{
    static const char *const bad[] = {"", "xyz", "00FF", "../../ca/key", "1234567890"};
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0};
    scoped(issued_clear) struct issued revoked = {0};
    char serial[SERIAL_TEXT_MAX], colons[2 * SERIAL_TEXT_MAX];
    struct error err = {0};
    size_t n = 0;

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(issued_clear) struct issued none = {0};
        struct error unknown = {0};

        CU_ASSERT_FALSE(issued_revoke(&none, root.scratch.fd, bad[i], REASON_UNSPECIFIED,
                                      AT_NOON, &unknown));
        CU_ASSERT_EQUAL(unknown.msg, E_SERIAL_UNKNOWN);
    }
    issued_serial(serial, chain_leaf(&one));
    for (size_t i = 0; serial[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0)
            colons[n++] = ':';
        colons[n++] = (char)(serial[i] >= 'A' ? serial[i] + 32 : serial[i]);
    }
    colons[n] = '\0';
    CU_ASSERT(issued_revoke(&revoked, root.scratch.fd, colons, REASON_UNSPECIFIED, AT_NOON,
                            &err));
}

static void lists_have_rising_numbers_and_only_their_own(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0};
    scoped(issued_clear) struct issued revoked = {0};
    const struct ca_renewal renewal = {.key = KEY_CHOICE_EC, .now = AT_NOON};
    struct crl first = {0}, second = {0};
    char serial[SERIAL_TEXT_MAX];
    struct error err = {0};

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    issued_serial(serial, chain_leaf(&one));
    CU_ASSERT_FATAL(issued_revoke(&revoked, root.scratch.fd, serial, REASON_UNSPECIFIED,
                                  AT_NOON, &err));
    root_crl(&first, &root, AT_NOON);
    CU_ASSERT_FATAL(ca_renew(root.scratch.fd, &renewal, &err));
    ca_clear(&root.ca);
    CU_ASSERT_FATAL(ca_load(&root.ca, root.scratch.fd, &err));
    root_crl(&second, &root, AT_NOON);
    CU_ASSERT(first.revoked.n > 0);
    CU_ASSERT_EQUAL(second.revoked.n, 0);
    CU_ASSERT_EQUAL(first.number.at[0], 1);
    CU_ASSERT_EQUAL(second.number.at[0], 2);
    crl_clear(&first);
    crl_clear(&second);
}

static void a_damaged_record_is_named(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0};
    scoped(issued_list_clear) struct issued_list list = {0};
    struct error err = {0};

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    CU_ASSERT_FATAL(scratch_shell(&root.scratch, "truncate -s 90 ca.issued/*.pem"));
    CU_ASSERT_FALSE(issued_load(&list, root.scratch.fd, &err));
    CU_ASSERT_EQUAL(err.msg, E_CA_RECORD);
}

static void no_more_is_issued_than_can_be_listed(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain one = {0};
    char fill[128];
    struct error err = {0};

    root_make(&root, "Root");
    issue(&one, &root, "one.example.com", AT_NOON);
    snprintf(fill, sizeof(fill), "cd ca.issued && seq -f %%.0f.pem 2 %d | xargs touch",
             ISSUED_MAX);
    CU_ASSERT_FATAL(scratch_shell(&root.scratch, fill));
    CU_ASSERT_FALSE(issued_add(root.scratch.fd, chain_leaf(&one), &root.ca, AT_NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_CA_FULL);
    CU_ASSERT_FATAL(scratch_shell(&root.scratch, "rm ca.issued/2.pem"));
    CU_ASSERT(issued_add(root.scratch.fd, chain_leaf(&one), &root.ca, AT_NOON, &err));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_issued_is_on_record),
        TEST(a_revoked_one_is_in_the_list_with_its_reason),
        TEST(serial_numbers_are_read_as_people_write_them),
        TEST(lists_have_rising_numbers_and_only_their_own),
        TEST(a_damaged_record_is_named),
        TEST(no_more_is_issued_than_can_be_listed),
    };

    return run_tests("issued", tests, COUNT(tests));
}
