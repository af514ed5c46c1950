/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A network that is slow, cuts, or is gone: relays TCP from a port of its own to another
 * one of the loopback. It delays without limiting the rate, because what waits stands in a
 * queue.
 *
 *     relay [OPTION N]... DIR PORT
 *
 * DIR/port     written when it listens: where
 * DIR/counts   {"up":BYTES,"down":BYTES,"connections":N,"cuts":N}: passed on so far; up is
 *              towards PORT
 * DIR/silent   while it is there nothing passes and nothing is said
 * DIR/down     while it is there connections are reset and refused
 *
 * One thread, one poll(2).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAIRS 256
#define CHUNK_BYTES 65536
#define QUEUE_BYTES (256U << 20) /* of one direction: 100 ms at 2.5 GB/s */
#define TICK_MS 10
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Options: each is off when it is 0. */
static struct {
    uint64_t delay;     /* ms, each way */
    uint64_t cut;       /* each connection is reset after at most twice so many bytes up */
    uint64_t seed;      /* of the cuts */
    uint64_t cut_up;    /* reset the connection that carries this byte up, once */
    uint64_t cut_down;  /* the same of the bytes down */
    uint64_t from;      /* dials from 127.0.0.N */
    uint64_t silent_up; /* make DIR/silent after this byte up, once */
} wish;

/* Read, and not to be passed on before `due`. An empty one is the end of the stream. */
struct chunk {
    struct chunk *next;
    int64_t due;
    size_t n, sent;
    char at[CHUNK_BYTES];
};

struct flow {
    struct chunk *first, *last;
    size_t queued;
    uint64_t passed;
    bool ended; /* nothing more comes in */
    bool shut;  /* the end has been passed on */
};

/* One connection: end[0] is the caller's, end[1] leads to PORT; flow[d] goes from end[d] to
 * end[!d]. */
struct pair {
    bool used;
    bool broken;
    int end[2];
    struct flow flow[2];
    uint64_t cut_at;
};

enum { UP, DOWN };
static struct pair pairs[PAIRS];
static uint64_t passed[2], connections, cuts;
static struct chunk *spare;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t random_below(uint64_t n)
{
    wish.seed ^= wish.seed << 13;
    wish.seed ^= wish.seed >> 7;
    wish.seed ^= wish.seed << 17;
    return wish.seed % n;
}

/* ---- chunks ---- */

static struct chunk *chunk_take(void)
{
    struct chunk *chunk = spare;

    if (chunk != NULL)
        spare = chunk->next;
    else if ((chunk = malloc(sizeof(*chunk))) == NULL)
        die("relay");
    return chunk;
}

static void chunk_drop(struct flow *flow)
{
    struct chunk *chunk = flow->first;

    flow->first = chunk->next;
    flow->queued -= chunk->n;
    chunk->next = spare;
    spare = chunk;
}

static void chunk_add(struct flow *flow, struct chunk *chunk, size_t n)
{
    chunk->next = NULL;
    chunk->due = now_ms() + (int64_t)wish.delay;
    chunk->n = n;
    chunk->sent = 0;
    if (flow->first == NULL)
        flow->first = chunk;
    else
        flow->last->next = chunk;
    flow->last = chunk;
    flow->queued += n;
}

/* ---- pairs ---- */

static void pair_reset(struct pair *pair)
{
    const struct linger hard = {.l_onoff = 1};

    for (int d = UP; d <= DOWN; d++) {
        if (pair->broken)
            setsockopt(pair->end[d], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(pair->end[d]);
        while (pair->flow[d].first != NULL)
            chunk_drop(&pair->flow[d]);
    }
    cuts += pair->broken;
    *pair = (struct pair){0};
}

static void read_in(struct pair *pair, int d)
{
    struct flow *flow = &pair->flow[d];
    struct chunk *chunk = chunk_take();
    const ssize_t n = recv(pair->end[d], chunk->at, CHUNK_BYTES, MSG_DONTWAIT);

    if (n >= 0) {
        chunk_add(flow, chunk, (size_t)n);
        flow->ended = n == 0;
        return;
    }
    chunk->next = spare;
    spare = chunk;
    pair->broken = errno != EAGAIN && errno != EINTR;
}

/* How much may pass before something is to happen in this direction. */
static size_t until_event(int d, size_t n)
{
    const uint64_t at[] = {d == UP ? wish.cut_up : wish.cut_down,
                           d == UP ? wish.silent_up : 0};

    for (size_t i = 0; i < COUNT(at); i++)
        if (at[i] > passed[d] && at[i] - passed[d] < n)
            n = (size_t)(at[i] - passed[d]);
    return n;
}

static void look_for_event(struct pair *pair, int d, uint64_t before)
{
    const uint64_t cut = d == UP ? wish.cut_up : wish.cut_down;

    if ((before < cut && passed[d] >= cut) ||
        (pair->cut_at > 0 && pair->flow[UP].passed >= pair->cut_at))
        pair->broken = true;
    if (d == UP && before < wish.silent_up && passed[d] >= wish.silent_up)
        close(open("silent", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void pass_on(struct pair *pair, int d)
{
    struct flow *flow = &pair->flow[d];
    struct chunk *chunk = flow->first;
    const uint64_t before = passed[d];
    ssize_t n;

    if (chunk->n == 0) {
        flow->shut = true;
        shutdown(pair->end[!d], SHUT_WR);
        chunk_drop(flow);
        return;
    }
    n = send(pair->end[!d], chunk->at + chunk->sent, until_event(d, chunk->n - chunk->sent),
             MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
        pair->broken = errno != EAGAIN && errno != EINTR;
        return;
    }
    chunk->sent += (size_t)n;
    flow->passed += (uint64_t)n;
    passed[d] += (uint64_t)n;
    if (chunk->sent == chunk->n)
        chunk_drop(flow);
    look_for_event(pair, d, before);
}

/* ---- sockets ---- */

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(uint16_t *port)
{
    const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in self = loopback(*port);
    socklen_t n = sizeof(self);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&self, n) != 0 || listen(fd, PAIRS) != 0 ||
        getsockname(fd, (struct sockaddr *)&self, &n) != 0)
        die("relay: listen");
    *port = ntohs(self.sin_port);
    return fd;
}

static struct pair *free_pair(void)
{
    for (size_t i = 0; i < PAIRS; i++)
        if (!pairs[i].used)
            return &pairs[i];
    return NULL;
}

static void take_caller(int listener, uint16_t port)
{
    const struct sockaddr_in there = loopback(port);
    struct sockaddr_in from = loopback(0);
    struct pair *pair = free_pair();
    const int on = 1;

    if (pair == NULL)
        return;
    *pair = (struct pair){.used = true,
                          .cut_at = wish.cut ? 1 + random_below(2 * wish.cut) : 0};
    pair->end[UP] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    pair->end[DOWN] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connections++;
    from.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK - 1 + (uint32_t)(wish.from ? wish.from : 1));
    pair->broken =
        bind(pair->end[DOWN], (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(pair->end[DOWN], (const struct sockaddr *)&there, sizeof(there)) != 0;
    for (int d = UP; d <= DOWN; d++)
        setsockopt(pair->end[d], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* ---- the loop ---- */

static bool is_due(const struct flow *flow, int64_t now)
{
    return flow->first != NULL && flow->first->due <= now;
}

/* What to wait for at one end: its bytes in, and a chance to hand it those that are due. */
static struct pollfd watch(const struct pair *pair, int d, int64_t now)
{
    const struct flow *in = &pair->flow[d];
    short events = 0;

    if (!in->ended && in->queued < QUEUE_BYTES)
        events |= POLLIN;
    if (is_due(&pair->flow[!d], now))
        events |= POLLOUT;
    return (struct pollfd){.fd = pair->used && events != 0 ? pair->end[d] : -1,
                           .events = events};
}

static int next_due_ms(int64_t now)
{
    int64_t wait = TICK_MS;

    for (size_t i = 0; i < PAIRS; i++)
        for (int d = UP; d <= DOWN; d++) {
            const struct chunk *first = pairs[i].flow[d].first;

            if (first != NULL && first->due > now && first->due - now < wait)
                wait = first->due - now;
        }
    return (int)wait;
}

static void serve(struct pair *pair, const struct pollfd polled[2], int64_t now)
{
    for (int d = UP; d <= DOWN && !pair->broken; d++) {
        if (polled[d].revents & (POLLIN | POLLHUP | POLLERR) && !pair->flow[d].ended)
            read_in(pair, d);
        if (!pair->broken && polled[!d].revents & (POLLOUT | POLLERR) &&
            is_due(&pair->flow[d], now))
            pass_on(pair, d);
    }
    if (pair->broken || (pair->flow[UP].shut && pair->flow[DOWN].shut))
        pair_reset(pair);
}

static void relay_once(int listener, uint16_t port)
{
    static struct pollfd polled[PAIRS * 2 + 1]; /* the last one: the listener */
    const int64_t now = now_ms();

    for (size_t i = 0; i < PAIRS; i++)
        for (int d = UP; d <= DOWN; d++)
            polled[2 * i + (size_t)d] = watch(&pairs[i], d, now);
    polled[PAIRS * 2] = (struct pollfd){.fd = listener, .events = POLLIN};
    if (poll(polled, COUNT(polled), next_due_ms(now)) < 0 && errno != EINTR)
        die("relay: poll");
    for (size_t i = 0; i < PAIRS; i++)
        if (pairs[i].used)
            serve(&pairs[i], &polled[2 * i], now_ms());
    if (polled[PAIRS * 2].revents & POLLIN)
        take_caller(listener, port);
}

static void reset_all(void)
{
    for (size_t i = 0; i < PAIRS; i++)
        if (pairs[i].used) {
            pairs[i].broken = true;
            pair_reset(&pairs[i]);
        }
}

static void write_text(const char *name, const char *text)
{
    const int fd = open("new", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) != 0 ||
        rename("new", name) != 0)
        die("relay: write");
}

static void tell_counts(void)
{
    static char told[160];
    static int64_t at;
    char text[sizeof(told)];

    if (now_ms() - at < TICK_MS)
        return;
    at = now_ms();
    snprintf(text, sizeof(text),
             "{\"up\":%ju,\"down\":%ju,\"connections\":%ju,\"cuts\":%ju}\n",
             (uintmax_t)passed[UP], (uintmax_t)passed[DOWN], (uintmax_t)connections,
             (uintmax_t)cuts);
    if (strcmp(text, told) == 0)
        return;
    memcpy(told, text, sizeof(told));
    write_text("counts", text);
}

static bool take_option(const char *name, const char *value)
{
    static const struct {
        const char *name;
        uint64_t *value;
    } options[] = {
        {"--delay", &wish.delay},       {"--cut", &wish.cut},
        {"--seed", &wish.seed},         {"--cut-up", &wish.cut_up},
        {"--cut-down", &wish.cut_down}, {"--silent-up", &wish.silent_up},
        {"--from", &wish.from},
    };

    for (size_t i = 0; i < COUNT(options); i++)
        if (strcmp(name, options[i].name) == 0) {
            *options[i].value = strtoull(value, NULL, 10);
            return true;
        }
    return false;
}

static void run(uint16_t port)
{
    uint16_t own = 0;
    int listener = listen_on(&own);
    char text[8];

    snprintf(text, sizeof(text), "%u\n", own);
    write_text("port", text);
    for (;; tell_counts()) {
        const bool down = access("down", F_OK) == 0;

        if (down && listener >= 0) {
            close(listener);
            listener = -1;
            reset_all();
        } else if (!down && listener < 0) {
            listener = listen_on(&own);
        }
        if (down || access("silent", F_OK) == 0)
            poll(NULL, 0, TICK_MS);
        else
            relay_once(listener, port);
    }
}

int main(int argc, char **argv)
{
    wish.seed = 1;
    while (argc > 4 && take_option(argv[1], argv[2])) {
        argc -= 2;
        argv += 2;
    }
    if (argc != 3 || wish.seed == 0 || chdir(argv[1]) != 0) {
        fprintf(stderr,
                "usage: relay [--delay MS | --cut BYTES | --seed N | --cut-up BYTE |"
                " --cut-down BYTE | --silent-up BYTE]... DIR PORT\n");
        return 64;
    }
    run((uint16_t)strtoul(argv[2], NULL, 10));
}
