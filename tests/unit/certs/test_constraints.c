/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/constraints.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)

/* What breaks along the folder's path, and at which rung. */
static enum msg along(const char *name, unsigned *rung)
{
    scoped(chain_clear) struct chain chain = {0};
    const struct cert *path[CHAIN_READ_MAX];
    struct error err = {0};

    case_chain(&chain, name);
    for (size_t i = 0; i < chain.n; i++)
        path[i] = &chain.cert[i];
    (void)(constraints_hold_along(path, chain.n, &err) || err.msg != E_NONE);
    *rung = err.rung;
    return err.msg;
}

static void names_outside_are_found(void)
{
    static const struct {
        const char *folder;
        enum msg msg;
        unsigned rung;
    } rows[] = {
        {"good-name-constraints-met", E_NONE, 0},
        {"name-constraints-dns-permitted", E_NAME_NOT_PERMITTED, 0},
        {"name-constraints-dns-excluded", E_NAME_EXCLUDED, 0},
        {"name-constraints-dns-other-case", E_NAME_EXCLUDED, 0},
        {"name-constraints-ip-permitted", E_NAME_NOT_PERMITTED, 0},
        {"name-constraints-ip-excluded", E_NAME_EXCLUDED, 0},
        {"name-constraints-dn-permitted", E_NAME_NOT_PERMITTED, 0},
        {"name-constraints-dn-excluded", E_NAME_EXCLUDED, 0},
        {"name-constraints-email-permitted", E_NAME_NOT_PERMITTED, 0},
        {"name-constraints-uri-permitted", E_NAME_NOT_PERMITTED, 0},
        {"name-constraints-on-root", E_NAME_NOT_PERMITTED, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned rung = 99;

        CU_ASSERT_EQUAL(along(rows[i].folder, &rung), rows[i].msg);
        CU_ASSERT_EQUAL(rung, rows[i].rung);
    }
}

static void malformed_constraints_are_refused(void)
{
    CU_ASSERT_TRUE(constraints_are_well_formed(BYTES("\xa0\x05\x30\x03\x82\x01x")));
    CU_ASSERT_FALSE(constraints_are_well_formed(BYTES("")));
    CU_ASSERT_FALSE(constraints_are_well_formed(BYTES("\xa0\x00")));
    CU_ASSERT_FALSE(constraints_are_well_formed(BYTES("\xa2\x05\x30\x03\x82\x01x")));
    /* A minimum, and a mask with a hole. */
    CU_ASSERT_FALSE(
        constraints_are_well_formed(BYTES("\xa0\x08\x30\x06\x82\x01x\x80\x01\x01")));
    CU_ASSERT_FALSE(constraints_are_well_formed(
        BYTES("\xa0\x0c\x30\x0a\x87\x08\x0a\x00\x00\x00\xff\x00\xff\x00")));
}

static void forms_we_do_not_compare_are_noticed(void)
{
    CU_ASSERT_TRUE(constraints_are_beyond_us(BYTES("\xa1\x05\x30\x03\x88\x01\x2a")));
    CU_ASSERT_FALSE(constraints_are_beyond_us(BYTES("\xa1\x05\x30\x03\x82\x01x")));
}

/* A certificate without SAN below a CA that permits DNS names beneath "ok.test". */
static enum msg without_san(const char *cn, bool is_leaf)
{
    struct cert issuer = {.name_constraints = BYTES("\xa0\x0b\x30\x09\x82\x07ok.test")};
    struct cert cert = {.subject = BYTES("\x30\x00")};
    struct error err = {0};
    unsigned tries = CONSTRAINT_TRIES;

    for (size_t i = 0; cn[i] != '\0'; i++)
        cert.cn[i] = cn[i];
    return constraints_hold(&cert, is_leaf, &issuer, &tries, &err) ? E_NONE : err.msg;
}

static void a_common_name_that_stands_for_a_host_counts(void)
{
    CU_ASSERT_EQUAL(without_san("host.ok.test", true), E_NONE);
    CU_ASSERT_EQUAL(without_san("host.other.test", true), E_NAME_NOT_PERMITTED);
    CU_ASSERT_EQUAL(without_san("Some Appliance", true), E_NONE);
    CU_ASSERT_EQUAL(without_san("host.other.test", false), E_NONE);
}

static void comparing_has_an_end(void)
{
    struct cert issuer = {.name_constraints = BYTES("\xa0\x0b\x30\x09\x82\x07ok.test")};
    struct cert cert = {.subject = BYTES("\x30\x00"),
                        .has_san = true,
                        .san = BYTES("\x82\x07ok.test\x82\x07ok.test")};
    struct error err = {0};
    unsigned tries = 1;

    CU_ASSERT_FALSE(constraints_hold(&cert, true, &issuer, &tries, &err));
    CU_ASSERT_EQUAL(err.msg, E_NAME_CONSTRAINTS_MANY);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_outside_are_found),
        TEST(malformed_constraints_are_refused),
        TEST(forms_we_do_not_compare_are_noticed),
        TEST(a_common_name_that_stands_for_a_host_counts),
        TEST(comparing_has_an_end),
    };

    return run_tests("constraints", tests, COUNT(tests));
}
