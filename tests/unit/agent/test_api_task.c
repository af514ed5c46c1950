/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The task is this program, run again: main says what it was given. */
#include "agent/api_task.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct api_words words_of(const char *a, const char *b)
{
    struct api_words words = {0};
    const char *const texts[] = {a, b};

    for (size_t i = 0; i < COUNT(texts) && texts[i] != NULL; i++) {
        words.word[i] = mem_zeroed(strlen(texts[i]) + 1, 1);
        (void)text_copy(words.word[words.n++], strlen(texts[i]) + 1, texts[i]);
    }
    return words;
}

static void start(struct api_task *task, const char *command, struct api_words *words,
                  unsigned seconds)
{
    struct error err = {0};

    CU_ASSERT_FATAL(api_task_start(task,
                                   &(struct api_order){.command = command,
                                                       .words = words,
                                                       .state = "/state",
                                                       .output = -1,
                                                       .seconds = seconds},
                                   &err));
}

static void wait_until_ended(struct api_task *task)
{
    while (!api_task_has_ended(task))
        (void)!poll(NULL, 0, 5);
}

static void it_gets_its_words_and_its_print_is_read(void)
{
    scoped(api_words_clear) struct api_words words = words_of("--cn=a b", "--");
    scoped(api_task_clear) struct api_task task = {0};
    scoped(buf_clear) struct buf out = buf_upto(4096);
    struct error err = {0};

    start(&task, "request new", &words, 20);
    wait_until_ended(&task);
    CU_ASSERT_EQUAL(task.status, 7);
    CU_ASSERT(api_task_read(&task, &out, &err));
    CU_ASSERT(span_equal(buf_span(&out),
                         span_text("pairgate|request|new|--json|--state=/state|--cn=a b|--|"
                                   "no input|no terminal|2 open|")));
}

static void what_takes_too_long_is_ended(void)
{
    scoped(api_words_clear) struct api_words words = words_of(NULL, NULL);
    scoped(api_task_clear) struct api_task task = {0};

    start(&task, "sleep", &words, 1);
    wait_until_ended(&task);
    CU_ASSERT(task.late);
    CU_ASSERT_EQUAL(task.status, 128 + SIGKILL);
}

static void what_is_cleared_runs_no_more(void)
{
    scoped(api_words_clear) struct api_words words = words_of(NULL, NULL);
    struct api_task task = {0};
    pid_t pid;

    start(&task, "sleep", &words, 20);
    pid = task.pid;
    api_task_clear(&task);
    CU_ASSERT(kill(pid, 0) != 0 && errno == ESRCH);
}

/* Standard input at its end, no terminal, and of descriptors the three alone. */
static void show_surroundings(void)
{
    char byte;
    int n = 0;

    printf("%s|", read(STDIN_FILENO, &byte, 1) == 0 ? "no input" : "input");
    printf("%s|", open("/dev/tty", O_RDWR) < 0 ? "no terminal" : "terminal");
    for (int fd = 1; fd < 1000; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    printf("%d open|", n);
}

static int be_the_task(int argc, char **argv)
{
    if (text_equal(argv[1], "sleep"))
        for (;;)
            pause();
    for (int i = 0; i < argc; i++)
        printf("%s|", argv[i]);
    show_surroundings();
    fflush(stdout);
    _exit(7);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(it_gets_its_words_and_its_print_is_read),
        TEST(what_takes_too_long_is_ended),
        TEST(what_is_cleared_runs_no_more),
    };

    if (argc > 1)
        return be_the_task(argc, argv);
    return run_tests("api_task", tests, COUNT(tests));
}
