/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_pair CHAIN KEY ROOT FILE: one process sends FILE to another over TLS 1.3 on the
 * loopback, with certificates from both sides and OpenSSL on both; the bytes are dropped.
 * What a transfer can cost at least, for scripts/bench.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM (256 * 1024)

static unsigned char room[ROOM];

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "tls_pair: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static SSL *tls_on(int fd, bool is_server, char **files)
{
    SSL_CTX *ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    SSL *ssl;

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx, files[0]) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, files[1], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(ctx, files[2], NULL) != 1)
        stop("the certificates");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        (is_server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
        stop("the handshake");
    return ssl;
}

static void send_all(const struct sockaddr_in *to, char **files)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int file = open(files[3], O_RDONLY);
    ssize_t n;
    SSL *ssl;

    if (file < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
        stop("the file or the connection");
    ssl = tls_on(fd, false, files);
    while ((n = read(file, room, ROOM)) > 0)
        if (SSL_write(ssl, room, (int)n) != n)
            stop("writing");
    SSL_shutdown(ssl);
    (void)SSL_read(ssl, room, ROOM); /* the other side's end: everything has arrived */
}

static void receive_all(int listening, char **files)
{
    SSL *ssl = tls_on(accept(listening, NULL, NULL), true, files);

    while (SSL_read(ssl, room, ROOM) > 0)
        continue;
    SSL_shutdown(ssl);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    int status = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (argc != 5 || bind(listening, (struct sockaddr *)&at, n) != 0 ||
        listen(listening, 1) != 0 ||
        getsockname(listening, (struct sockaddr *)&at, &n) != 0)
        stop("usage: tls_pair CHAIN KEY ROOT FILE");
    if (fork() == 0) {
        send_all(&at, argv + 1);
        return 0;
    }
    receive_all(listening, argv + 1);
    return wait(&status) > 0 && status == 0 ? 0 : 1;
}
