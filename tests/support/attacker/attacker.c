/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody who means harm: many connections to one port of the loopback, from as many
 * addresses as wanted, in one of the ways of the table below.
 *
 *     attacker [OPTION VALUE]... WAY COUNT PORT
 *
 * COUNT is how many connections are kept up, for ways that keep them, or how many are begun
 * each second. Ends after --seconds, or at SIGTERM, with one line of JSON: what was begun,
 * which handshakes came to an end, what was answered, and its own CPU seconds.
 *
 *     --from N --addresses N   127.0.0.N and the next ones (2, 8)
 *     --seconds N              (10)
 *     --chain FILE --key FILE  the certificate to present, in PEM, leaf first
 *
 * One thread, one epoll(7). TLS is OpenSSL's: nothing of the product is linked.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 4096
#define EVENTS 256
#define TICK_MS 10
#define BURST 1024 /* bytes, or messages, of a flood at one turn */
#define LINE_BYTES 65536
#define HELLO_BODY 500000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct connection {
    int fd; /* 0: free */
    bool shaken;
    SSL *ssl;     /* NULL where only bytes are spoken */
    int64_t next; /* when it acts again, ms */
    size_t sent;
};

/* A way to attack. `act` runs once the connection (with TLS: the handshake) is there, and
 * then each `pause` ms; false ends the connection. */
struct way {
    const char *name;
    bool kept; /* COUNT connections are kept, else COUNT begun each second */
    bool tls;
    int pause; /* 0: once */
    bool (*act)(struct connection *c);
};

static struct {
    uint64_t begun, shaken, answers, refused, closed;
} seen;
static struct {
    int from, addresses, seconds, count, port;
    const char *chain, *key;
} wish = {.from = 2, .addresses = 8, .seconds = 10};
static struct connection connections[CONNECTIONS];
static const struct way *way;
static SSL_CTX *tls;
static int watch;
static unsigned char hello[4096]; /* a ClientHello as it stands on the wire */
static int hello_n;
static volatile sig_atomic_t stop;

static void die(const char *what)
{
    fprintf(stderr, "attacker: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(2);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool goes_on(const struct connection *c, int n)
{
    const int why = SSL_get_error(c->ssl, n);

    return n > 0 || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool say(struct connection *c, const void *bytes, size_t n)
{
    return goes_on(c, SSL_write(c->ssl, bytes, (int)n));
}

static bool drip(struct connection *c)
{
    const size_t at = c->sent++ % (size_t)hello_n;

    return send(c->fd, hello + at, 1, MSG_NOSIGNAL) == 1;
}

static bool stall(struct connection *c)
{
    return send(c->fd, hello, (size_t)hello_n, MSG_NOSIGNAL) == hello_n;
}

static bool ask(struct connection *c)
{
    static const char request[] = "GET /pairgate/v1/migrations/m-none HTTP/1.1\r\n"
                                  "Host: target\r\nConnection: close\r\n\r\n";

    return say(c, request, sizeof(request) - 1);
}

static bool ask_again(struct connection *c)
{
    static const char request[] = "GET /pairgate/v1/migrations/m-none HTTP/1.1\r\n"
                                  "Host: target\r\n\r\n";

    return say(c, request, sizeof(request) - 1);
}

static bool nothing(struct connection *c)
{
    (void)c;
    return true;
}

/* What a TLS 1.2 client would send to begin anew; 1.3 has no such thing. */
static bool hello_again(struct connection *c)
{
    return send(c->fd, hello, (size_t)hello_n, MSG_NOSIGNAL) == hello_n;
}

static bool key_updates(struct connection *c)
{
    for (int i = 0; i < BURST; i++)
        if (SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) != 1 ||
            SSL_do_handshake(c->ssl) != 1)
            return goes_on(c, 0);
    return true;
}

static bool long_line(struct connection *c)
{
    static char line[LINE_BYTES];
    static const char start[] = "GET /pairgate/v1/pairing/hello HTTP/1.1\r\nX-Long: ";

    if (line[0] == '\0') {
        memset(line, 'x', sizeof(line));
        memcpy(line, start, sizeof(start) - 1);
    }
    return say(c, line, sizeof(line));
}

static bool slow_head(struct connection *c)
{
    static const char start[] = "GET / HTTP/1.1\r\nX: ";

    if (c->sent++ == 0)
        return say(c, start, sizeof(start) - 1);
    for (int i = 0; i < 64; i++)
        if (!say(c, "x", 1))
            return false;
    return true;
}

static bool endless_body(struct connection *c)
{
    static char head[256], body[8192];
    const size_t left = c->sent < HELLO_BODY - 1 ? HELLO_BODY - 1 - c->sent : 0;
    const size_t n = left < sizeof(body) ? left : sizeof(body);

    if (c->sent == 0) {
        snprintf(head, sizeof(head),
                 "POST /pairgate/v1/pairing/hello HTTP/1.1\r\nHost: target\r\n"
                 "Content-Length: %d\r\n\r\n",
                 HELLO_BODY);
        memset(body, '[', sizeof(body));
        if (!say(c, head, strlen(head)))
            return false;
    }
    c->sent += n;
    return n == 0 || say(c, body, n);
}

static const struct way ways[] = {
    {"silent", true, false, 0, nothing},
    {"drip", true, false, 1000, drip},
    {"stall", true, false, 0, stall}, /* a whole ClientHello, and not one byte more */
    {"anonymous", false, true, 0, ask},
    {"stranger", false, true, 0, ask},
    {"linger", true, true, 0, nothing}, /* silent once the handshake is done */
    {"nag", true, true, 5, ask_again},
    {"renegotiate", false, true, 0, hello_again},
    {"key-update", true, true, TICK_MS, key_updates},
    {"long-line", false, true, 0, long_line},
    {"slow-head", true, true, TICK_MS, slow_head},
    {"endless-body", true, true, TICK_MS, endless_body},
};

/* ---- connections ---- */

static void leave(struct connection *c)
{
    SSL_free(c->ssl);
    close(c->fd);
    *c = (struct connection){0};
    seen.closed++;
}

/* The table's place tells them apart; addresses take turns. */
static int dial(uint64_t number)
{
    const unsigned host =
        (unsigned)wish.from + (unsigned)(number % (uint64_t)wish.addresses);
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(0x7f000000U + host)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)wish.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0)
        die("bind");
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool begin(void)
{
    struct connection *c = connections;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    int fd;

    while (c < connections + CONNECTIONS && c->fd != 0)
        c++;
    if (c == connections + CONNECTIONS || (fd = dial(seen.begun)) < 0)
        return false;
    *c = (struct connection){.fd = fd};
    if (way->tls) {
        c->ssl = SSL_new(tls);
        if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1)
            die("SSL_new");
        SSL_set_connect_state(c->ssl);
    }
    event.data.ptr = c;
    if (epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
    seen.begun++;
    return true;
}

/* False when nothing more is to be had from it. */
static bool hear(struct connection *c)
{
    char bytes[16384];

    for (;;) {
        const int n = c->ssl != NULL ? SSL_read(c->ssl, bytes, sizeof(bytes))
                                     : (int)recv(c->fd, bytes, sizeof(bytes), 0);

        if (n <= 0)
            return c->ssl != NULL ? goes_on(c, n) : n < 0 && errno == EAGAIN;
        if (c->ssl != NULL && n > 9)
            bytes[9] == '2' ? seen.answers++ : seen.refused++;
    }
}

static bool acts(struct connection *c, int64_t now)
{
    c->next = way->pause > 0 ? now + way->pause : INT64_MAX;
    return way->act(c);
}

static bool shake(struct connection *c)
{
    if (!c->shaken && c->ssl != NULL) {
        const int n = SSL_do_handshake(c->ssl);

        if (n != 1)
            return goes_on(c, n);
        seen.shaken++;
    }
    if (c->shaken)
        return true;
    c->shaken = true;
    return acts(c, now_ms());
}

static void turn(struct connection *c, uint32_t events)
{
    ERR_clear_error();
    if ((events & EPOLLERR) != 0 || !shake(c) || (c->shaken && !hear(c)))
        leave(c);
}

static void tick(int64_t start, int64_t now)
{
    static uint64_t due;
    int64_t up = 0;

    for (struct connection *c = connections; c < connections + CONNECTIONS; c++) {
        if (c->fd != 0 && c->shaken && c->next <= now && !acts(c, now))
            leave(c);
        up += c->fd != 0;
    }
    /* Those that were sent away come again, all of them within a second. */
    due = (uint64_t)((now - start) * wish.count / 1000);
    while ((way->kept ? up < wish.count && seen.begun < due + (uint64_t)wish.count
                      : seen.begun < due) &&
           begin())
        up++;
}

/* ---- what is needed before ---- */

/* The bytes of a ClientHello: OpenSSL writes one for nobody. */
static void hello_make(void)
{
    SSL *ssl = SSL_new(tls);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    if (ssl == NULL || in == NULL || out == NULL)
        die("BIO_new");
    SSL_set_bio(ssl, in, out);
    (void)SSL_connect(ssl);
    hello_n = BIO_read(out, hello, sizeof(hello));
    if (hello_n <= 0)
        die("a ClientHello");
    SSL_free(ssl);
    ERR_clear_error();
}

static void tls_make(void)
{
    tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1)
        die("SSL_CTX_new");
    SSL_CTX_set_security_level(tls, 0);
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (wish.chain != NULL &&
        (SSL_CTX_use_certificate_chain_file(tls, wish.chain) != 1 ||
         SSL_CTX_use_PrivateKey_file(tls, wish.key != NULL ? wish.key : wish.chain,
                                     SSL_FILETYPE_PEM) != 1))
        die(wish.chain);
    hello_make();
}

static void options_read(int argc, char **argv)
{
    static const struct {
        const char *name;
        int *number;
        const char **text;
    } options[] = {
        {"--from", &wish.from, NULL},       {"--addresses", &wish.addresses, NULL},
        {"--seconds", &wish.seconds, NULL}, {"--chain", NULL, &wish.chain},
        {"--key", NULL, &wish.key},
    };
    int i = 1;

    for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
        for (size_t k = 0; k < COUNT(options); k++) {
            if (strcmp(argv[i], options[k].name) != 0)
                continue;
            if (options[k].number != NULL)
                *options[k].number = atoi(argv[i + 1]);
            else
                *options[k].text = argv[i + 1];
        }
    for (size_t k = 0; argc - i == 3 && k < COUNT(ways); k++)
        if (strcmp(argv[i], ways[k].name) == 0)
            way = &ways[k];
    if (way == NULL || wish.addresses < 1) {
        fprintf(stderr, "usage: attacker [OPTION VALUE]... WAY COUNT PORT\n");
        exit(64);
    }
    wish.count = atoi(argv[i + 1]);
    wish.port = atoi(argv[i + 2]);
}

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void tell(int64_t ms)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    printf("{\"way\":\"%s\",\"seconds\":%.1f,\"begun\":%ju,\"shaken\":%ju,\"answers\":%ju,"
           "\"refused\":%ju,\"closed\":%ju,\"cpu\":%.2f}\n",
           way->name, (double)ms / 1000, (uintmax_t)seen.begun, (uintmax_t)seen.shaken,
           (uintmax_t)seen.answers, (uintmax_t)seen.refused, (uintmax_t)seen.closed,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int64_t start, now;

    options_read(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    tls_make();
    watch = epoll_create1(EPOLL_CLOEXEC);
    if (watch < 0)
        die("epoll_create1");
    start = now = now_ms();
    while (!stop && now - start < wish.seconds * 1000L) {
        const int n = epoll_wait(watch, events, EVENTS, TICK_MS / 2);

        for (int i = 0; i < n; i++)
            turn(events[i].data.ptr, events[i].events);
        now = now_ms();
        tick(start, now);
    }
    tell(now - start);
    return 0;
}
