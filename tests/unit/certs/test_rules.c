/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every folder of tests/data/chains, judged as its `expect` says; then the table itself. */
#include "base/fs.h"
#include "base/text.h"
#include "certs/der.h"
#include "certs/pem.h"
#include "certs/rules.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_NOON 1813060800 /* 2027-06-15T12:00:00Z */
#define TOLD_MAX 512

struct given {
    struct buf file;
    struct buf request; /* DER */
    struct span request_spki;
    bool has_request;
    struct buf expect; /* text, terminated */
    time_t now;
};

static void given_clear(struct given *given)
{
    buf_clear(&given->file);
    buf_clear(&given->request);
    buf_clear(&given->expect);
}

static bool has_file(int dir, const char *name)
{
    return faccessat(dir, name, R_OK, 0) == 0;
}

static void read_file(struct buf *out, int dir, const char *name)
{
    struct error err = {0};

    *out = buf_upto(2 * CHAIN_FILE_MAX);
    if (!fs_read_at(out, dir, name, &err) || !buf_terminate(out, &err)) {
        printf("%s: %s\n", name, err.about);
        exit(2);
    }
}

/* The SubjectPublicKeyInfo of a request: version, subject, key. */
static void read_request(struct given *given, int dir)
{
    scoped(buf_clear) struct buf text = {0};
    struct pem_block block = {0};
    struct pem pem = {0};
    struct span outer = {0}, info = {0}, skipped = {0};
    struct der spki = {0};
    struct error err = {0};
    bool found = false;

    read_file(&text, dir, "request.pem");
    given->request = buf_upto(CERT_DER_MAX);
    CU_ASSERT_FATAL(pem_open(&pem, buf_span(&text), &err));
    CU_ASSERT_FATAL(pem_next(&block, &found, &pem, &err));
    CU_ASSERT_FATAL(found);
    CU_ASSERT_FATAL(pem_decode(&given->request, &block, &err));
    CU_ASSERT_FATAL(der_only(&outer, buf_span(&given->request), TAG_SEQUENCE));
    CU_ASSERT_FATAL(der_expect(&info, &outer, TAG_SEQUENCE));
    CU_ASSERT_FATAL(der_expect(&skipped, &info, TAG_INTEGER));
    CU_ASSERT_FATAL(der_expect(&skipped, &info, TAG_SEQUENCE));
    CU_ASSERT_FATAL(der_take(&spki, &info));
    given->request_spki = spki.whole;
    given->has_request = true;
}

static void read_case(struct given *given, int dir)
{
    scoped(buf_clear) struct buf at = {0};
    struct error err = {0};

    read_file(&given->file, dir, "chain.pem");
    read_file(&given->expect, dir, "expect");
    if (has_file(dir, "request.pem"))
        read_request(given, dir);
    given->now = AT_NOON;
    if (!has_file(dir, "at"))
        return;
    read_file(&at, dir, "at");
    at.at[strcspn((char *)at.at, "\n")] = '\0';
    CU_ASSERT_FATAL(text_time(&given->now, (const char *)at.at, &err));
}

/* The worst severity with which this rule is in the report; false when it is not. */
static bool worst_of(enum severity *out, const struct report *report, const char *rule)
{
    bool found = false;

    *out = SEVERITY_NOTE;
    for (size_t i = 0; i < report->n; i++) {
        if (!text_equal(message_of(report->item[i].msg)->rule, rule))
            continue;
        found = true;
        if (report->item[i].severity < *out)
            *out = report->item[i].severity;
    }
    return found;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "rule severity, …" in the order of the alphabet, "-" for none. */
static void tell(char out[TOLD_MAX], const struct report *report)
{
    const char *names[64] = {0};
    size_t n = 0, at = 0;
    enum severity worst;

    while (rules_name(n) != NULL) {
        names[n] = rules_name(n);
        n++;
    }
    qsort(names, n, sizeof(names[0]), by_text);
    for (size_t i = 0; i < n; i++)
        if (worst_of(&worst, report, names[i]))
            at += (size_t)snprintf(out + at, TOLD_MAX - at, "%s%s %s", at > 0 ? ", " : "",
                                   names[i], severity_name(worst));
    if (at == 0)
        (void)text_copy(out, TOLD_MAX, "-");
}

/* The line of `expect` that begins with this key; false when there is none. */
static bool expected(char out[TOLD_MAX], const struct given *given, const char *key)
{
    size_t n = strlen(key);
    const char *line = (const char *)given->expect.at;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        if (strncmp(line, key, n) == 0 && line[n] == ':')
            return text_copy_span(out, TOLD_MAX, span_of(line + n + 2, length - n - 2));
        line += length + (line[length] == '\n');
    }
    return false;
}

static void judge(struct report *report, const struct given *given, enum policy policy,
                  enum occasion occasion)
{
    scoped(chain_clear) struct chain chain = {0};
    struct judged judged = {.policy = policy,
                            .occasion = occasion,
                            .now = given->now,
                            .request_spki = &given->request_spki,
                            .requests = given->has_request ? 1 : 0,
                            .has_requests = given->has_request};

    rules_judge_file(&chain, buf_span(&given->file), &judged, report);
}

static bool same(const char *name, const char *key, const char *want, const char *got)
{
    if (text_equal(want, got))
        return true;
    printf("\n  %s, %s:\n    wanted %s\n    got    %s", name, key, want, got);
    return false;
}

static bool policy_agrees(const char *name, const struct given *given, enum policy policy,
                          bool pairing)
{
    scoped(report_clear) struct report report = {0};
    char key[32], want[TOLD_MAX], got[TOLD_MAX];

    snprintf(key, sizeof(key), "%s%s", policy_name(policy), pairing ? "/pair" : "");
    if (!expected(want, given, key) &&
        (!pairing || !expected(want, given, policy_name(policy))))
        return same(name, key, "a line in expect", "none");
    judge(&report, given, policy, pairing ? OCCASION_PEER : OCCASION_UPLOAD);
    tell(got, &report);
    return same(name, key, want, got);
}

static bool ome_agrees(const char *name, const struct given *given)
{
    scoped(report_clear) struct report report = {0};
    char want[TOLD_MAX] = "-", got[TOLD_MAX] = "-";
    const struct ome_words *words = NULL;
    const struct error *headline;

    (void)expected(want, given, "ome-error");
    judge(&report, given, POLICY_OME, OCCASION_UPLOAD);
    headline = rules_headline(&report);
    if (headline != NULL)
        words = ome_words_of(message_of(headline->msg)->ome);
    if (words != NULL)
        snprintf(got, sizeof(got), "%s%s%s", words->id, words->argument != NULL ? " " : "",
                 words->argument != NULL ? words->argument : "");
    return same(name, "ome-error", want, got);
}

static bool case_agrees(const char *name, int chains)
{
    scoped(given_clear) struct given given = {0};
    scoped(fd_close) int dir = openat(chains, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = true;

    CU_ASSERT_FATAL(dir >= 0);
    read_case(&given, dir);
    for (unsigned policy = 0; policy < POLICIES; policy++)
        for (unsigned pairing = 0; pairing < 2; pairing++)
            good = policy_agrees(name, &given, (enum policy)policy, pairing == 1) && good;
    return ome_agrees(name, &given) && good;
}

static void every_case_breaks_exactly_the_rules_it_names(void)
{
    DIR *chains = opendir(TEST_DATA "/chains");
    unsigned cases = 0, wrong = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(chains);
    for (struct dirent *one = readdir(chains); one != NULL; one = readdir(chains)) {
        if (one->d_name[0] == '.')
            continue;
        cases++;
        wrong += !case_agrees(one->d_name, dirfd(chains));
    }
    closedir(chains);
    printf("\n  %u cases, %u differ", cases, wrong);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(cases > 100);
}

static char letter(const char *rule, enum policy policy, enum occasion occasion)
{
    enum severity severity;

    if (!rules_severity(rule, policy, occasion, &severity))
        return '-';
    return severity == SEVERITY_ERROR ? 'E' : 'W';
}

/* The row of docs/rules.md for this rule. */
static void show_row(char *out, size_t room, const char *rule)
{
    size_t n = (size_t)snprintf(out, room, "\n| `%s` |", rule);

    for (unsigned policy = 0; policy < POLICIES; policy++) {
        n += (size_t)snprintf(out + n, room - n, " ");
        for (unsigned i = 0; i < OCCASIONS; i++)
            out[n++] = letter(rule, (enum policy)policy, (enum occasion)i);
        n += (size_t)snprintf(out + n, room - n, " |");
    }
}

static void the_documented_severities_are_those_of_the_table(void)
{
    scoped(buf_clear) struct buf doc = buf_upto(1U << 20);
    struct error err = {0};
    char row[128];

    CU_ASSERT_FATAL(fs_read(&doc, TEST_DATA "/../../docs/rules.md", &err));
    for (size_t i = 0; rules_name(i) != NULL; i++) {
        show_row(row, sizeof(row), rules_name(i));
        CU_ASSERT_TRUE(span_find(buf_span(&doc), row, NULL));
    }
}

/* A message of these rules that the document does not list is one nobody can look up. */
static void every_message_of_a_rule_is_documented(void)
{
    scoped(buf_clear) struct buf doc = buf_upto(1U << 20);
    struct error err = {0};

    CU_ASSERT_FATAL(fs_read(&doc, TEST_DATA "/../../docs/rules.md", &err));
    for (unsigned i = 1; i < MSG_COUNT; i++) {
        const struct message *message = message_of((enum msg)i);
        enum severity severity;

        if (message->rule == NULL || !text_starts(message->id, "PGC1") ||
            !rules_severity(message->rule, POLICY_DEFAULT, OCCASION_UPLOAD, &severity))
            continue;
        CU_ASSERT_TRUE(span_find(buf_span(&doc), message->id, NULL));
    }
}

static void the_headline_follows_the_documents(void)
{
    struct error item[] = {{.msg = E_EXPIRED},
                           {.msg = E_CN_ABSENT},
                           {.msg = E_KU_ABSENT},
                           {.msg = E_EKU_ABSENT},
                           {.msg = E_CHAIN_DEPTH},
                           {.msg = E_LEAF_KEY_NOT_OURS},
                           {.msg = E_PEM_DER, .severity = SEVERITY_WARNING}};
    struct report report = {.item = item};

    CU_ASSERT_PTR_NULL(rules_headline(&report));
    for (report.n = 1; report.n < COUNT(item); report.n++)
        CU_ASSERT_PTR_EQUAL(rules_headline(&report), &item[report.n - 1]);
    CU_ASSERT_EQUAL(rules_headline(&report)->msg, E_LEAF_KEY_NOT_OURS);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_documented_severities_are_those_of_the_table),
        TEST(every_message_of_a_rule_is_documented),
        TEST(the_headline_follows_the_documents),
        TEST(every_case_breaks_exactly_the_rules_it_names),
    };

    return run_tests("rules", tests, COUNT(tests));
}
