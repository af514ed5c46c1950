/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a file and from a descriptor; the terminal is tests/live/13-identity.sh's. */
#include "agent/passphrase.h"
#include "base/text.h"
#include "certs/sealed.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Take what a pipe gives. */
static enum msg from_pipe(const char *text, char out[64])
{
    scoped(buf_clear) struct buf passphrase = {0};
    struct passphrase_source source = {0};
    struct error err = {0};
    char number[16];
    int ends[2];

    CU_ASSERT_FATAL(pipe(ends) == 0);
    CU_ASSERT_FATAL(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
    close(ends[1]);
    snprintf(number, sizeof(number), "%d", ends[0]);
    source.fd = number;
    CU_ASSERT_EQUAL(passphrase_take(&passphrase, &source, "Passphrase", &err),
                    err.msg == E_NONE);
    (void)text_copy_span(out, 64, buf_span(&passphrase));
    close(ends[0]);
    return err.msg;
}

static void a_descriptor_gives_its_first_line(void)
{
    char text[64];

    CU_ASSERT_EQUAL(from_pipe("pass word \xc3\xa9\nmore\n", text), E_NONE);
    CU_ASSERT_STRING_EQUAL(text, "pass word \xc3\xa9");
    CU_ASSERT_EQUAL(from_pipe("no end of line", text), E_NONE);
    CU_ASSERT_STRING_EQUAL(text, "no end of line");
    CU_ASSERT_EQUAL(from_pipe("dos\r\n", text), E_NONE);
    CU_ASSERT_STRING_EQUAL(text, "dos");
    CU_ASSERT_EQUAL(from_pipe("\nsecond", text), E_PASSPHRASE_FORM);
    CU_ASSERT_EQUAL(from_pipe("", text), E_PASSPHRASE_FORM);
    CU_ASSERT_EQUAL(from_pipe("broken\x03off\n", text), E_PASSPHRASE_ABSENT);
}

static void a_descriptor_that_is_none_is_told(void)
{
    static const char *const numbers[] = {"-1", "x", "", "70000", "9999"};

    for (size_t i = 0; i < COUNT(numbers); i++) {
        scoped(buf_clear) struct buf out = {0};
        const struct passphrase_source source = {.fd = numbers[i]};
        struct error err = {0};

        CU_ASSERT_FALSE(passphrase_take(&out, &source, "Passphrase", &err));
    }
}

static void a_file_is_its_owners_alone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf out = {0}, none = {0};
    char path[PATH_MAX + 16];
    const struct passphrase_source source = {.file = path};
    struct error err = {0};

    scratch_make(&scratch);
    scratch_write(&scratch, "secret", "from a file\n");
    snprintf(path, sizeof(path), "%s/secret", scratch.path);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "chmod 600 secret"));
    CU_ASSERT(passphrase_take(&out, &source, "Passphrase", &err));
    CU_ASSERT(span_equal(buf_span(&out), span_text("from a file")));
    CU_ASSERT_FATAL(scratch_shell(&scratch, "chmod 640 secret"));
    CU_ASSERT_FALSE(passphrase_take(&none, &source, "Passphrase", &err));
    CU_ASSERT_EQUAL(err.msg, E_SECRET_OPEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_descriptor_gives_its_first_line),
        TEST(a_descriptor_that_is_none_is_told),
        TEST(a_file_is_its_owners_alone),
    };

    return run_tests("passphrase", tests, COUNT(tests));
}
