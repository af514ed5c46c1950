/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pairgate: finds the command in the tables, runs it, tells a failure once. */
#include "agent/command.h"
#include "agent/narrow.h"
#include "agent/remote.h"
#include "agent/view_json.h"
#include "agent/view_text.h"
#include "base/text.h"
#include "certs/wolf.h"
#include "pairing/json.h"
#include "transfer/put.h"

#include <errno.h>
#include <fcntl.h>
#include <pairgate_deps.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_WORDS 64
#define ALIKE_MIN 3 /* characters, for a guess at what was meant */

/* The row whose name is the first one or two words; *words says how many. */
static const struct command *find_command(int argc, char **argv, int *words)
{
    const struct command *row;
    char name[NAME_MAX_WORDS];

    for (*words = 2; *words > 0; --*words) {
        if (argc < *words)
            continue;
        snprintf(name, sizeof(name), *words == 2 ? "%s %s" : "%s", argv[0],
                 argc > 1 ? argv[1] : "");
        row = command_find(name);
        if (row != NULL)
            return row;
    }
    return NULL;
}

static void print_row(FILE *to, const struct command *row)
{
    fprintf(to, "  pairgate %s%s%s\n      %s\n", row->name,
            row->operands[0] != '\0' ? " " : "", row->operands, row->purpose);
}

/* All commands, or those whose name starts with `about`. */
static bool print_help(const char *about)
{
    size_t shown = 0;

    for (size_t t = 0; command_tables[t] != NULL; t++) {
        for (const struct command *row = command_tables[t]; row->name != NULL; row++) {
            if (!text_starts(row->name, about))
                continue;
            print_row(stdout, row);
            shown++;
        }
    }
    if (shown > 0 && about[0] == '\0')
        printf("\nEverywhere: --state DIR (or PAIRGATE_STATE; default %s) and --json.\n"
               "On another appliance: pairgate --remote https://HOST[:PORT] --user NAME"
               " [--ca FILE | --pin SHA256] COMMAND\n"
               "Exit status: 0 done or accepted, 1 refused, 2 could not, 64 wrong usage.\n",
               STATE_DIR_DEFAULT);
    return shown > 0;
}

/* How many characters two names begin with alike. */
static size_t alike(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

static int tell_failure(const struct error *err, bool json)
{
    if (json)
        view_json_failure(stdout, err);
    else
        view_text_failure(stderr, err);
    return error_exit_status(err);
}

static bool has_json_flag(int argc, char **argv)
{
    for (int i = 0; i < argc && !text_equal(argv[i], "--"); i++)
        if (text_equal(argv[i], "--json"))
            return true;
    return false;
}

static int no_such_command(const char *about, bool json)
{
    const struct command *nearest = NULL;
    struct error err = {0};
    size_t most = ALIKE_MIN - 1;

    for (size_t t = 0; command_tables[t] != NULL; t++) {
        for (const struct command *row = command_tables[t]; row->name != NULL; row++) {
            if (alike(row->name, about) > most) {
                most = alike(row->name, about);
                nearest = row;
            }
        }
    }
    (void)fail(&err, E_USAGE, "there is no command '%s'%s%s%s", about,
               nearest != NULL ? "; is `pairgate " : "",
               nearest != NULL ? nearest->name : "", nearest != NULL ? "` meant?" : "");
    return tell_failure(&err, json);
}

/* The first one or two words as a command is named. */
static void name_of(char out[NAME_MAX_WORDS], int argc, char **argv)
{
    out[0] = '\0';
    for (int i = 0; i < argc && i < 2 && argv[i][0] != '-'; i++)
        snprintf(out + strlen(out), NAME_MAX_WORDS - strlen(out), "%s%s", i > 0 ? " " : "",
                 argv[i]);
}

static int help(int argc, char **argv)
{
    int words = 0;
    const struct command *row = find_command(argc, argv, &words);
    char about[NAME_MAX_WORDS];

    if (row != NULL) {
        print_row(stdout, row);
        return 0;
    }
    name_of(about, argc, argv);
    return print_help(about) ? 0 : no_such_command(about, has_json_flag(argc, argv));
}

/* With the last word; behind "--" it is an operand. */
static bool asks_for_help(int argc, char **argv)
{
    const char *last = argv[argc - 1];

    for (int i = 0; i < argc - 1; i++)
        if (text_equal(argv[i], "--"))
            return false;
    return text_equal(last, "--help") || text_equal(last, "-h");
}

static const char *state_dir(void)
{
    const char *from_environment = getenv("PAIRGATE_STATE");

    return from_environment != NULL && from_environment[0] != '\0' ? from_environment
                                                                   : STATE_DIR_DEFAULT;
}

static bool call_prepare(struct call *call, int argc, char **argv, struct error *err)
{
    call->now = time(NULL);
    call->state_dir = state_dir();
    call->columns = narrow_ask(STDOUT_FILENO);
    if (!args_read(&call->args, argc, argv, err))
        return false;
    call->json = args_flag(&call->args, "--json");
    return args_value(&call->args, "--state", &call->state_dir, err);
}

/* Whoever asks for memory that is not there, the process ends with status 2. */
static bool take_libraries(struct error *err)
{
    db_use_mem();
    wolf_use_mem();
    json_use_mem();
    return put_use_mem(err);
}

static int run(const struct command *row, int argc, char **argv)
{
    struct call call = {0};
    struct error err = {0};
    int status = 0;

    if (take_libraries(&err) && call_prepare(&call, argc, argv, &err))
        status = row->run(&call, &err);
    if (err.msg == E_NONE)
        return status;
    status = tell_failure(&err, call.json);
    if (message_of(err.msg)->kind == USAGE && !call.json)
        print_row(stderr, row);
    return status;
}

/* SQLite maps the index of its log, and a file system that copies what is changed (btrfs)
 * may have no room for a page of that: then nothing else is told to us than this. */
static void at_bus_error(int signal)
{
    static const char words[] =
        "pairgate: PGB1804: The state directory cannot be written: no space, no quota or a "
        "failing disk. Mend that, then run it again: an unfinished migration resumes.\n";

    (void)signal;
    (void)!write(STDERR_FILENO, words, sizeof(words) - 1);
    _exit(2);
}

/* A standard stream that is closed is taken by nothing, so that no file of ours gets its
 * number: to write there fails as on a closed one, to read from there finds the end. */
static void hold_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Whoever reads from us has gone, as head(1) goes: no loss. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* What was printed is there, or the command was not done. */
static int all_told(int status)
{
    struct error err = {0};
    const bool failed = ferror(stdout) != 0;
    const bool flushed = fflush(stdout) == 0;

    if ((!failed && flushed) || reader_has_gone())
        return status;
    (void)fail(&err, E_FILE_WRITE, "standard output%s%s: what was printed is not all there",
               flushed ? "" : ": ", flushed ? "" : strerror(errno));
    view_text_failure(stderr, &err);
    return error_exit_status(&err);
}

/* No core dumps (a key is in memory), no key log of ours, no signal for a closed peer; and
 * the end of a child is heard of, whatever whoever started us had ignored. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    const struct sigaction bus = {.sa_handler = at_bus_error};

    setrlimit(RLIMIT_CORE, &none);
    unsetenv("SSLKEYLOGFILE");
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGBUS, &bus, NULL);
    signal(SIGCHLD, SIG_DFL);
    umask(077);
}

/* Words of the options that every command has, where they stand before its name. */
static int leading_options(int argc, char **argv)
{
    int n = 0;

    for (;;) {
        if (n < argc && text_equal(argv[n], "--json"))
            n += 1;
        else if (n + 1 < argc && text_equal(argv[n], "--state"))
            n += 2;
        else
            return n;
    }
}

static void reverse(char **words, int n)
{
    for (int i = 0; i < n / 2; i++) {
        char *word = words[i];

        words[i] = words[n - 1 - i];
        words[n - 1 - i] = word;
    }
}

/* Behind the others, where a command looks for its options. */
static void move_behind(char **words, int n, int first)
{
    reverse(words, first);
    reverse(words + first, n - first);
    reverse(words, n);
}

/* On another appliance, when --remote stands before the command; *status is its end. */
static bool ran_elsewhere(int *status, int argc, char **argv)
{
    struct remote remote = {.state = state_dir()};
    struct error err = {0};
    int n = 0;

    if (!remote_options(&remote, &n, argc, argv, &err))
        *status = error_exit_status(&err);
    else if (remote.url == NULL)
        return false;
    else
        *status = remote_run(&remote, argc - n, argv + n, &err);
    if (err.msg != E_NONE) {
        view_text_failure(stderr, &err);
        *status = error_exit_status(&err);
    }
    return true;
}

static int obey(int argc, char **argv)
{
    const struct command *row;
    char name[NAME_MAX_WORDS];
    int words = 0, status = 0;

    if (ran_elsewhere(&status, argc, argv))
        return status;
    move_behind(argv, argc, leading_options(argc, argv));
    if (argc == 0 || text_equal(argv[0], "help"))
        return help(argc > 0 ? argc - 1 : 0, argv + (argc > 0));
    if (asks_for_help(argc, argv)) /* of a command, a group of them, or all */
        return help(argc - 1, argv);
    if (text_equal(argv[0], "--version")) {
        printf("pairgate %s\n%s\n", PAIRGATE_VERSION, PAIRGATE_DEPS_VERSIONS);
        return 0;
    }
    row = find_command(argc, argv, &words);
    if (row == NULL) {
        name_of(name, argc, argv);
        return no_such_command(name, has_json_flag(argc, argv));
    }
    return run(row, argc - words, argv + words);
}

int main(int argc, char **argv)
{
    hold_streams();
    harden();
    return all_told(obey(argc - 1, argv + 1));
}
