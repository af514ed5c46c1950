/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/der.h"
#include "certs/time.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct {
    unsigned tag;
    const char *text;
    enum time_form form;
    time_t at;
} forms[] = {
    {TAG_UTC_TIME, "270615120000Z", FORM_UTC, 1813060800},
    {TAG_UTC_TIME, "491231235959Z", FORM_UTC, 2524607999},
    {TAG_UTC_TIME, "500101000000Z", FORM_UTC, -631152000},
    {TAG_UTC_TIME, "700101000000Z", FORM_UTC, 0},
    {TAG_UTC_TIME, "280229000000Z", FORM_UTC, 1835395200},
    {TAG_GENERALIZED_TIME, "20500101000000Z", FORM_GENERALIZED, 2524608000},
    {TAG_GENERALIZED_TIME, "99991231235959Z", FORM_GENERALIZED, 253402300799},
    {TAG_GENERALIZED_TIME, "20270615120000Z", FORM_GENERALIZED_EARLY, 1813060800},
    {TAG_UTC_TIME, "", FORM_BAD, 0},
    {TAG_UTC_TIME, "2706151200Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615120000", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615120000z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615120000.5Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615120000+0000", FORM_BAD, 0},
    {TAG_UTC_TIME, "20270615120000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270230000000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270229000000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "271301000000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270015000000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615240000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615126000Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "270615120060Z", FORM_BAD, 0},
    {TAG_UTC_TIME, "27O615120000Z", FORM_BAD, 0},
    {TAG_GENERALIZED_TIME, "270615120000Z", FORM_BAD, 0},
    {TAG_GENERALIZED_TIME, "205001010000Z", FORM_BAD, 0},
    {TAG_GENERALIZED_TIME, "20500101000000.5Z", FORM_BAD, 0},
    {TAG_GENERALIZED_TIME, "20500101000000", FORM_BAD, 0},
    {TAG_GENERALIZED_TIME, "20500101000000+0100", FORM_BAD, 0},
};

static void only_the_two_forms_of_rfc_5280_are_read(void)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct cert_time when = {0};

        cert_time_read(&when, forms[i].tag, span_text(forms[i].text));
        CU_ASSERT_EQUAL(when.form, forms[i].form);
        CU_ASSERT_EQUAL(when.at, forms[i].at);
    }
}

int main(void)
{
    static const struct test tests[] = {TEST(only_the_two_forms_of_rfc_5280_are_read)};

    return run_tests("time", tests, COUNT(tests));
}
